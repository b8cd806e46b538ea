"""Even a small edit is found, and found where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.registration.edited_pixels import edited_pixels, has_same_tone
from tests.support.edited_frames import HEIGHT, WIDTH, busy_scene, jpeg

if TYPE_CHECKING:
    from syncedit_demo.frames import Frame


@settings(max_examples=30)
@given(x=st.integers(0, WIDTH - 12), y=st.integers(0, HEIGHT - 12), seed=st.integers(0, 5))
def test_a_tiny_logo_is_not_nothing(x: int, y: int, seed: int) -> None:
    first = busy_scene(seed)
    edited = first.copy()
    edited[y : y + 12, x : x + 12] = (255, 0, 90)
    edited[y + 4 : y + 8, x + 3 : x + 9] = (0, 255, 255)
    pixels = edited_pixels(first, jpeg(edited, 90))
    assert pixels.any()
    ys, xs = np.nonzero(pixels)
    assert abs(float(ys.mean()) - (y + 5.5)) < 6
    assert abs(float(xs.mean()) - (x + 5.5)) < 6


def test_the_tone_is_the_same_within_two_levels_and_a_half_wherever_one_looks() -> None:
    grey = np.full((80, 80, 3), 128, np.uint8)
    assert has_same_tone(grey, grey + np.uint8(2))
    assert has_same_tone(grey, grey - np.uint8(2))
    assert not has_same_tone(grey, grey - np.uint8(3))
    for channel in range(3):
        patch = grey.copy()
        patch[40:73, 40:73, channel] += 3
        assert not has_same_tone(grey, patch)


def lighter(patch: int, by: int, around: int = 0) -> Frame:
    """Grey that is lighter by so many levels in the middle, a square of so many pixels, and around it by others."""
    frame = np.full((160, 160, 3), 100 + around, np.uint8)
    start = 80 - patch // 2
    frame[start : start + patch, start : start + patch] = 100 + by
    return frame


def is_edited(frame: Frame) -> tuple[bool, bool]:
    """Whether the middle, and the corner, of grey that became such a frame counts as edited."""
    pixels = edited_pixels(lighter(0, 0), frame)
    return bool(pixels[80, 80]), bool(pixels[2, 2])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_patch_is_edited_from_thirteen_levels_on(sign: int) -> None:
    assert is_edited(lighter(16, sign * 12)) == (False, False)
    assert is_edited(lighter(16, sign * 13)) == (True, False)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_tone_is_edited_above_eight_levels(sign: int) -> None:
    assert is_edited(lighter(0, 0, sign * 8)) == (False, False)
    assert is_edited(lighter(0, 0, sign * 9)) == (True, True)


@pytest.mark.parametrize("sign", [1, -1])
def test_of_a_changed_neighbourhood_what_hardly_changed_itself_is_not_edited(sign: int) -> None:
    assert is_edited(lighter(16, sign * 4, sign * 11)) == (False, True)
    assert is_edited(lighter(16, sign * 5, sign * 11)) == (True, True)


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("upright", [True, False])
def test_a_thin_line_that_is_drawn_or_taken_away_is_edited(level: int, upright: bool) -> None:
    lined = lighter(0, 0)
    lined[40:120, 79:81] = level
    if upright:
        lined = np.ascontiguousarray(lined.transpose(1, 0, 2))
    for first, frame in ((lighter(0, 0), lined), (lined, lighter(0, 0))):
        pixels = edited_pixels(first, frame)
        assert pixels[80, 80]
        assert pixels.sum() < 80 * 8


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_edge_that_resampling_moved_by_two_pixels_is_not_edited(by: int, axis: int) -> None:
    edge = lighter(0, 0)
    edge[:80] = 70
    edge = edge if axis == 0 else np.ascontiguousarray(edge.transpose(1, 0, 2))
    assert not edited_pixels(edge, np.roll(edge, by, axis))[40:120, 40:120].any()


def test_a_row_of_dots_is_noise() -> None:
    dotted = lighter(0, 0)
    dotted[80, 20:140:2] = 156
    assert not edited_pixels(lighter(0, 0), dotted).any()
    assert not edited_pixels(lighter(0, 0), np.ascontiguousarray(dotted.transpose(1, 0, 2))).any()
