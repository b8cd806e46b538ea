"""The sweep that tells which tuned numbers of the draft engine matter."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.constants import Constant, find_constants, moved, moved_value, sweep, table
from syncedit_demo.engines.draft import follower, scene, settling


def test_every_number_that_a_module_names_is_found_but_those_computed_from_others() -> None:
    found = {str(each): each for each in find_constants()}
    assert {"colour.NOISE", "colour.TRUSTING", "look.COARSE", "network.ROUNDS", "scene.CUT_SHARE"} <= found.keys()
    assert "engine.PHASE" not in found, "it is no number"
    assert not {"follower.CUT_SHARE", "carrier.NOISE"} & found.keys(), "they are the scene's and the look-up's"


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [(10, 12, 8), (2, 3, 1), (-4, -3, -5), (0.5, 0.6, 0.4), ((4, (0.5, 10)), (5, (0.6, 12)), (3, (0.4, 8)))],
)
def test_a_number_is_moved_by_a_fifth_and_a_whole_one_by_one_at_least(value: object, up: object, down: object) -> None:
    assert (moved_value(value, 1), moved_value(value, -1)) == (up, down)
    assert moved_value(("text", 1), 1) is None
    assert moved_value(np.float32(0.5), 1) == np.float32(0.6)


def test_a_constant_is_moved_wherever_it_is_imported_and_nowhere_else_and_put_back() -> None:
    cut = scene.CUT_SHARE
    with moved(Constant("scene", "CUT_SHARE"), -1):
        assert scene.CUT_SHARE == follower.CUT_SHARE == pytest.approx(0.8 * cut)
    assert (cut, cut) == (scene.CUT_SHARE, follower.CUT_SHARE)
    margin = settling.MARGIN
    with moved(Constant("local_motion", "MARGIN"), 1):
        assert margin == settling.MARGIN


@pytest.mark.thorough
def test_only_what_an_edit_reads_is_moved_and_what_moves_it_is_told_from_what_does_not() -> None:
    found, seconds = sweep(
        [Constant("network", "RATE"), Constant("colour", "CELLS")], ["look"], frames=3, side=64, jobs=1
    )
    assert found["network.RATE"] == {}, "colour alone explains the edit, so nothing is learnt"
    assert abs(found["colour.CELLS"]["look"]) > 0.1
    assert seconds > 0
    rows = table(found, ["look"]).splitlines()
    assert "network.RATE" in rows[-1]
    assert "colour.CELLS" not in rows[-1]
    unread = table({"settling.STEPS": {"recolour": 0.2}}, ["recolour", "look"]).splitlines()[1]
    assert unread.split() == ["settling.STEPS", "0.20", "+0.20", "–"]
