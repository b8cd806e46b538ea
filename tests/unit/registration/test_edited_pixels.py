"""Even a small edit is found, and found where it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.registration.edited_pixels import edited_pixels, has_same_tone
from tests.support.edited_frames import HEIGHT, WIDTH, busy_scene, jpeg


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
