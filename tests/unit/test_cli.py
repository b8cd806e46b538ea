"""The command line as a person or a script uses it, on real files."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import av
import cv2
import numpy as np
import pytest

from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import read_frames
from tests.support.clips import edited_scene, scene, write_scene
from tests.support.command_line import SMALL, fail, run, start, succeed
from tests.support.limits import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

NTSC_30 = Fraction(30000, 1001)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "clip.mp4", rate=NTSC_30, sound=True)


@pytest.fixture
def edited(clip: Path, tmp_path: Path) -> Path:
    path = tmp_path / "edited.png"
    write_png(edited_scene(clip), path)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_inspect_prints_clip_and_plan_as_json(clip: Path) -> None:
    answer = json.loads(succeed("inspect", clip, "--json", "--start", 2, "--frames", 9))
    plan = answer["plan"]
    assert set(plan) == {
        "width",
        "height",
        "frames",
        "padded_frames",
        "start",
        "frame_rate",
        "crop",
        "notes",
        "better_start",
    }
    assert (plan["frames"], plan["padded_frames"], plan["start"]) == (9, 9, 2)
    assert plan["frame_rate"] == "30000/1001"
    assert plan["crop"] == [0, 0, 320, 256]
    assert answer["clip"]["frames"] == 12
    assert answer["clip"]["average_rate"] == "30000/1001"


def test_inspect_speaks_to_people_too(clip: Path) -> None:
    text = succeed("inspect", clip)
    assert "320×256, 29.97 fps, 12 frames" in text
    assert "16 frames" not in text


def test_a_clip_that_was_cut_off_is_said_to_be_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write_scene(tmp_path / "whole.mp4", frames=60).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 7 // 10])
    told = succeed("inspect", tmp_path / "cut.mp4")
    assert "- The file ends early" in told
    assert not caplog.records


def test_one_frame_is_not_several(clip: Path) -> None:
    told = succeed("inspect", clip, "--start", "1", "--frames", "1")
    assert "29.97 fps, 1 frame\n" in told
    assert "The first 1 frame of the clip is left out" in told


def test_the_first_frame_is_what_the_engine_sees(clip: Path, tmp_path: Path) -> None:
    succeed("first-frame", clip, tmp_path / "first.png", *SMALL)
    succeed("edit", clip, tmp_path / "first.png", tmp_path / "same.mp4", *SMALL)
    notes = json.loads((tmp_path / "same.record.json").read_text(encoding="utf-8"))["notes"]
    assert any("Nothing was edited" in note for note in notes)


def test_an_edit_has_the_frames_the_rate_and_the_sound_of_the_clip(clip: Path, edited: Path, tmp_path: Path) -> None:
    out = succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--side-by-side", tmp_path / "both.mp4")
    assert "draft" in out.lower()
    with av.open(str(tmp_path / "out.mp4")) as made:
        stream = made.streams.video[0]
        assert (stream.frames, stream.average_rate) == (12, NTSC_30)
        assert (stream.width, stream.height) == (320, 256)
        assert len(made.streams.audio) == 1
    first, *_, last = read_frames(tmp_path / "out.mp4")
    assert np.abs(first.astype(int) - edited_scene(clip)).mean() < 3
    square = last[90, 40 + 3 * 11 + 8].astype(int)
    assert np.abs(square - (35, 170, 60)).max() < 25, "the square has moved and stayed green"
    with av.open(str(tmp_path / "both.mp4")) as both:
        assert (both.streams.video[0].frames, both.streams.video[0].width) == (12, 640)
    assert {"out.mp4", "out.record.json", "both.mp4"} <= names(tmp_path)


def test_an_edit_says_how_well_it_keeps_time(clip: Path, edited: Path, tmp_path: Path) -> None:
    succeed("first-frame", clip, edited, *SMALL, "--start", 2)
    out = succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--start", 2)
    assert "Sync: in sync" in out
    report = json.loads((tmp_path / "out.record.json").read_text(encoding="utf-8"))["report"]
    assert (report["verdict"], report["offset_frames"], len(report["curves"]["offset"])) == ("in sync", 0, 10)
    assert report["first_frame_psnr"] > 30
    again = json.loads(succeed("report", clip, tmp_path / "out.mp4", "--json"))
    assert again == report, "the clip's start and the edited frame are found by the record in the mp4"
    edited.unlink()
    assert json.loads(succeed("report", clip, tmp_path / "out.mp4", "--json"))["first_frame_psnr"] is None


def test_how_long_a_phase_takes_is_not_told_from_its_first_step(clip: Path, edited: Path, tmp_path: Path) -> None:
    told = run("edit", clip, edited, tmp_path / "out.mp4", "--frames", 9, *SMALL).err.splitlines()
    first, second = (line for line in told if line.startswith(("Following the motion: 1", "Following the motion: 2")))
    assert first == "Following the motion: 1 of 9"
    assert re.fullmatch(r"Following the motion: 2 of 9, about \d+ (s|min) left", second)


def test_the_sound_can_be_left_out(clip: Path, edited: Path, tmp_path: Path) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--no-audio")
    with av.open(str(tmp_path / "out.mp4")) as made:
        assert not made.streams.audio


@pytest.mark.parametrize("record", ["out.record.json", "out.mp4"])
def test_a_record_makes_the_same_video_again(clip: Path, edited: Path, tmp_path: Path, record: str) -> None:
    write_png(edited_scene(clip, start=2), edited)
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--start", 2, "--frames", 6)
    out = succeed("edit", "--from-record", tmp_path / record, tmp_path / "again.mp4", cwd=tmp_path)
    assert "identical" in out
    pairs = zip(read_frames(tmp_path / "out.mp4"), read_frames(tmp_path / "again.mp4"), strict=True)
    assert all((one == other).all() for one, other in pairs)


def test_why_a_record_gives_other_frames_is_said(clip: Path, edited: Path, tmp_path: Path) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--frames", 2)
    record = tmp_path / "out.record.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    told["frames_sha256"] = "0" * 64
    told["engine"]["versions"]["opencv"] = "4.9"
    record.write_text(json.dumps(told), encoding="utf-8")
    out = succeed("edit", "--from-record", record, tmp_path / "again.mp4")
    assert f"The frames differ from the record's, which was made with opencv 4.9 (now {cv2.__version__})." in out


def test_a_result_names_no_folder_of_the_machine_that_made_it(clip: Path, edited: Path, tmp_path: Path) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--frames", 2)
    for name in ("out.mp4", "out.record.json"):
        assert str(tmp_path).encode() not in (tmp_path / name).read_bytes()


def test_a_result_does_not_name_the_home_folder_that_its_inputs_came_from(
    clip: Path, edited: Path, tmp_path: Path
) -> None:
    home, out, given = tmp_path / "home" / "alice", tmp_path / "out", tmp_path / "given"
    for folder in (home, out, given):
        folder.mkdir(parents=True)
    variables = {"HOME": str(home)}
    clip, edited = clip.rename(home / "clip.mp4"), edited.rename(home / "edited.png")
    succeed("edit", clip, edited, out / "out.mp4", *SMALL, "--frames", 2, variables=variables)
    assert b"alice" not in (out / "out.mp4").read_bytes()
    record = json.loads((out / "out.record.json").read_text(encoding="utf-8"))
    assert [record[file]["path"] for file in ("clip_file", "edited_file")] == ["~/clip.mp4", "~/edited.png"]
    for name in ("out.mp4", "out.record.json"):
        # Whoever made it has the inputs at home; whoever is given it has another home.
        again = out / name
        again.rename(given / name)
        succeed("edit", "--from-record", given / name, given / "again.mp4", variables=variables)
        assert "beside the record" in fail("edit", "--from-record", given / name, given / "again.mp4")
    for file in (clip, edited):
        file.rename(given / file.name)
    assert "identical" in succeed("edit", "--from-record", given / "out.mp4", given / "again.mp4")


def test_records_that_name_their_inputs_by_absolute_path_are_still_read(
    clip: Path, edited: Path, tmp_path: Path
) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--frames", 2)
    record = json.loads((tmp_path / "out.record.json").read_text(encoding="utf-8"))
    record["clip_file"]["path"], record["edited_file"]["path"] = str(clip), str(edited)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old.record.json").write_text(json.dumps(record), encoding="utf-8")
    out = succeed("edit", "--from-record", elsewhere / "old.record.json", elsewhere / "again.mp4")
    assert "identical" in out


def test_a_record_finds_its_inputs_beside_it_and_sees_when_they_changed(
    clip: Path, edited: Path, tmp_path: Path
) -> None:
    succeed("edit", clip, edited, tmp_path / "out.mp4", *SMALL, "--frames", 2)
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (clip, edited, tmp_path / "out.mp4"):
        path.rename(moved / path.name)
    succeed("edit", "--from-record", moved / "out.mp4", moved / "again.mp4")
    write_png(scene(0), moved / "edited.png")
    assert "has changed" in fail("edit", "--from-record", moved / "out.mp4", moved / "third.mp4")
    (moved / "edited.png").unlink()
    assert "is gone" in fail("edit", "--from-record", moved / "out.mp4", moved / "third.mp4")
    assert "no run record" in fail("edit", "--from-record", moved / "clip.mp4", moved / "third.mp4")


def test_an_engine_asked_for_by_name_is_never_replaced(clip: Path, edited: Path, tmp_path: Path) -> None:
    nowhere = {"SYNCEDIT_PREPARED": str(tmp_path / "nothing")}
    sentence = fail("edit", clip, edited, tmp_path / "out.mp4", "--engine", "sync-lora", variables=nowhere)
    assert "prepare" in sentence or "requirements.txt" in sentence
    assert not (tmp_path / "out.mp4").exists()


def test_doctor_says_what_this_machine_can_run() -> None:
    answer = json.loads(succeed("doctor", "--json"))
    assert answer["engines"]["draft"] == "ready"
    assert {
        "program",
        "python",
        "packages",
        "processor",
        "memory",
        "gpu",
        "engines",
        "sync-lora",
        "faces",
        "ffmpeg",
        "disk",
    } == set(answer)
    assert "not needed" in succeed("doctor")


@pytest.mark.parametrize("name", ["-clip.mp4", "a b 'c' \"d\".mp4", "日本語 é.mp4", "100%d.mp4", "concat:a|b.mp4"])
def test_any_file_name_will_do(tmp_path: Path, clip: Path, edited: Path, name: str) -> None:
    clip.rename(tmp_path / name)
    succeed("edit", *SMALL, "--frames", 2, "--", name, edited, f"result {name}", cwd=tmp_path)
    assert f"result {name}" in names(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["edit", "{clip}", "{edited}"], "takes CLIP EDITED OUT.mp4"),
        (["edit", "{clip}", "{edited}", "{tmp}/missing/out.mp4"], "does not exist"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.avi"], "must end in .mp4"),
        (["edit", "{clip}", "{edited}", "{clip}"], "one of the inputs"),
        (["edit", "{clip}", "{clip}", "{tmp}/out.mp4"], "clip.mp4"),
        (["edit", "{clip}", "{edited}", "{tmp}/o.mp4", "--side-by-side", "{tmp}/../{name}/o.mp4"], "result goes there"),
        (["edit", "{tmp}/none.mp4", "{edited}", "{tmp}/out.mp4"], "none.mp4"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.mp4", "--size", "big"], "A size is written like 1024x768"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.mp4", "--frames", "many"], "invalid int value"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.mp4", "--rate", "fast"], "A frame rate is a number"),
        (["edit", "--from-record", "{clip}", "{tmp}/out.mp4", "--seed", "3"], "everything is in the record"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.mp4", "--engine", "draft", "--variants", "3"], "from every seed"),
        (["edit", "{clip}", "{edited}", "{tmp}/out.mp4", "--variants", "0"], "Ask for 1 to 16"),
        (["edit", "--from-record", "{clip}", "{tmp}/out.mp4", "--variants", "3"], "everything is in the record"),
        (["edit", "--from-record", "{tmp}/none.json", "{tmp}/out.mp4"], "cannot be read"),
        (["first-frame", "{clip}", "{tmp}/first.jpg"], "must end in .png"),
        (["inspect", "{edited}"], "edited.png"),
        (["inspect", "{clip}", "--start", "12"], "start at 0 to 11"),
        (["paint", "{clip}"], "invalid choice"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    clip: Path, edited: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    before = names(tmp_path)
    places = {"clip": clip, "edited": edited, "tmp": tmp_path, "name": tmp_path.name}
    assert said in fail(*(each.format_map(places) for each in arguments))
    assert names(tmp_path) == before


def test_a_setting_that_cannot_be_is_named(clip: Path) -> None:
    assert "SYNCEDIT_MAX_FRAMES" in fail("inspect", clip, variables={"SYNCEDIT_MAX_FRAMES": "none"})


def stderr_until(stream: IO[str], text: str) -> Iterator[str]:
    for line in stream:
        yield line
        if text in line:
            return


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("60 frames, 320×256", signal.SIGINT),
        ("of 60, about", signal.SIGTERM),
        ("motion: 0 of 1", signal.SIGINT),
        pytest.param("motion: 0 of 1", signal.SIGTERM, marks=pytest.mark.thorough),
        ("side-by-side video: 6", signal.SIGINT),
    ],
)
def test_a_stop_in_any_phase_leaves_nothing_half_written(tmp_path: Path, phase: str, number: signal.Signals) -> None:
    clip = write_scene(tmp_path / "clip.mp4", frames=60)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    before = names(tmp_path)
    out, both = tmp_path / "out.mp4", tmp_path / "both.mp4"
    with start("edit", clip, tmp_path / "edited.png", out, "--side-by-side", both, *SMALL) as process:
        assert process.stderr is not None
        seen = list(stderr_until(process.stderr, phase))
        assert phase in seen[-1], seen
        process.send_signal(number)
        said, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    # A result that was whole before the stop stays; nothing else does.
    is_whole = phase in {"motion: 0 of 1", "side-by-side video: 6"}
    finished = {"out.mp4", "out.record.json"} if is_whole else set[str]()
    assert names(tmp_path) == before | finished
    assert ("Sync: not compared." in said) == (phase == "motion: 0 of 1")
    assert "Traceback" not in rest


def test_a_result_that_is_whole_is_named_when_what_comes_after_it_fails(
    clip: Path, edited: Path, tmp_path: Path
) -> None:
    out, both = tmp_path / "out.mp4", tmp_path / "both.mp4"
    succeed("edit", clip, edited, out, *SMALL)
    before = names(tmp_path)
    with file_size_limit(out.stat().st_size + 1000):
        done = run("edit", clip, edited, out, "--side-by-side", both, *SMALL)
    assert done.code == 2
    assert done.err.splitlines()[-2].endswith("out.mp4 is whole and stays.")
    assert "both.mp4 cannot be written: the file would be larger than is allowed here" in done.err.splitlines()[-1]
    assert names(tmp_path) == before
    assert run("edit", "--from-record", out, tmp_path / "again.mp4").code == 0


def test_output_that_is_no_longer_read_is_no_defect() -> None:
    with start("doctor") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_the_help_of_edit_says_what_each_file_is_and_each_default() -> None:
    with start("edit", "--help") as process:
        out, _ = process.communicate(timeout=60)
    usage, _, described = out.partition("positional arguments:")
    _, *entries = re.split(r"\n  (?=\S)", described)
    files, options = entries[:3], [each for each in entries if each.startswith("--")]
    assert [each.split()[0] for each in files] == ["CLIP", "EDITED", "OUT.mp4"]
    assert [each for each in options if each.split()[0].rstrip(",") not in usage] == []
    assert len(options) == 17
    assert [each for each in options if "default" not in each.lower()] == []


def test_the_page_is_served_until_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCEDIT_WORK_DIR", str(tmp_path / "work"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(port))
    with start("serve") as process:
        page = b""
        while not page and process.poll() is None:
            with suppress(URLError), urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
                page = answer.read()
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert b"SyncEdit Demo" in page, said
    assert process.returncode == 0, said


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"]])
def test_only_what_serves_the_page_loads_it(arguments: list[str]) -> None:
    program = (
        "import sys, syncedit_demo.cli as cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit('gradio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0


def test_help_is_shown_as_a_module() -> None:
    with start("--help") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "first-frame" in out
