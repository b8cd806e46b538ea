"""The table of what becomes of a folder of files, from a folder with one of each kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.corpus import main
from tests.support.clips import write_scene

if TYPE_CHECKING:
    from pathlib import Path


def lines(output: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split(maxsplit=5) for line in output.splitlines() if line.strip()}


def test_every_file_has_a_line_and_what_ffprobe_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, tools = tmp_path / "files", tmp_path / "tools"
    (folder / "deeper").mkdir(parents=True)
    tools.mkdir()
    write_scene(folder / "deeper" / "scene.mp4", 6)
    (folder / "words.mp4").write_text("not a clip\n" * 20)
    # Another program's word, as it has it.
    told = {"codec_type": "video", "width": 320, "height": 256, "avg_frame_rate": "50/1", "nb_read_packets": "7"}
    ffprobe = tools / "ffprobe"
    ffprobe.write_text(f"#!/bin/sh\necho '{json.dumps({'streams': [told]})}'\n")
    ffprobe.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    assert main([str(folder), "--frames", "2"]) == 0
    found = lines(capsys.readouterr().out)
    assert found["deeper/scene.mp4"] == ["deeper/scene.mp4", "ok", "6", "25", "320x256", "[7 packets, 50.000 fps]"]
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
