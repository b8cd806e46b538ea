"""By how many frames one motion follows another, at every moment."""

from __future__ import annotations

import numpy as np
import pytest

from syncedit_demo.sync_report.offsets import follow_offset, shifted
from tests.support.drawn_motion import motion, picture, wandering

FLOW = wandering(100)
TIMES = np.arange(100)


def test_what_is_shown_later_is_held_at_both_ends() -> None:
    numbers = np.arange(6)
    assert shifted(numbers, np.full(6, 2)).tolist() == [0, 0, 0, 1, 2, 3]
    assert shifted(numbers, np.full(6, -2)).tolist() == [2, 3, 4, 5, 5, 5]
    assert shifted(numbers, np.array((0, 0, 1, 1, -1, 0))).tolist() == [0, 1, 1, 2, 5, 5]


@pytest.mark.parametrize("frames", [-25, -6, -1, 0, 1, 3, 10, 25])
def test_an_offset_is_found_at_every_frame(frames: int) -> None:
    clip = motion(FLOW)
    late = motion(shifted(clip.flow, np.full(100, frames)), edges=shifted(clip.edges, np.full(100, frames)))
    assert set(follow_offset(clip, late).tolist()) == {frames}


def test_it_is_looked_for_up_to_a_quarter_of_the_clip_and_no_further_than_a_second() -> None:
    short = motion(FLOW[:40])
    for frames, found in ((10, 10), (12, 10)):
        late = motion(shifted(short.flow, np.full(40, frames)), edges=picture())
        assert np.abs(follow_offset(motion(short.flow, edges=picture()), late)).max() == found
    long = wandering(160, seed=3)
    late = motion(shifted(long, np.full(160, 30)), edges=picture())
    assert np.abs(follow_offset(motion(long, edges=picture()), late)).max() <= 25


def test_a_jump_on_the_way_is_one() -> None:
    offsets = np.where(TIMES < 50, 0, 5)
    found = follow_offset(motion(FLOW), motion(shifted(FLOW, offsets)))
    assert np.abs(found - offsets).sum() <= 5
    assert np.count_nonzero(np.diff(found)) == 1


@pytest.mark.parametrize("rate", [-0.05, 0.03, 0.1])
def test_a_drift_is_followed(rate: float) -> None:
    offsets = np.rint(TIMES * rate).astype(np.int64)
    found = follow_offset(motion(FLOW), motion(shifted(FLOW, offsets)))
    assert np.abs(found - offsets).max() <= 1
    assert abs(np.abs(found[-1]) - round(99 * abs(rate))) <= 1


def test_of_what_repeats_the_nearest_is_taken_and_of_what_rests_none() -> None:
    again = np.tile(FLOW[:10], (10, 1, 1, 1))
    assert not follow_offset(motion(again), motion(again)).any()
    still = motion(np.zeros_like(FLOW), edges=picture())
    assert not follow_offset(still, still).any()
    assert not follow_offset(still, motion(np.zeros_like(FLOW), edges=picture(2))).any()


def test_places_tell_where_the_motion_is_constant() -> None:
    steady = np.ones_like(FLOW)
    ground = np.random.default_rng(5).normal(1, 0.6, (9, 160, 2))
    edges = np.stack([ground[:, time : time + 12] for time in range(100)])
    late = shifted(edges, np.full(100, 4))
    assert set(follow_offset(motion(steady, edges=edges), motion(steady, edges=late)).tolist()) == {4}


def test_noise_beside_the_motion_changes_nothing() -> None:
    noise = np.random.default_rng(6).normal(0, 1, FLOW.shape)
    late = motion(shifted(FLOW, np.full(100, 3)) + noise)
    assert set(follow_offset(motion(FLOW), late)[10:-10].tolist()) == {3}


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_few_frames_are_in_time(frames: int) -> None:
    clip = motion(FLOW[:frames])
    assert follow_offset(clip, clip).tolist() == [0] * frames
