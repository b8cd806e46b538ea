"""The arithmetic of displacements."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.registration.maps import IDENTITY, Displacement, compose, inverse, largest_distance, scaling
from tests.support.edited_frames import HEIGHT, SIZE, WIDTH, similarities


@given(similarities)
def test_similarity_and_matrix_are_one_to_one(similarity: Displacement) -> None:
    again = Displacement.from_matrix(similarity.matrix(SIZE), SIZE)
    assert largest_distance(again.matrix(SIZE), similarity.matrix(SIZE), SIZE) < 1e-9
    assert abs(again.zoom - similarity.zoom) < 1e-12
    assert abs(again.turn - similarity.turn) < 1e-9


@given(similarities)
def test_a_map_and_its_inverse_are_no_displacement(similarity: Displacement) -> None:
    matrix = similarity.matrix(SIZE)
    assert largest_distance(compose(matrix, inverse(matrix)), IDENTITY, SIZE) < 1e-9


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000))
def test_scaling_takes_corners_of_the_picture_to_corners(w: int, h: int, w2: int, h2: int) -> None:
    matrix = scaling((w, h), (w2, h2))
    assert np.allclose(matrix @ (-0.5, -0.5, 1), (-0.5, -0.5))
    assert np.allclose(matrix @ (w - 0.5, h - 0.5, 1), (w2 - 0.5, h2 - 0.5))


@given(similarities, st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1))
def test_no_pixel_is_displaced_by_more_than_the_largest_displacement(
    similarity: Displacement, x: float, y: float
) -> None:
    way = similarity.matrix(SIZE) @ (x, y, 1) - (x, y)
    assert math.hypot(*way) <= similarity.largest_displacement(SIZE) + 1e-9
