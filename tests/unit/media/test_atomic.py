"""A target that cannot be written is refused, in words, before there is work to lose."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncedit_demo.errors import OutputError
from syncedit_demo.media.atomic import check_target, staging


def test_a_target_that_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"clip")
    (tmp_path / "folder.mp4").mkdir()
    for target, reason in [
        (tmp_path / "out.avi", "must end in .mp4"),
        (tmp_path / "folder.mp4", "is a folder"),
        (tmp_path / "missing" / "out.mp4", "does not exist"),
        (Path("/sys/out.mp4"), "the folder (is|does not exist)"),
        (clip, "one of the inputs"),
        (tmp_path / ("long" * 100 + ".mp4"), "its name is too long"),
    ]:
        with pytest.raises(OutputError, match=reason):
            check_target(target, ".mp4", (clip,))
    check_target(tmp_path / "out.MP4", ".mp4", (clip,))


def test_a_missing_folder_is_said_when_it_goes_away_later(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"), staging(tmp_path / "gone" / "out.mp4"):
        pytest.fail("there is no folder to write to")
