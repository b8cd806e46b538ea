"""How much of two motions agrees, when, where, and whether one is the other turned round."""

from __future__ import annotations

import numpy as np
import pytest

from syncedit_demo.sync_report.agreement import Agreement, agree, likeness, turned_round
from tests.support.drawn_motion import motion, picture, wandering

FLOW = wandering(48)
ACROSS = np.array((-1, 1), np.float16)


def test_the_same_motion_agrees_and_the_opposite_disagrees() -> None:
    assert agree(FLOW, FLOW).share() == pytest.approx(1)
    assert agree(FLOW, -FLOW).share() < -0.95
    sideways = np.stack([-FLOW[..., 1], FLOW[..., 0]], axis=-1)
    assert abs(agree(FLOW, sideways).share()) < 0.05
    assert abs(agree(FLOW, wandering(48, seed=2)).share()) < 0.1


@pytest.mark.parametrize("factor", [0.5, 2])
def test_another_speed_agrees_nearly(factor: float) -> None:
    assert 0.9 < agree(FLOW, factor * FLOW).share() < 0.98


def test_what_hardly_moves_may_move_as_it_likes() -> None:
    tiny = (0.005 * FLOW).astype(np.float16)
    assert agree(tiny, -tiny).share() > 0.9


def test_what_moves_in_the_result_alone_counts_a_little_and_what_stands_still_there_counts_in_full() -> None:
    few = np.zeros_like(FLOW)
    few[:, :3, :4] = FLOW[:, :3, :4]
    more = few.copy()
    more[:, 6:, 8:] = 10 * FLOW[:, 6:, 8:]
    assert 0.75 < agree(few, more).share() < 0.85
    assert agree(more, few).share() < 0.25


def test_it_is_told_where_and_when_it_disagrees() -> None:
    corner = FLOW.copy()
    corner[:, 6:, 8:] *= -1
    where = agree(FLOW, corner)
    assert where.weight.shape == where.agreed.shape == (48, 3, 3)
    shares = where.agreed.sum(axis=0) / where.weight.sum(axis=0)
    assert shares[2, 2] < -0.7
    assert np.delete(shares.ravel(), 8).min() > 0.85
    moment = FLOW.copy()
    moment[20] *= -1
    when = agree(FLOW, moment)
    around = when.around(5)
    assert around.shape == (48,)
    # The frame itself lies in five windows, and those beside it are smoothed with it.
    assert np.flatnonzero(around < 0.9).tolist() == [18, 19, 20, 21, 22]
    assert around[[16, 24]].min() > 0.99
    assert when.share(slice(0, 15)) == pytest.approx(1)
    assert when.share(np.arange(48) == 20) < 0.5
    assert 0.9 < when.share() < 0.99


def test_a_window_is_no_longer_than_the_clip() -> None:
    weight = np.ones((3, 3, 3))
    agreed = weight * np.array((1, 0, 1))[:, None, None]
    assert Agreement(weight, agreed).around(5) == pytest.approx([0.5, 2 / 3, 0.5])


def test_a_mirrored_result_and_one_played_backwards_are_told() -> None:
    clip = motion(FLOW)
    mirrored = motion(FLOW[:, :, ::-1] * ACROSS, edges=clip.edges[:, :, ::-1])
    backwards = motion(np.concatenate([FLOW[:1], -FLOW[:0:-1]]))
    for result, said in ((clip, None), (mirrored, "mirrored left to right"), (backwards, "played backwards")):
        assert turned_round(clip, result, agree(clip.flow, result.flow).share()) == said
    assert turned_round(clip, motion(wandering(48, seed=2)), 0.0) is None


def test_what_is_its_own_mirror_image_is_not_called_mirrored() -> None:
    nod = (FLOW + FLOW[:, :, ::-1] * ACROSS) / 2
    face = (picture() + picture()[:, ::-1]) / 2
    assert turned_round(motion(nod, edges=face), motion(nod, edges=face), 1.0) is None
    # A nod mirrors itself; the picture around it tells.
    clip = motion(nod, edges=picture())
    assert turned_round(clip, motion(nod, edges=picture()[:, ::-1]), 1.0) == "mirrored left to right"
    assert turned_round(clip, clip, 1.0) is None


def test_pictures_are_alike_by_where_their_edges_are() -> None:
    one, other = (motion(FLOW, edges=picture(seed)).edges for seed in (1, 2))
    assert likeness(one, one) == pytest.approx(1)
    assert likeness(one, 3 * one + 1) == pytest.approx(1, abs=0.01)
    assert likeness(one, 3 - one) == pytest.approx(-1, abs=0.01)
    assert abs(likeness(one, other)) < 0.3
    assert likeness(one, np.ones_like(one)) == 0
