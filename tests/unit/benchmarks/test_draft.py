"""The baseline that the draft engine's quality is held against."""

from __future__ import annotations

from benchmarks.draft import complain


def test_a_loss_is_named_and_a_gain_is_not() -> None:
    assert complain({"badge": 37.58, "look": 40.0}, {"badge": 37.20, "look": 41.0}) == (
        "Against the baseline badge has lost 0.38 dB."
    )
    assert not complain({"badge": 37.58}, {"badge": 37.30})


def test_what_only_rounding_tells_apart_is_no_loss() -> None:
    assert not complain({"recolour": 57.30}, {"recolour": 56.88})
    # Down to where more than rounding went.
    assert "recolour has lost" in complain({"recolour": 57.30}, {"recolour": 49.60})


def test_an_edit_that_only_one_side_has_is_named() -> None:
    assert complain({"badge": 37.58}, {"look": 40.0}) == (
        "Against the baseline badge is not in both, look is not in both."
    )
