"""Where one small picture lies in another."""

from __future__ import annotations

import numpy as np
import pytest

from syncedit_demo.registration.aligner import Aligner
from syncedit_demo.registration.maps import IDENTITY, Displacement, largest_distance
from tests.support.grey_pictures import SIZE, displaced, flat, textured

FRAME = textured()
TURNED = Displacement(dx=2, zoom=1.1, turn=3)
STRETCHED = Displacement(dx=4, stretch=1.05)


def test_features_tell_where_a_scene_lies() -> None:
    image, wanted = displaced(FRAME, TURNED)
    found = Aligner(FRAME, image).by_features()
    assert len(found) == 1
    assert largest_distance(found[0], wanted, SIZE) < 0.3
    # What an edit moved lies elsewhere, and is found, too.
    other, away = displaced(FRAME, Displacement(dx=-12, dy=9))
    image[:70] = other[:70]
    both = Aligner(FRAME, image).by_features()
    assert len(both) == 2
    assert largest_distance(both[0], wanted, SIZE) < 0.3
    assert largest_distance(both[1], away, SIZE) < 0.3


def test_features_tell_how_it_is_stretched_and_nothing_of_another_scene() -> None:
    image, wanted = displaced(FRAME, STRETCHED)
    found = Aligner(FRAME, image).by_features_stretched()
    assert found is not None
    assert largest_distance(found, wanted, SIZE) < 0.2
    too_far, _ = displaced(FRAME, Displacement(stretch=1.2))
    assert Aligner(FRAME, too_far).by_features_stretched() is None
    for image in (textured(2), flat()):
        aligner = Aligner(FRAME, image)
        assert aligner.by_features() == []
        assert aligner.by_features_stretched() is None


@pytest.mark.parametrize(("by", "stretches"), [(TURNED, False), (STRETCHED, True)], ids=["turned", "stretched"])
def test_a_map_that_is_near_is_refined_to_a_tenth_of_a_pixel(by: Displacement, stretches: bool) -> None:
    image, wanted = displaced(FRAME, by)
    near = Displacement(by.dx + 1.5, by.dy - 1, by.zoom * 1.005, by.turn + 0.3).matrix(SIZE)
    found = Aligner(FRAME, image).refine(near, stretches=stretches)
    assert largest_distance(found, wanted, SIZE) < 0.1


def test_an_image_of_another_size_is_refined_in_its_own_pixels() -> None:
    image, wanted = displaced(FRAME, Displacement(dx=3))
    part = np.ascontiguousarray(image[10:150, 20:190])
    shift = np.array([[0, 0, -20], [0, 0, -10.0]])
    found = Aligner(FRAME, part).refine(Displacement(dx=2).matrix(SIZE) + shift)
    assert largest_distance(found, wanted + shift, SIZE) < 0.1


def test_outlines_tell_where_a_scene_in_another_style_lies() -> None:
    by = Displacement(dx=-4, dy=5, zoom=1.06, turn=1)
    image, wanted = displaced(FRAME, by)
    assert largest_distance(Aligner(FRAME, 255 - image).by_structure(), wanted, SIZE) < 1.5


def test_evidence_stands_out_where_a_scene_lies_and_nowhere_else() -> None:
    image, wanted = displaced(FRAME, Displacement(dx=5, dy=-3))
    for picture in (image, 255 - image):
        aligner = Aligner(FRAME, picture)
        assert aligner.evidence(wanted) > 20
        assert aligner.evidence(IDENTITY) < 4
    assert Aligner(FRAME, textured(2)).evidence(IDENTITY) < 4
    assert Aligner(FRAME, flat()).evidence(IDENTITY) == 0
    # A part of it that lies beyond the image is no evidence against it.
    assert Aligner(FRAME, np.ascontiguousarray(FRAME[:, :100])).evidence(IDENTITY) > 10


@pytest.mark.parametrize("miss", [(-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)])
def test_a_miss_by_a_pixel_takes_no_evidence(miss: tuple[int, int]) -> None:
    image, wanted = displaced(FRAME, Displacement(dx=5, dy=-3))
    aligner = Aligner(FRAME, image)
    near = Displacement(dx=5 + miss[0], dy=-3 + miss[1]).matrix(SIZE)
    assert aligner.evidence(near) > 0.95 * aligner.evidence(wanted)


def test_blocks_vote_for_the_map_that_fits_them() -> None:
    image, wanted = displaced(FRAME, Displacement(dx=5, dy=-3))
    image[:, 100:] = FRAME[:, 100:]
    aligner = Aligner(FRAME, image)
    # Of 32 along the longer side, 7 pixels each.
    assert aligner.inliers(wanted, 0.8).shape == (23, 29)
    assert aligner.textured_blocks == 23 * 29
    moved, stayed = aligner.votes(wanted, IDENTITY, 0.8)
    assert aligner.votes(IDENTITY, wanted, 0.8) == (stayed, moved)
    assert 0.35 * 667 < moved < 0.55 * 667
    assert 0.35 * 667 < stayed < 0.55 * 667
    assert aligner.votes(wanted, wanted, 0.8) == (0, 0)
    assert aligner.inliers(IDENTITY, 0.8)[:, 16:].mean() > 0.9
    assert aligner.inliers(IDENTITY, 0.8)[:, :12].mean() < 0.1


def test_blocks_without_texture_have_no_say() -> None:
    half = FRAME.copy()
    half[:, 100:] = 128
    aligner = Aligner(half, half)
    assert 0.45 * 667 < aligner.textured_blocks < 0.65 * 667
    assert aligner.inliers(IDENTITY, 0.5).sum() == aligner.textured_blocks
    assert 0.4 < aligner.textured_share() < 0.65
    nothing = Aligner(flat(), FRAME)
    assert (nothing.textured_blocks, nothing.textured_share()) == (0, 0)
    assert not nothing.inliers(IDENTITY, 0.0).any()
