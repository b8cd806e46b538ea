"""Where a result stands still although the clip moves, on changes that are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from syncedit_demo.sync_report.stillness import AT_REST, rests, stills
from tests.support.drawn_motion import motion, wandering

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Runs = list[tuple[int, int]]

COUNT = 60
FLOW = wandering(COUNT)
IN_TIME = np.zeros(COUNT, np.int64)


def changing(lively: float = 4.0) -> NDArray[Any]:
    """Changes of a clip in whose middle something moves, by twice as much at times, before a calm ground."""
    change = np.full((COUNT, 9, 12), 0.1)
    change[:, 3:7, 4:9] = np.random.default_rng(1).uniform(lively, 2 * lively, (COUNT, 4, 5))
    change[0] = 0
    return change


def clip(change: NDArray[Any] | None = None) -> Motion:
    return motion(FLOW, change=changing() if change is None else change)


def held(*runs: tuple[int, int], share: float = 0.0) -> Motion:
    """A result that changes by so little in these frames: (first, behind the last) of each run."""
    change = changing()
    for start, end in runs:
        change[start:end] *= share
    return clip(change)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [(10, 11)],
        [(10, 12)],
        [(10, 13)],
        [(10, 20)],
        [(10, 20), (40, 45)],
        [(1, 10)],
        [(COUNT - 10, COUNT)],
        [(1, COUNT)],
    ],
)
def test_every_frame_that_stands_still_is_found(runs: Runs) -> None:
    assert stills(clip(), held(*runs), IN_TIME) == [(start, end - start) for start, end in runs]


@pytest.mark.parametrize(("share", "long", "short"), [(0.05, True, True), (0.08, True, False), (0.12, False, False)])
def test_a_picture_that_is_mended_while_it_stands_is_held_and_a_shorter_one_has_to_be_clearer(
    share: float, long: bool, short: bool
) -> None:
    assert stills(clip(), held((10, 20), share=share), IN_TIME) == ([(10, 10)] if long else [])
    assert stills(clip(), held((10, 13), share=share), IN_TIME) == ([(10, 3)] if long else [])
    for frames in (1, 2):
        assert stills(clip(), held((10, 10 + frames), share=share), IN_TIME) == ([(10, frames)] if short else [])


def test_where_the_clip_rests_the_result_may() -> None:
    resting = changing()
    resting[10:20] = 0
    assert stills(clip(resting), held((10, 20)), IN_TIME) == []
    longer = stills(clip(resting), held((6, 24)), IN_TIME)
    assert longer
    assert longer[0][0] == 6
    assert sum(longer[-1]) == 24
    twice = changing()
    twice[2::2] = 0
    assert stills(clip(twice), clip(twice), IN_TIME) == []
    # Three frames late it rests three frames later.
    late = changing()
    late[13:23] = 0
    assert (10, 10) not in stills(clip(resting), clip(late), IN_TIME + 3)


def test_where_the_clip_moves_slowly_a_frame_may_be_left_out_but_not_several() -> None:
    for frames, found in ((1, []), (5, [(12, 5)])):
        slow = changing()
        slow[12 : 12 + frames] *= 0.25
        assert stills(clip(slow), held((12, 12 + frames)), IN_TIME) == found


@pytest.mark.parametrize("frames", [1, 3, 6])
def test_a_late_result_waits_at_its_start_and_an_early_one_at_its_end(frames: int) -> None:
    change, rest = changing(), np.zeros((frames, 9, 12))
    late = clip(np.concatenate([change[:1], rest, change[1:-frames]]))
    assert stills(clip(), late, IN_TIME + frames) == [(1, frames)]
    early = clip(np.concatenate([change[:1], change[1 + frames :], rest]))
    assert stills(clip(), early, IN_TIME - frames) == [(COUNT - frames, frames)]
    # The picture that it waits with may still be coded better, frame by frame.
    mended = np.concatenate([change[:1], 0.3 * change[1 : frames + 1], change[1:-frames]])
    assert stills(clip(), clip(mended), IN_TIME + frames) == ([(1, frames)] if frames < 3 else [])


@pytest.mark.parametrize("frames", [1, 2])
def test_the_last_of_two_frames_that_wait_may_be_coded_anew_but_not_a_single_one(frames: int) -> None:
    change = changing()
    late = np.concatenate([change[:1], np.zeros((frames, 9, 12)), change[1:-frames]])
    late[frames] = change[frames]
    assert stills(clip(), clip(late), IN_TIME + frames) == ([(1, 2)] if frames == 2 else [])


def test_a_late_result_has_to_wait_until_its_last_frame_but_one() -> None:
    change = changing()
    for moving, waits in ((8, False), (9, True)):
        late = np.concatenate([change[:1], np.zeros((10, 9, 12)), change[1:-10]])
        late[1 + moving] = 0.7 * change[1 + moving]
        assert ((1, 10) in stills(clip(), clip(late), IN_TIME + 10)) == waits


def test_where_the_timing_changes_either_time_may_excuse_what_stands() -> None:
    for rest, found in (((30, 40), []), ((20, 30), []), ((45, 55), [(30, 10)])):
        resting = changing()
        resting[rest[0] : rest[1]] = 0
        late = np.where(np.arange(COUNT) < 30, 0, 10)
        assert [run for run in stills(clip(resting), held((30, 40)), late) if run[0] < 41] == found


def test_what_came_before_the_clip_excuses_no_freeze() -> None:
    change = changing()
    late = np.concatenate([change[:1], np.zeros((10, 9, 12)), change[6:-5]])
    late[1] = 0.7 * change[1]
    assert stills(clip(), clip(late), IN_TIME + 5) == [(2, 9)]


def test_a_freeze_near_the_end_of_a_result_that_was_early_is_found() -> None:
    offsets = np.where(np.arange(COUNT) < 52, -8, 0)
    early = np.concatenate([changing()[:1], changing()[9:], changing()[-8:]])
    early[50:57] = 0
    assert stills(clip(), clip(early), offsets) == [(50, 7)]


def test_what_noise_hides_is_not_called_still() -> None:
    noise = np.abs(np.random.default_rng(2).normal(size=(COUNT, 9, 12)))
    noise[0] = 0
    for strength, found in ((0.2, [(10, 10)]), (4.0, [])):
        change = held((10, 20)).change + strength * noise
        assert stills(clip(), clip(change), IN_TIME) == found


def test_noise_later_on_hides_nothing_now() -> None:
    noise = np.abs(np.random.default_rng(2).normal(size=(COUNT, 9, 12)))
    noise[:30] = 0
    assert stills(clip(), clip(held((10, 20)).change + 4 * noise), IN_TIME) == [(10, 10)]


def test_a_result_that_always_moves_little_does_not_stand_still() -> None:
    assert stills(clip(changing(40)), clip(changing(3)), IN_TIME) == []
    assert stills(clip(changing(40)), clip(changing(0.2)), IN_TIME) == [(1, COUNT - 1)]


def test_a_single_frame_does_not_stand() -> None:
    single = motion(FLOW[:1], change=changing()[:1])
    assert stills(single, single, IN_TIME[:1]) == []


def test_a_clip_rests_that_moves_now_and_then_at_most() -> None:
    flow = np.zeros_like(FLOW)
    assert rests(motion(flow), AT_REST)
    flow[:2] = 1
    assert rests(motion(flow), AT_REST)
    flow[:4] = 1
    assert not rests(motion(flow), AT_REST)
    assert rests(motion(flow), 1.5)
