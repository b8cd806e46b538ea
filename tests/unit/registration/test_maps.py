"""The arithmetic of displacements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.registration.maps import (
    IDENTITY,
    Displacement,
    centre,
    compose,
    coverage,
    inverse,
    largest_distance,
    scaling,
)
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


def test_a_displacement_says_where_content_goes() -> None:
    x, y = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    assert centre(SIZE).tolist() == [x, y]
    assert np.allclose(Displacement(dx=3, dy=-2).matrix(SIZE) @ (x, y, 1), (x + 3, y - 2))
    assert np.allclose(Displacement(zoom=1.5).matrix(SIZE) @ (x + 10, y, 1), (x + 15, y))
    # Down is clockwise of right.
    assert np.allclose(Displacement(turn=90).matrix(SIZE) @ (x + 10, y, 1), (x, y + 10))
    wide = Displacement(stretch=1.21).matrix(SIZE)
    assert np.allclose(wide @ (x + 10, y, 1), (x + 11, y))
    assert np.allclose(wide @ (x, y + 11, 1), (x, y + 10))


@settings(max_examples=30)
@given(similarities, st.floats(0.8, 1.25))
def test_a_stretch_is_told_from_a_zoom_and_a_turn(similarity: Displacement, stretch: float) -> None:
    stretched = replace(similarity, stretch=stretch)
    again = Displacement.from_matrix(stretched.matrix(SIZE), SIZE)
    for name in ("dx", "dy", "zoom", "turn", "stretch"):
        assert math.isclose(getattr(again, name), getattr(stretched, name), rel_tol=1e-6, abs_tol=1e-6)


def test_the_inner_map_is_applied_first() -> None:
    zoom, shift = Displacement(zoom=2).matrix((1, 1)), Displacement(dx=5).matrix((1, 1))
    assert np.allclose(compose(zoom, shift) @ (1, 1, 1), (12, 2))
    assert np.allclose(compose(shift, zoom) @ (1, 1, 1), (7, 2))


def test_two_maps_differ_most_at_a_corner() -> None:
    assert math.isclose(largest_distance(Displacement(dx=3, dy=4).matrix(SIZE), IDENTITY, SIZE), 5)
    around = Displacement(zoom=1.1).matrix((101, 61))
    assert math.isclose(largest_distance(around, IDENTITY, (101, 61)), math.hypot(5, 3))
    corner = np.array([[1.1, 0, 0], [0, 1, 0]])
    assert math.isclose(largest_distance(corner, IDENTITY, (101, 61)), 10)


def test_covered_is_what_lies_on_the_image_to_its_outermost_half_pixels() -> None:
    for shift, first, last in ((0, 0, 9), (0.5, 0, 9), (-0.5, 0, 9), (0.6, 0, 8), (-0.6, 1, 9), (3, 0, 6), (-3, 3, 9)):
        covered = coverage((10, 8), np.array([[1, 0, shift], [0, 1, 0]]), (10, 8))
        assert covered.shape == (8, 10)
        assert np.array_equal(covered, np.tile((np.arange(10) >= first) & (np.arange(10) <= last), (8, 1)))
        upright = coverage((8, 10), np.array([[1, 0, 0], [0, 1, shift]]), (8, 10))
        assert np.array_equal(upright, covered.T)
    turned = coverage((10, 10), np.array([[0, 1, 0], [1, 0, 4.0]]), (10, 10))
    assert np.array_equal(turned, np.tile(np.arange(10) <= 5, (10, 1)))
