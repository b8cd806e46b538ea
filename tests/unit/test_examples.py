"""The examples are what their README and their scenes say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examples.scenes import FRAME_RATE, FRAMES, SCENES
from syncedit_demo.edits.record import InputFile, load_record
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.probe import probe
from syncedit_demo.media.video_writer import read_frames

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/reference.mp4"))
OUTPUTS = sorted(EXAMPLES.glob("*/output.mp4"))
CLIPS = sorted(EXAMPLES.glob("*/*.mp4"))
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_every_scene_is_an_example_and_every_example_is_in_the_readme() -> None:
    assert {folder.name for folder in FOLDERS} == set(SCENES)
    for folder in FOLDERS:
        assert f"| `{folder.name}` |" in README
        assert (EXAMPLES / "scenes" / f"{folder.name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: f"{clip.parent.name}-{clip.stem}")
def test_the_clips_of_an_example_go_together(clip: Path) -> None:
    info, reference = probe(clip), probe(clip.with_name("reference.mp4"))
    assert info.display_size == reference.display_size
    assert info.frames == FRAMES
    assert info.average_rate == FRAME_RATE
    assert clip.stat().st_size < 1_500_000


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_edited_frame_is_the_first_one_of_the_truth(folder: Path) -> None:
    edited = read_image(folder / "edited.png").pixels
    first, reference = (next(read_frames(folder / name)) for name in ("truth.mp4", "reference.mp4"))
    assert edited.shape == first.shape
    assert 0 < np.abs(edited.astype(np.int16) - first).mean() < 3 < np.abs(edited.astype(np.int16) - reference).mean()


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.parent.name)
def test_a_result_says_that_it_was_made_of_its_example(output: Path) -> None:
    record = load_record(output)
    assert record.clip_file.sha256 == InputFile.of(output.with_name("reference.mp4")).sha256
    assert record.edited_file.sha256 == InputFile.of(output.with_name("edited.png")).sha256


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_shows_every_frame_by_one_that_is_rendered(name: str) -> None:
    scene = SCENES[name]
    assert {scene.pose(frame) for frame in range(FRAMES)} == set(scene.poses)
    # No frame is shown twice in a row, and none is left out.
    assert all(abs(scene.pose(frame + 1) - scene.pose(frame)) in (1, scene.period - 1) for frame in range(FRAMES - 1))
    left, top, right, bottom = scene.window
    width, height = probe(EXAMPLES / name / "reference.mp4").display_size
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
