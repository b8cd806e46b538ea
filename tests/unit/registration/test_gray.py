"""What is asked of grey pictures."""

from __future__ import annotations

import numpy as np
import pytest

from syncedit_demo.registration.gray import blurred, gradient, reduced, shrunk


def test_a_gradient_is_the_rise_from_pixel_to_pixel() -> None:
    y, x = np.mgrid[0:20, 0:30].astype(np.float32)
    across, along = gradient(3 * x - 2 * y)
    assert across.dtype == along.dtype == np.float32
    assert across[1:-1, 1:-1] == pytest.approx(3)
    assert along[1:-1, 1:-1] == pytest.approx(-2)


def test_blurring_spreads_a_point_by_its_sigma() -> None:
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    spread = blurred(point, 2.0)
    assert spread.sum() == pytest.approx(1, abs=1e-3)
    away = np.arange(41) - 20
    assert (spread.sum(axis=0) * away**2).sum() == pytest.approx(4, abs=0.1)
    assert (spread.sum(axis=1) * away**2).sum() == pytest.approx(4, abs=0.1)


def test_a_pixel_of_a_smaller_picture_is_the_mean_of_those_it_covers() -> None:
    picture = np.arange(24, dtype=np.float32).reshape(4, 6)
    assert shrunk(picture, (3, 2)).tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]
    assert reduced(picture, 2).tolist() == shrunk(picture, (3, 2)).tolist()
    assert reduced(picture, 4).shape == (1, 2)
    assert reduced(picture, 100).tolist() == [[11.5]]
