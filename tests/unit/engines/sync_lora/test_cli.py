"""The Sync-LoRA engine through the command line, on a tiny prepared set."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING

import av
import pytest

from syncedit_demo.cli import main
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import read_frames
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

SMALL = ("--size", "256x256", "--frames", "9")


@pytest.fixture
def inputs(
    tmp_path: Path, settings: SyncLoraSettings, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """A clip and its edited frame, on a machine where the tiny set is prepared."""
    assert prepared.nbytes
    monkeypatch.setenv("SYNCEDIT_WEIGHTS", str(settings.weights))
    monkeypatch.setenv("SYNCEDIT_PREPARED", str(settings.prepared))
    monkeypatch.setenv("SYNCEDIT_DEVICE", "cpu")
    clip = write_scene(tmp_path / "clip.mp4", sound=True)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return clip, tmp_path / "edited.png"


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(each) for each in arguments])
    return code, out.getvalue(), err.getvalue()


def test_an_edit_names_its_engine_and_keeps_frames_rate_and_sound(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    code, out, err = run("edit", *inputs, tmp_path / "out.mp4", *SMALL, "--engine", "sync-lora")
    assert code == 0, err
    assert "Sync-LoRA on CPU" in out
    for phase in ("Loading the model", "Following the motion: 8 of 8", "Adding detail: 3 of 3", "Decoding"):
        assert phase in err
    with av.open(str(tmp_path / "out.mp4")) as made:
        assert (made.streams.video[0].frames, made.streams.video[0].width) == (9, 256)
        assert made.streams.audio
    record = json.loads((tmp_path / "out.record.json").read_text(encoding="utf-8"))
    assert record["engine"]["options"]["quality"] == "full"
    assert any(len(value) == 64 for value in record["engine"]["versions"].values()), "the weights' hashes"


def test_a_record_makes_the_same_clip_again(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    options = ("--engine", "sync-lora", "--seed", 5, "--quality", "preview", "--first-frame-crf", 0)
    both = tmp_path / "both.mp4"
    assert run("edit", *inputs, tmp_path / "out.mp4", *SMALL, *options, "--side-by-side", both)[0] == 0
    code, out, err = run("edit", "--from-record", tmp_path / "out.mp4", tmp_path / "again.mp4")
    assert code == 0, err
    assert "identical" in out
    first = next(read_frames(tmp_path / "again.mp4"))
    assert first.shape == (128, 128, 3), "a preview has half the size"
    assert next(read_frames(both)).shape[1] == 256, "and the reference beside it has that size too"


def test_variants_are_ranked_and_all_kept(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    given = {path.name for path in tmp_path.iterdir()}
    options = (*SMALL, "--quality", "preview", "--seed", 7, "--variants", 2)
    code, out, err = run("edit", *inputs, tmp_path / "out.mp4", *options, "--side-by-side", tmp_path / "both.mp4")
    assert code == 0, err
    assert "Variant 2 of 2, seed 8" in err
    ranking = [line for line in out.splitlines() if ".mp4: seed" in line]
    records = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.record.json")}
    best = records.pop("out.record.json")
    ((name, other),) = records.items()
    assert {best["seed"], other["seed"]} == {7, 8}
    assert best["report"]["score"] >= other["report"]["score"]
    assert best["frames_sha256"] != other["frames_sha256"]
    assert name == f"out-seed{other['seed']}.record.json"
    assert f"out.mp4: seed {best['seed']}" in ranking[0]
    assert f"out-seed{other['seed']}.mp4" in ranking[1]
    made = {path.name for path in tmp_path.iterdir()} - given
    clips = {"out.mp4", "both.mp4", f"out-seed{other['seed']}.mp4", f"both-seed{other['seed']}.mp4"}
    assert made == clips | {"out.record.json", name}


def test_auto_takes_it_where_it_is_ready(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    code, out, err = run("edit", *inputs, tmp_path / "out.mp4", *SMALL, "--quality", "preview")
    assert code == 0, err
    assert "Sync-LoRA on CPU" in out


def test_no_variant_goes_where_something_else_is(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    clip, edited = inputs
    before = clip.read_bytes()
    (tmp_path / "taken.mp4").mkdir()
    seeded = tmp_path / "out-seed8.mp4"
    seeded.write_bytes(before)
    ways = {
        "it is one of the inputs": (clip, edited, clip),
        "its name must end": (clip, edited, tmp_path / "out"),
        "folder": (clip, edited, tmp_path / "taken.mp4"),
        "out-seed8.mp4": (seeded, edited, tmp_path / "out.mp4"),
    }
    for reason, paths in ways.items():
        code, _, err = run("edit", *paths, *SMALL, "--seed", 7, "--variants", 2)
        assert (code, reason in err, err.count("\n")) == (2, True, 1), err
    assert clip.read_bytes() == seeded.read_bytes() == before


def test_the_draft_engine_refuses_an_option_of_its_own(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    code, _, err = run("edit", *inputs, tmp_path / "out.mp4", *SMALL, "--engine", "draft", "--first-frame-crf", 9)
    assert code == 2
    assert "The engine draft, which would make this edit, has no option first_frame_crf" in err


@pytest.mark.usefixtures("inputs")
def test_prepare_makes_the_set_that_doctor_then_finds(
    settings: SyncLoraSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "prepared"
    elsewhere.mkdir()
    (elsewhere / "prompt.safetensors").write_bytes((settings.prepared / "prompt.safetensors").read_bytes())
    monkeypatch.setenv("SYNCEDIT_PREPARED", str(elsewhere))
    before = json.loads(run("doctor", "--json")[1])
    assert "prepare" in before["engines"]["sync-lora"]
    code, out, err = run("prepare")
    assert code == 0, err
    assert "ready" in out
    after = json.loads(run("doctor", "--json")[1])
    assert after["engines"]["sync-lora"] == "ready"
    assert "a start reads them in about" in after["sync-lora"]["prepared set"]


def test_what_is_missing_is_said_with_what_mends_it(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCEDIT_PREPARED", str(tmp_path / "nothing"))
    code, _, err = run("edit", *inputs, tmp_path / "out.mp4", *SMALL, "--engine", "sync-lora")
    assert code == 2
    assert "python -m syncedit_demo prepare" in err
    assert not (tmp_path / "out.mp4").exists()
