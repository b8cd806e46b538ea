"""Even a small edit is found, and found where it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.registration.edited_pixels import edited_pixels
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
