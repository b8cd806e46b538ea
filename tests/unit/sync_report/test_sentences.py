"""What a report says of each kind of result, on motion that is drawn."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from syncedit_demo.sync_report.report import SyncReport, compare_motion
from tests.support.drawn_motion import following, motion, picture, wandering

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT = 75
FLOW = wandering(COUNT, seed=4)
REST = np.zeros_like(FLOW)
TIMES = np.arange(COUNT)
RATE = Fraction(25)
CLIP = motion(FLOW)


def shows(frames: NDArray[np.int64]) -> SyncReport:
    """The report on a result that shows these frames of the clip."""
    return compare_motion(CLIP, motion(following(FLOW, frames)), RATE)


def test_what_keeps_time_is_said_to() -> None:
    found = compare_motion(CLIP, CLIP, RATE)
    assert found.sentences == ("The result keeps time with the clip.", "100 % of the motion agrees.")
    assert (found.verdict, found.score, found.offset_frames, found.frozen_frames) == ("in sync", 1, 0, 0)
    assert found.first_frame_psnr is None
    assert found.faces is None


@pytest.mark.parametrize(
    ("psnr", "kept", "said"),
    [
        (31.236, 31.24, "The first frame is the edited frame (31.2 dB)."),
        (25.0, 25.0, "The first frame is the edited frame (25.0 dB)."),
        (24.9, 24.9, "The first frame is not the edited frame (24.9 dB)."),
    ],
)
def test_the_first_frame_is_the_edited_one_from_25_db_on(psnr: float, kept: float, said: str) -> None:
    found = compare_motion(CLIP, CLIP, RATE, psnr)
    assert found.first_frame_psnr == kept
    assert found.sentences[-1] == said
    assert len(found.sentences) == 3


def test_an_offset_is_said_in_frames_and_seconds() -> None:
    late = shows(np.maximum(0, TIMES - 3))
    assert (late.verdict, late.offset_frames, late.frozen_frames) == ("late", 3, 3)
    assert late.sentences[0] == "The result is 3 frames late (0.12 s)."
    assert late.sentences[-1] == "In 3 frames the result stands still while the clip moves."
    assert set(late.curves["offset"]) == {3}
    early = shows(np.minimum(COUNT - 1, TIMES + 1))
    assert (early.verdict, early.offset_frames, early.frozen_frames) == ("early", -1, 1)
    assert early.sentences[0] == "The result is 1 frame early (0.04 s)."
    assert early.sentences[-1] == "In 1 frame the result stands still while the clip moves."
    # As it is watched it agrees little, and the offset takes from that.
    watched = float(late.sentences[1].split(" %")[0]) / 100
    assert late.score == pytest.approx(watched * 72 / 75 / (1 + 3 / 4), abs=0.004)


def test_from_five_frames_on_it_is_a_freeze() -> None:
    frozen = shows(np.where((TIMES >= 30) & (TIMES < 35), 29, TIMES))
    assert (frozen.verdict, frozen.frozen_frames) == ("frozen", 5)
    assert frozen.sentences[0] == "The result stands still for 5 frames from frame 31 (1.2 s) on."
    assert not any("while the clip moves" in sentence for sentence in frozen.sentences)
    short = shows(np.where((TIMES >= 30) & (TIMES < 34), 29, TIMES))
    assert (short.verdict, short.frozen_frames) == ("in sync", 4)
    assert short.sentences[-1] == "In 4 frames the result stands still while the clip moves."


def test_of_two_freezes_the_longer_one_is_named() -> None:
    order = np.where((TIMES >= 20) & (TIMES < 26), 19, np.where((TIMES >= 40) & (TIMES < 49), 39, TIMES))
    assert shows(order).sentences[0] == "The result stands still for 9 frames from frame 41 (1.6 s) on."
    assert shows(order).frozen_frames == 15


def test_a_result_that_freezes_and_is_late_is_said_to_be_both() -> None:
    found = shows(np.where((TIMES >= 30) & (TIMES < 40), 27, np.maximum(0, TIMES - 3)))
    assert (found.verdict, found.offset_frames) == ("frozen", 3)
    assert found.sentences[-1] == "Most of it is 3 frames late."


def test_what_repeats_every_other_frame_stutters() -> None:
    found = shows(TIMES // 2 * 2)
    assert (found.verdict, found.frozen_frames) == ("frozen", 37)
    assert found.sentences[0] == "The result stutters: 37 frames repeat the one before."
    assert found.score < 0.5


def test_what_stands_still_for_long_is_judged_by_what_moves() -> None:
    found = shows(np.where((TIMES >= 10) & (TIMES < 58), 9, TIMES))
    assert (found.verdict, found.frozen_frames) == ("frozen", 48)
    assert found.sentences[0] == "The result stands still for 48 frames from frame 11 (0.4 s) on."


def test_what_never_moves_is_frozen_and_worth_nothing() -> None:
    found = shows(0 * TIMES)
    assert (found.verdict, found.frozen_frames, found.score) == ("frozen", 74, 0)
    assert found.sentences[0] == "The result stands still for 74 frames from frame 2 (0.0 s) on."


def test_a_drift_and_a_jump_are_said_by_both_ends() -> None:
    slow = shows(np.rint(TIMES * 0.95).astype(np.int64))
    assert slow.verdict == "drifting"
    assert slow.sentences[0] == "The result drifts: in time at the start, 4 frames late at the end."
    later = shows(np.maximum(0, np.rint(TIMES * 0.96).astype(np.int64) - 2))
    assert later.sentences[0] == "The result drifts: 2 frames late at the start, 5 frames late at the end."
    last = shows(np.rint(TIMES * 0.925).astype(np.int64))
    assert last.sentences[0] == "The result drifts: in time at the start, 6 frames late at the end."
    jump = shows(np.minimum(COUNT - 1, np.where(TIMES < 40, TIMES, TIMES + 6)))
    assert jump.verdict == "drifting"
    assert jump.sentences[0] == "The result drifts: in time at the start, 6 frames early at the end."


def test_another_motion_has_no_offset() -> None:
    found = compare_motion(CLIP, motion(wandering(COUNT, seed=5)), RATE)
    assert (found.verdict, found.offset_frames, set(found.curves["offset"])) == ("different motion", 0, {0})
    assert found.sentences[0] == "The result moves differently from the clip."
    assert found.score < 0.2


def test_what_is_turned_round_is_said_to_be() -> None:
    backwards = shows(TIMES[::-1])
    assert backwards.sentences[0] == "The result moves differently from the clip: it looks played backwards."
    across = np.array((-1, 1), np.float16)
    mirrored = motion(FLOW[:, :, ::-1] * across, edges=CLIP.edges[:, :, ::-1])
    found = compare_motion(CLIP, mirrored, RATE)
    assert found.sentences[0] == "The result moves differently from the clip: it looks mirrored left to right."
    assert found.verdict == backwards.verdict == "different motion"
    # What mirrors itself agrees all the same, and only half of that counts.
    nod = (FLOW + FLOW[:, :, ::-1] * across) / 2
    turned = compare_motion(motion(nod, edges=picture()), motion(nod, edges=picture()[:, ::-1]), RATE)
    assert (turned.verdict, turned.score) == ("different motion", 0.5)
    assert turned.sentences[1] == "100 % of the motion agrees."


def test_pictures_that_share_nothing_have_to_move_the_more_alike() -> None:
    apart = (FLOW + 1.2 * wandering(COUNT, seed=9)).astype(np.float16)
    assert compare_motion(CLIP, motion(apart), RATE).verdict == "in sync"
    assert compare_motion(CLIP, motion(apart, edges=picture(2)), RATE).verdict == "different motion"
    assert compare_motion(CLIP, motion(FLOW, edges=picture(2)), RATE).verdict == "in sync"


def test_where_nothing_moves_nothing_is_compared() -> None:
    still = motion(REST)
    both = compare_motion(still, still, RATE)
    assert both.sentences == ("Nothing moves in the clip and in the result: there is no timing to compare.",)
    assert (both.verdict, both.score, set(both.curves["agreement"])) == ("in sync", 1, {1})
    one = compare_motion(still, CLIP, RATE)
    assert (one.verdict, one.score) == ("different motion", 0)


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [
        (0, 2, "at the top right"),
        (1, 0, "at the left"),
        (1, 1, "in the centre"),
        (1, 2, "at the right"),
        (2, 0, "at the bottom left"),
        (2, 1, "at the bottom"),
        (2, 2, "at the bottom right"),
    ],
)
def test_the_worst_second_is_named_by_its_start_and_the_third_of_the_picture(row: int, column: int, place: str) -> None:
    flow = FLOW.copy()
    flow[10:20, 3 * row : 3 * row + 3, 4 * column : 4 * column + 4] *= -1
    found = compare_motion(CLIP, motion(flow), Fraction(10))
    assert 10 <= found.worst_frame < 20
    assert found.sentences[-1].startswith("The worst second is from frame 11 (1.0 s) on: ")
    assert found.sentences[-1].endswith(f" % agrees there, least {place}.")
    assert 70 <= int(found.sentences[-1].split(" on: ")[1].split(" %")[0]) <= 85


def test_curves_have_a_value_a_frame_in_per_cent_of_the_longer_side() -> None:
    found = compare_motion(CLIP, motion(0.5 * FLOW), RATE)
    speed = CLIP.speed / 96 * 100
    assert found.curves["motion_reference"] == pytest.approx(speed.tolist(), abs=0.001)
    assert found.curves["motion_result"] == pytest.approx((speed / 2).tolist(), abs=0.005)
    assert {len(curve) for curve in found.curves.values()} == {COUNT}
    assert all(0 <= share <= 1 for share in found.curves["agreement"])


@pytest.mark.parametrize(
    ("frame", "agreement", "worth"), [(0, 0.7, True), (0, 0.8, False), (37, 0.7, True), (74, 0.7, True)]
)
def test_the_worst_is_worth_seeing_where_much_of_what_moves_about_it_disagrees(
    frame: int, agreement: float, worth: bool
) -> None:
    found = compare_motion(CLIP, CLIP, RATE)
    about = range(max(0, frame - 12), frame + 13)
    curve = tuple(agreement if index in about else 1.0 for index in range(COUNT))
    dipped = replace(found, worst_frame=frame, curves=found.curves | {"agreement": curve})
    assert dipped.is_worst_worth_seeing == worth
    alone = tuple(agreement if index == frame else 1.0 for index in range(COUNT))
    assert not replace(dipped, curves=found.curves | {"agreement": alone}).is_worst_worth_seeing
    assert replace(dipped, verdict="late").is_worst_worth_seeing
    at_rest = dict.fromkeys(("motion_reference", "motion_result"), (0.0,) * COUNT)
    assert not replace(dipped, curves=dipped.curves | at_rest).is_worst_worth_seeing
