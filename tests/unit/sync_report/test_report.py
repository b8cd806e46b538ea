"""The sync report tells what is right from what is wrong, on a scene made here and every way to spoil it."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.sync_report.features import analysis_size, measure_motion
from syncedit_demo.sync_report.report import SyncReport, compare_motion
from syncedit_demo.ui.visits.examples import load_examples
from tests.support.command_line import fail, succeed
from tests.support.media import Video
from tests.support.media import write_clip as write_media

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.sync_report.features import Motion
    from syncedit_demo.ui.visits.examples import Example

    Frames = NDArray[np.uint8]
    Edit = Callable[[Frames], Frames]

SIZE = (192, 144)
COUNT = 64
SPARE = 12
"""Frames of the scene beyond those that are compared, for results that run ahead or away."""

RATE = Fraction(25)


def grey_noise(size: tuple[int, int], seed: int, grain: int) -> Frame:
    """Smooth grey noise, (height, width, 3)."""
    noise = np.random.default_rng(seed).integers(40, 215, (size[1] // grain + 2, size[0] // grain + 2), dtype=np.uint8)
    gray = cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB).astype(np.uint8)


@functools.cache
def head_scene(seed: int = 1, *, edited: bool = False, count: int = COUNT + SPARE) -> Frames:
    """A head that sways and talks before a wall, and a hand that comes and goes: aperiodic and local, like a speaker.

    `edited` gives it another face and a hat, and the wall another colour: the truth of an edit.
    """
    rng = np.random.default_rng(seed)
    speeds, phases = rng.uniform(1.5, 9, 8), rng.uniform(0, 6, 8)
    wall = grey_noise(SIZE, seed, 18)
    if edited:
        wall = (wall * np.array((0.9, 0.6, 0.4))).astype(np.uint8)
    skin = grey_noise((60, 83), seed + (50 if edited else 1), 5)
    skin = (skin * 0.4 + np.array((60, 110, 70) if edited else (120, 90, 70))).astype(np.uint8)
    frames: list[Frame] = []
    for index in range(count):
        wave = np.sin(speeds * index / 25 + phases)
        picture = wall.copy()
        x, y = 64 + 10 * wave[0] + 4 * wave[1], 34 + 5 * wave[2] + 2 * wave[3]
        mask = np.zeros(SIZE[::-1], np.uint8)
        cv2.ellipse(mask, (round(x + 30), round(y + 41)), (28, 39), 0, 0, 360, 255, -1)
        place = np.array([[1, 0, x], [0, 1, y]])
        moved = cv2.warpAffine(skin, place, SIZE, borderMode=cv2.BORDER_REPLICATE)
        picture[mask > 0] = moved[mask > 0]
        opened = max(1, round(4 + 3 * wave[4] + 2 * wave[5]))
        cv2.ellipse(picture, (round(x + 30), round(y + 60)), (10, opened), 0, 0, 360, (60, 10, 20), -1)
        if edited:
            cv2.rectangle(picture, (round(x + 4), round(y - 6)), (round(x + 56), round(y + 12)), (30, 30, 90), -1)
        hand = (round(161 + 14 * wave[6]), round(112 + 22 * wave[7]))
        cv2.circle(picture, hand, 14, (210, 160, 140), -1)
        cv2.circle(picture, hand, 5, (90, 40, 160), 2)
        frames.append(picture)
    return np.stack(frames)


def grained(frames: Frames, strength: float = 5.0) -> Frames:
    noise = np.random.default_rng(3).normal(0, strength, frames.shape[:3])[..., None]
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def blurred(frame: Frame) -> Frame:
    return cv2.GaussianBlur(frame, (0, 0), 1.5).astype(np.uint8)


def taken(order: Sequence[int] | NDArray[np.int64]) -> Edit:
    """A result that shows these frames of the scene; a little grain, so that no two frames are equal to the bit."""
    return lambda scene: grained(scene[np.asarray(order)], 1.0)


TIMES = np.arange(COUNT)


def measured(frames: Frames) -> Motion:
    return measure_motion(frames, analysis_size(SIZE))


@functools.cache
def reference() -> Motion:
    return measured(head_scene()[:COUNT])


def report(result: Frames, of: Motion | None = None) -> SyncReport:
    return compare_motion(of or reference(), measured(result), RATE)


RIGHT: dict[str, Edit] = {
    "the same": lambda scene: scene[:COUNT],
    "grain": lambda scene: grained(scene[:COUNT]),
    "a grade": lambda scene: (255 * (scene[:COUNT] / 255) ** 0.7 * (1, 0.85, 0.6)).astype(np.uint8),
    "a negative": lambda scene: 255 - scene[:COUNT],
    "a soft picture": lambda scene: np.stack([blurred(frame) for frame in scene[:COUNT]]),
}

WRONG: dict[str, tuple[str, Edit]] = {
    "played backwards": ("different motion", taken(TIMES[::-1])),
    "mirrored": ("different motion", lambda scene: scene[:COUNT, :, ::-1]),
    "frozen, then a jump": ("frozen", taken(np.where((TIMES >= 30) & (TIMES < 40), 29, TIMES))),
    "frozen, then late": ("frozen", taken(np.where(TIMES < 30, TIMES, np.maximum(29, TIMES - 10)))),
    "frozen at the start": ("frozen", taken(np.where(TIMES < 11, 0, TIMES))),
    "frozen at the end": ("frozen", taken(np.minimum(TIMES, COUNT - 11))),
    "never moving": ("frozen", taken(0 * TIMES)),
    "every frame twice": ("frozen", taken(TIMES // 2 * 2)),
    "2 % fast": ("drifting", taken(np.rint(TIMES * 1.02).astype(np.int64))),
    "3 % slow": ("drifting", taken(np.rint(TIMES * 0.97).astype(np.int64))),
    "10 % fast": ("drifting", taken(np.rint(TIMES * 1.1).astype(np.int64))),
    "8 % slow": ("drifting", taken(np.rint(TIMES * 0.92).astype(np.int64))),
    "a jump ahead": ("drifting", taken(np.where(TIMES < 30, TIMES, TIMES + 6))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_leaves_the_motion_alone_is_in_sync(name: str) -> None:
    found = report(RIGHT[name](head_scene()))
    assert (found.verdict, found.offset_frames, found.frozen_frames) == ("in sync", 0, 0)
    assert found.score > 0.9


def test_the_truth_of_an_edit_is_in_sync() -> None:
    found = report(head_scene(edited=True)[:COUNT])
    assert (found.verdict, found.offset_frames) == ("in sync", 0)
    assert found.score > 0.7


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_called_so(name: str) -> None:
    verdict, edit = WRONG[name]
    found = report(edit(head_scene(edited=True)))
    assert found.verdict == verdict, found.sentences
    assert found.score < 0.9


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_another_clip_moves_differently(seed: int) -> None:
    found = report(head_scene(seed)[:COUNT])
    assert found.verdict == "different motion"
    assert found.score < 0.3
    assert found.offset_frames == 0


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 8])
def test_an_offset_is_found_to_the_frame(frames: int) -> None:
    edited = head_scene(edited=True)
    held = report(edited[np.maximum(0, TIMES - frames)])
    assert (held.verdict, held.offset_frames, held.frozen_frames) == ("late", frames, frames)
    ahead = report(edited[TIMES + frames])
    assert (ahead.verdict, ahead.offset_frames, ahead.frozen_frames) == ("early", -frames, 0)


def test_an_early_result_may_rest_at_its_end() -> None:
    found = report(head_scene(edited=True)[np.minimum(COUNT - 1, TIMES + 7)])
    assert (found.verdict, found.offset_frames, found.frozen_frames) == ("early", -7, 7)


def test_a_freeze_is_counted_and_placed() -> None:
    found = report(taken(np.where((TIMES >= 30) & (TIMES < 40), 29, TIMES))(head_scene()))
    assert found.frozen_frames == 10
    assert 26 <= found.worst_frame <= 42
    # For people the first frame is frame 1, as in the player.
    assert "for 10 frames from frame 31 (1.2 s) on" in found.sentences[0]


@functools.cache
def quiet_scene() -> Frames:
    """A still wall, and a patch of it that creeps by a quarter of a pixel a frame."""
    wall, patch = grey_noise(SIZE, 7, 18), grey_noise((120, 120), 8, 7)
    frames: list[Frame] = []
    for index in range(COUNT):
        picture = wall.copy()
        place = np.array([[1, 0, 0.25 * index - 20], [0, 1, 0.15 * index - 20]])
        picture[40:120, 60:140] = cv2.warpAffine(patch, place, (80, 80), flags=cv2.INTER_LINEAR)
        frames.append(picture)
    return np.stack(frames)


@pytest.mark.parametrize("start", [15, 40])
def test_a_freeze_is_seen_where_the_clip_hardly_moves(start: int) -> None:
    clip = measured(quiet_scene())
    assert float(clip.speed.max()) < 0.5
    right = report(grained(quiet_scene(), 1.0), clip)
    assert (right.verdict, right.frozen_frames) == ("in sync", 0)
    held = np.isin(TIMES, range(start, start + 10))
    frozen = report(taken(np.where(held, start - 1, TIMES))(quiet_scene()), clip)
    assert frozen.verdict == "frozen"
    assert 9 <= frozen.frozen_frames <= 10


def test_frames_that_nobody_can_see_to_be_held_are_not_called_frozen() -> None:
    found = report(grained(quiet_scene(), 12.0), measured(quiet_scene()))
    assert found.frozen_frames == 0


def test_a_drift_is_seen_in_the_curve_of_offsets() -> None:
    offset = report(taken(np.rint(TIMES * 1.1).astype(np.int64))(head_scene())).curves["offset"]
    assert abs(offset[5]) <= 1
    assert -7 <= offset[-1] <= -5


def test_frames_that_the_clip_itself_repeats_are_no_fault() -> None:
    repeated = head_scene()[TIMES * 18 // 25]
    clip = measured(repeated)
    found = report(grained(repeated, 2.0), clip)
    assert (found.verdict, found.frozen_frames) == ("in sync", 0)
    late = report(grained(repeated[np.maximum(0, TIMES - 1)], 2.0), clip)
    assert (late.verdict, late.offset_frames, late.frozen_frames) == ("late", 1, 1)
    held = head_scene()[np.where((TIMES >= 20) & (TIMES < 40), 20, TIMES)]
    found = report(grained(held, 2.0), measured(held))
    assert (found.verdict, found.frozen_frames) == ("in sync", 0)


def test_where_nothing_moves_there_is_nothing_to_judge() -> None:
    still = np.repeat(head_scene()[:1], COUNT, axis=0)
    found = report(grained(still, 2.0), measured(still))
    assert (found.verdict, found.score) == ("in sync", 1.0)
    assert "Nothing moves" in found.sentences[0]
    assert report(head_scene()[:COUNT], measured(still)).verdict == "different motion"


def test_the_worst_second_is_named_where_there_is_something_to_see() -> None:
    right = report(head_scene(edited=True)[:COUNT])
    assert not right.is_worst_worth_seeing
    assert not any("worst" in sentence for sentence in right.sentences)
    away = head_scene(5)[:COUNT]
    # One second of another clip.
    wrong = report(np.where((TIMES // 25 == 1)[:, None, None, None], away, head_scene()[:COUNT]))
    assert wrong.is_worst_worth_seeing
    assert 25 <= wrong.worst_frame < 50
    assert any("The worst second is from frame 2" in sentence for sentence in wrong.sentences)


def test_what_disagrees_while_hardly_anything_moves_is_not_worth_seeing() -> None:
    found = report(head_scene(edited=True)[:COUNT])
    dip = tuple(0.7 if frame < 5 else 0.99 for frame in range(COUNT))
    for speed, worth in ((0.02, False), (1.0, True)):
        motion = tuple(speed if frame < 5 else 1.0 for frame in range(COUNT))
        curves = found.curves | {"agreement": dip, "motion_reference": motion, "motion_result": motion}
        assert replace(found, worst_frame=0, curves=curves).is_worst_worth_seeing == worth


@pytest.mark.parametrize("example", load_examples().values(), ids=load_examples())
def test_no_worst_second_is_named_in_an_example_that_keeps_time(example: Example) -> None:
    told = example.record.report
    assert told
    assert told.verdict == "in sync"
    assert not told.is_worst_worth_seeing
    assert not any("worst" in sentence for sentence in told.sentences)


def test_every_curve_has_a_value_a_frame() -> None:
    found = report(head_scene()[:COUNT])
    assert set(found.curves) == {"agreement", "motion_reference", "motion_result", "offset"}
    assert {len(curve) for curve in found.curves.values()} == {COUNT}
    assert min(found.curves["agreement"]) > 0.9
    assert found.curves["motion_reference"] == found.curves["motion_result"]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_clips_of_few_frames_have_a_report(count: int) -> None:
    scene = head_scene()[:count]
    assert report(scene, measured(scene)).verdict == "in sync"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_clip(head_scene()[:COUNT], tmp_path / "clip.mp4", frame_rate=RATE, audio=None)
    return tmp_path / "clip.mp4"


def test_the_command_prints_the_report_as_json(clip: Path, tmp_path: Path) -> None:
    small: list[Frame] = [
        cv2.resize(head_scene(edited=True)[max(0, index - 3)], (160, 120)).astype(np.uint8) for index in range(COUNT)
    ]
    write_media(tmp_path / "late.mp4", small, Video(options={"crf": "30"}))
    answer = json.loads(succeed("report", clip, tmp_path / "late.mp4", "--json"))
    assert set(answer) == {
        "verdict",
        "score",
        "offset_frames",
        "frozen_frames",
        "first_frame_psnr",
        "worst_frame",
        "curves",
        "sentences",
        "faces",
    }
    assert answer["faces"] is None
    assert (answer["verdict"], answer["offset_frames"], answer["first_frame_psnr"]) == ("late", 3, None)
    assert "3 frames late (0.12 s)" in succeed("report", clip, tmp_path / "late.mp4")


def test_a_result_at_another_rate_and_of_another_length_is_compared_over_time(clip: Path, tmp_path: Path) -> None:
    every_other = head_scene()[:COUNT:2]
    write_clip(every_other[:25], tmp_path / "short.mp4", frame_rate=RATE / 2, audio=None)
    answer = json.loads(succeed("report", clip, tmp_path / "short.mp4", "--json"))
    assert (answer["verdict"], len(answer["curves"]["agreement"])) == ("in sync", 25)
    write_clip(head_scene(), tmp_path / "long.mp4", frame_rate=RATE, audio=None)
    text = succeed("report", clip, tmp_path / "long.mp4")
    assert "in sync" in text
    assert f"other {SPARE} are not compared" in text


def test_a_turned_and_cropped_clip_is_compared_upright(tmp_path: Path) -> None:
    frames = head_scene()[:40]
    write_media(tmp_path / "turned.mp4", [np.rot90(frame).copy() for frame in frames], Video(rotation=-90))
    write_clip(frames[:, :, 24:168], tmp_path / "square.mp4", frame_rate=RATE, audio=None)
    answer = json.loads(succeed("report", tmp_path / "turned.mp4", tmp_path / "square.mp4", "--json"))
    assert answer["verdict"] == "in sync"
    assert answer["score"] > 0.9


def test_a_file_that_is_no_clip_is_refused_in_a_sentence(clip: Path, tmp_path: Path) -> None:
    assert "none.mp4" in fail("report", clip, tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    assert "text.mp4" in fail("report", tmp_path / "text.mp4", clip)
