"""The quality benchmark tells the truth from worse results, on a made example."""

from __future__ import annotations

import math
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.draft import disc, left_in_place, moved, red_for_blue, texture
from benchmarks.quality import Example, Scores, compare, mean_of, score
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings

SIDE, COUNT = 256, 9

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def example() -> Example:
    """A blue disc that moves over a texture and becomes red."""
    scene, paint = texture(1, 2 * SIDE), texture(2, 2 * SIDE, (60, 80, 190))
    frames = [disc(moved(scene, t, SIDE, 0), moved(paint, t, SIDE, 1), 3 * t, 3 * COUNT) for t in range(COUNT)]
    truth = [red_for_blue(frame) for frame in frames]
    return Example(frames, truth[0], truth)


@pytest.fixture(scope="module")
def baselines(example: Example) -> list[Scores]:
    in_place = list(left_in_place(example.reference, example.edited))
    return [score(example, result, 2) for result in (in_place, example.reference)]


def is_better(one: Scores, other: Scores) -> bool:
    """Whether one is nearer to the truth by every measure of the edited region."""
    return (
        one.region.psnr > other.region.psnr
        and one.region.ssim > other.region.ssim
        and one.region.flip < other.region.flip
    )


def test_the_truth_itself_is_perfect(example: Example, baselines: list[Scores]) -> None:
    truth = score(example, example.truth, 2)
    assert astuple(truth.whole) == astuple(truth.region) == pytest.approx((math.inf, 1, 0))
    assert truth.flicker == 1
    assert truth.first_frame == math.inf
    assert all(is_better(truth, baseline) for baseline in baselines)


def test_what_was_edited_weighs_more_in_the_edited_region(baselines: list[Scores]) -> None:
    for baseline in baselines:
        assert baseline.region.psnr < baseline.whole.psnr
        assert baseline.region.flip > baseline.whole.flip
    in_place, unedited = baselines
    assert in_place.first_frame == math.inf
    assert unedited.first_frame < 30


def test_worse_results_score_worse(example: Example) -> None:
    rng = np.random.default_rng(1)

    def noisy(strength: float) -> Scores:
        noise = rng.normal(0, strength, (COUNT, SIDE, SIDE, 3))
        frames = np.clip(np.stack(example.truth) + noise, 0, 255).astype(np.uint8)
        return score(example, list(frames), 2)

    slightly, badly = noisy(3), noisy(15)
    assert is_better(slightly, badly)
    assert 1 < slightly.flicker < badly.flicker
    late = score(example, [example.truth[0], *example.truth[:-1]], 2)
    assert is_better(score(example, example.truth, 2), late)


def test_an_engine_is_held_against_both_baselines(example: Example, tmp_path: Path) -> None:
    write_clip(example.reference, tmp_path / "reference.mp4", frame_rate=Fraction(25), audio=None)
    write_clip(example.truth, tmp_path / "truth.mp4", frame_rate=Fraction(25), audio=None)
    write_png(example.edited, tmp_path / "edited.png")
    service = EditService(Settings(work_dir=tmp_path))
    scores = compare(tmp_path, service, "draft", 2)
    assert list(scores) == ["draft", "left in place", "unedited"]
    assert all(is_better(scores["draft"], scores[name]) for name in ("left in place", "unedited"))
    cells = scores["draft"].row("disc", "draft").strip("| ").split(" | ")
    assert len(cells) == 10
    assert float(cells[5]) == pytest.approx(scores["draft"].region.psnr, abs=0.05)


def test_the_mean_is_that_of_each_number(baselines: list[Scores]) -> None:
    mean = mean_of(baselines)
    one, other = baselines
    assert mean.region.psnr == pytest.approx((one.region.psnr + other.region.psnr) / 2)
    assert mean.whole.flip == pytest.approx((one.whole.flip + other.whole.flip) / 2)
    assert mean.flicker == pytest.approx((one.flicker + other.flicker) / 2)
