"""The table of what becomes of a folder of files, from a folder with one of each kind."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from benchmarks.corpus import Row, differences, main
from tests.support.clips import write_scene

if TYPE_CHECKING:
    from pathlib import Path


def lines(output: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split(maxsplit=5) for line in output.splitlines() if line.strip()}


def let_ffprobe_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, size: tuple[int, int], average: str, rate: str, **counts: int
) -> None:
    """Another program's word, as it has it, of whatever file."""
    told = {"codec_type": "video", "width": size[0], "height": size[1], "avg_frame_rate": average, "r_frame_rate": rate}
    told |= {f"nb_read_{kind}": str(count) for kind, count in counts.items()}
    ffprobe = folder / "tools" / "ffprobe"
    ffprobe.parent.mkdir()
    ffprobe.write_text(f"#!/bin/sh\necho '{json.dumps({'streams': [told]})}'\n")
    ffprobe.chmod(0o755)
    monkeypatch.setenv("PATH", str(ffprobe.parent), prepend=":")


def test_every_file_has_a_line_and_what_ffprobe_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    (folder / "deeper").mkdir(parents=True)
    write_scene(folder / "deeper" / "scene.mp4", 6)
    (folder / "words.mp4").write_text("not a clip\n" * 20)
    let_ffprobe_say(tmp_path, monkeypatch, size=(320, 256), average="50/1", rate="100/1", packets=6, frames=7)
    assert main([str(folder), "--frames", "2"]) == 0
    found = lines(capsys.readouterr().out)
    assert found["deeper/scene.mp4"] == ["deeper/scene.mp4", "ok", "6", "25", "320x256", "[7 frames, 50.000 fps]"]
    assert found["words.mp4"][:2] == ["words.mp4", "sentence"]
    assert "1 ok, 1 sentence, 0 fault" in " ".join(found["1"])


@pytest.mark.parametrize(("limit", "words"), [("--seconds", "took longer"), ("--gigabytes", "ended with")])
def test_a_limit_that_is_reached_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str, words: str
) -> None:
    write_scene(tmp_path / "scene.mp4", 6)
    assert main([str(tmp_path), limit, "0.1"]) == 1
    found = lines(capsys.readouterr().out)
    assert found["scene.mp4"][1] == "fault"
    assert words in " ".join(found["scene.mp4"])


@pytest.mark.parametrize("average", ["25/1", "107/4"])
def test_packets_of_fields_and_a_guessed_average_are_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, average: str
) -> None:
    let_ffprobe_say(tmp_path, monkeypatch, size=(160, 192), average=average, rate="25/1", packets=16, frames=8)
    found = Row("fields.h264", "ok", 8, "25", "160x192")
    assert differences(found, tmp_path) == ""
    assert differences(replace(found, rate="50"), tmp_path) == f"{float(Fraction(average)):.3f} fps"
