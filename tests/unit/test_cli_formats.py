"""Results in other formats on the command line: the engine's own frames, with sound and record."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from syncedit_demo.media.image_file import write_png
from tests.support.clips import edited_scene, write_scene
from tests.support.command_line import SMALL, fail, succeed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clip = write_scene(tmp_path / "clip.mp4", 6, sound=True)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return tmp_path


def test_frames_are_the_engine_s_own_to_the_bit_and_a_record_repeats_in_any_format(folder: Path) -> None:
    clip, edited, both = folder / "clip.mp4", folder / "edited.png", folder / "both.mp4"
    said = succeed("edit", clip, edited, folder / "out.mkv", *SMALL, "--side-by-side", both)
    assert "Sync:" in said
    record = json.loads((folder / "out.record.json").read_text(encoding="utf-8"))
    assert (record["format"], record["report"]["verdict"]) == ("ffv1", "in sync")
    with av.open(str(folder / "out.mkv")) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["ffv1", "flac"]
        frames = [frame.to_ndarray(format="rgb24").tobytes() for frame in made.decode(video=0)]
    assert hashlib.sha256(b"".join(frames)).hexdigest() == record["frames_sha256"]
    with av.open(str(both)) as made:
        assert len(made.streams.audio) == 1
    # The record is inside, too, and leads to the same frames in another format.
    said = succeed("edit", "--from-record", folder / "out.mkv", folder / "again.zip")
    assert "The frames are identical to the record's." in said
    with zipfile.ZipFile(folder / "again.zip") as file:
        pictures = [file.read(name) for name in file.namelist() if name.endswith(".png")]
        assert json.loads(file.read("record.json"))["format"] == "png"
    assert [np.asarray(Image.open(io.BytesIO(each))).tobytes() for each in pictures] == frames
    assert "As PNG frames the result is silent." in (folder / "again.record.json").read_text(encoding="utf-8")
    # Where nothing else is asked for, it is the record's own format.
    succeed("edit", "--from-record", folder / "again.record.json", folder / "third.zip")
    assert (folder / "third.zip").stat().st_size == pytest.approx((folder / "again.zip").stat().st_size, rel=0.01)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_name_that_does_not_fit_the_format_is_refused(folder: Path) -> None:
    inputs = folder / "clip.mp4", folder / "edited.png"
    before = set(folder.iterdir())
    assert "must end in .gif" in fail("edit", *inputs, folder / "out.mp4", *SMALL, "--format", "gif")
    assert "invalid choice: 'avi'" in fail("edit", *inputs, folder / "out.avi", "--format", "avi")
    long = write_scene(folder / "long.mp4", 16, rate=Fraction(1))
    said = fail("edit", long, inputs[1], folder / "out.gif", *SMALL)
    assert "GIF is for up to 10 s and this is 16.0 s: take at most 10 frames, or another format." in said
    assert set(folder.iterdir()) == before | {long}
