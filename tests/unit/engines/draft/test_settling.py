"""Flow settled on detail: how near it comes to the true motion, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from syncedit_demo.engines.draft.settling import Settler

SIDE = 160
BOX = (slice(40, 120), slice(40, 120))
EVERYWHERE = np.ones((SIDE, SIDE), np.float32)
EVEN = np.ones(3, np.float32)

Picture = NDArray[Any]


def faint(seed: int, margin: int = 20) -> Picture:
    """Skin-like texture of a few levels, with a margin around it."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.standard_normal((SIDE + 2 * margin,) * 2).astype(np.float32), (0, 0), 1.2)
    colour, strength = np.array([[190, 150, 125], [10, 9, 8]], np.float32)
    return colour + noise[..., None] * strength


def shifted(picture: Picture, flow: Picture, seed: int, margin: int = 20) -> NDArray[np.uint8]:
    """What a camera sees of the picture at the flow's places: with noise."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    x, y = columns + margin + flow[..., 0], rows + margin + flow[..., 1]
    no_second_map: Any = None
    seen: Picture = cv2.remap(picture, np.dstack([x, y]), no_second_map, cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE, 3))
    return np.clip(seen + noise + 0.5, 0, 255).astype(np.uint8)


def steady(x: float, y: float) -> Picture:
    return np.full((SIDE, SIDE, 2), (x, y), np.float32)


def error(flow: Picture, truth: Picture, where: tuple[slice, slice] = BOX) -> float:
    """Root mean square distance in pixels."""
    return float(np.sqrt(np.square((flow - truth)[where]).sum(axis=-1).mean()))


@settings(max_examples=30)
@given(x=st.floats(-6, 6), y=st.floats(-6, 6), dx=st.floats(-1, 1), dy=st.floats(-1, 1), gain=st.floats(0.8, 1.2))
def test_faint_texture_is_found_to_a_fraction_of_a_pixel(x: float, y: float, dx: float, dy: float, gain: float) -> None:
    surface, truth = faint(1), steady(x, y)
    first, frame = shifted(surface, steady(0, 0), 2), shifted(gain * surface, truth, 3)
    settled = Settler(first).settle(frame, truth + steady(dx, dy), truth, False, EVERYWHERE, gain * EVEN, BOX)
    assert error(settled, truth) < 0.15


def test_wobble_of_optical_flow_is_smoothed() -> None:
    surface, truth = faint(4), steady(1.3, -0.7)
    wobble = cv2.GaussianBlur(np.random.default_rng(5).standard_normal((SIDE, SIDE, 2)).astype(np.float32), (0, 0), 3)
    start = truth + 0.4 * wobble / wobble.std()
    settled = Settler(shifted(surface, steady(0, 0), 6)).settle(
        shifted(surface, truth, 7), start, truth, False, EVERYWHERE, EVEN, BOX
    )
    assert error(settled, truth) < 0.3 * error(start, truth)


ROWS, COLUMNS = (np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - SIDE / 2) / SIDE
SIMPLE = {
    "flat": np.dstack([6 * ROWS + 4 * COLUMNS + 1, -6 * COLUMNS + 4 * ROWS - 2]),
    "tilted": np.dstack([6 * COLUMNS + 8 * COLUMNS**2, 6 * ROWS + 8 * COLUMNS * ROWS]),
    "bent": np.dstack([8 * COLUMNS**2 - 6 * ROWS**2, 6 * COLUMNS * ROWS + 5 * COLUMNS]),
}


@pytest.mark.parametrize("truth", SIMPLE.values(), ids=SIMPLE)
def test_a_surface_that_moves_simply_does_not_wobble_at_all(truth: Picture) -> None:
    surface, plane = faint(30), steady(*truth[BOX].mean(axis=(0, 1)))
    settled = Settler(shifted(surface, steady(0, 0), 31)).settle(
        shifted(surface, truth, 32), truth + steady(0.4, 0.3), plane, False, EVERYWHERE, EVEN, BOX
    )
    assert error(settled, truth) < 0.04


def test_light_that_stays_where_it_is_does_not_pull() -> None:
    surface, truth = faint(8), steady(2, 1)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    light = (20 * np.sin(columns / 25) + 15 * np.cos(rows / 30))[..., None]
    first = np.clip(shifted(surface, steady(0, 0), 9) + light, 0, 255).astype(np.uint8)
    frame = np.clip(shifted(surface, truth, 10) + light, 0, 255).astype(np.uint8)
    settled = Settler(first).settle(frame, truth + steady(0.6, 0), truth, False, EVERYWHERE, EVEN, BOX)
    assert error(settled, truth) < 0.15


def test_what_is_covered_keeps_its_flow() -> None:
    surface, truth = faint(11), steady(1, 1)
    frame = shifted(surface, truth, 12)
    frame[60:110, 60:110] = (40, 120, 60)
    trust = EVERYWHERE.copy()
    trust[55:115, 55:115] = 0
    settled = Settler(shifted(surface, steady(0, 0), 13)).settle(frame, truth, truth, False, trust, EVEN, BOX)
    assert error(settled, truth, (slice(60, 110), slice(60, 110))) < 0.25


def test_flow_stays_as_it_is_where_a_surface_tears() -> None:
    surface = faint(14) + 2 * (faint(15) - faint(16))
    truth = steady(0, 3)
    truth[:, : SIDE // 2, 1] = -3
    start = truth + steady(0.05, 0)
    settled = Settler(shifted(surface, steady(0, 0), 17)).settle(
        shifted(surface, truth, 18), start, truth, False, EVERYWHERE, EVEN, BOX
    )
    beside_the_tear = (slice(40, 120), slice(SIDE // 2 - 4, SIDE // 2 + 4))
    assert error(settled, truth, beside_the_tear) < 0.5


@pytest.mark.parametrize(("flow_off", "plane_off"), [(0.5, 9), (9, 0.5)], ids=["flow", "plane"])
def test_the_start_that_fits_wins(flow_off: float, plane_off: float) -> None:
    surface, truth = faint(19), steady(-2, 3)
    settled = Settler(shifted(surface, steady(0, 0), 20)).settle(
        shifted(surface, truth, 21),
        truth + steady(flow_off, 0),
        truth + steady(plane_off, 0),
        True,
        EVERYWHERE,
        EVEN,
        BOX,
    )
    assert error(settled, truth) < 0.2


def test_nothing_changes_beyond_the_margin() -> None:
    surface, start = faint(22), steady(0.5, 0.5)
    frame = shifted(surface, steady(0, 0), 23)
    settled = Settler(frame).settle(frame, start, start, False, EVERYWHERE, EVEN, (slice(70, 90), slice(70, 90)))
    outside = np.ones((SIDE, SIDE), np.bool_)
    outside[50:110, 50:110] = False
    assert np.array_equal(settled[outside], start[outside])
    assert not np.array_equal(settled, start)


def test_bends_are_kept_where_only_noise_is_seen() -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    bent = np.dstack([4 * np.sin(rows / 20), 3 * np.cos(columns / 18)]).astype(np.float32)
    first, frame = (shifted(np.full((SIDE + 40,) * 2 + (3,), 200, np.float32), steady(0, 0), seed) for seed in (24, 25))
    settled = Settler(first).settle(frame, bent, steady(0, 0), False, EVERYWHERE, EVEN, BOX)
    assert error(settled, bent) < 0.35


def test_a_turn_is_kept_at_the_border_of_what_is_looked_at() -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    turn = np.dstack([0.4 * (rows - SIDE / 2), -0.4 * (columns - SIDE / 2)]).astype(np.float32)
    surface = faint(26, margin=60)
    first, frame = shifted(surface, steady(0, 0), 27, margin=60), shifted(surface, turn, 28, margin=60)
    settled = Settler(first).settle(frame, turn, turn, True, EVERYWHERE, EVEN, BOX)
    assert error(settled, turn) < 0.15


def test_a_large_surface_settles_by_its_lightness() -> None:
    side = 320
    noise = cv2.GaussianBlur(np.random.default_rng(29).standard_normal((side, side)).astype(np.float32), (0, 0), 1.2)
    first = np.clip(150 + 10 * noise[..., None] * np.ones(3, np.float32), 0, 255).astype(np.uint8)
    across, down = 3, -2
    frame = np.roll(first, (down, across), axis=(0, 1))
    truth = np.full((side, side, 2), (-across, -down), np.float32)
    box = (slice(20, 300), slice(20, 300))
    trust = np.ones((side, side), np.float32)
    settled = Settler(first).settle(frame, truth + np.float32(0.6), truth, True, trust, EVEN, box)
    assert error(settled, truth, (slice(40, 280), slice(40, 280))) < 0.05
