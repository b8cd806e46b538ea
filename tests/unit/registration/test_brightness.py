"""Frame and image by their local brightness, and one step towards where they agree."""

from __future__ import annotations

import numpy as np
import pytest

from syncedit_demo.registration.brightness import Level
from syncedit_demo.registration.maps import IDENTITY, Displacement, largest_distance, scaling
from tests.support.grey_pictures import SIZE, displaced, flat, textured

FRAME = textured()


def agreement(level: Level) -> float:
    return float(level.agreement(IDENTITY)[0].mean())


def test_relighting_leaves_what_agrees_and_a_negative_turns_it_round() -> None:
    same = agreement(Level(FRAME, FRAME, 1))
    assert 0.95 < same <= 1
    assert agreement(Level(FRAME, 40 + 0.5 * FRAME, 1)) == pytest.approx(same, abs=0.01)
    assert agreement(Level(FRAME, 255 - FRAME, 1)) == pytest.approx(-same, abs=0.01)
    assert abs(agreement(Level(FRAME, textured(2), 1))) < 0.1


def test_agreement_is_local_and_defined_where_the_image_lies() -> None:
    half = FRAME.copy()
    half[:, 100:] = textured(2)[:, 100:]
    local, covered = Level(FRAME, half, 1).agreement(IDENTITY)
    assert local[:, :80].mean() > 0.95
    assert abs(local[:, 120:].mean()) < 0.2
    assert covered.all()
    _, covered = Level(FRAME, FRAME, 1).agreement(Displacement(dx=30).matrix(SIZE))
    assert covered[:, :170].all()
    assert not covered[:, 171:].any()


@pytest.mark.parametrize(
    "by",
    [
        Displacement(dx=0.6, dy=-0.4),
        Displacement(zoom=1.01),
        Displacement(turn=-0.5),
        Displacement(dx=-0.3, zoom=0.995, turn=0.2),
    ],
    ids=str,
)
@pytest.mark.parametrize("stretches", [True, False])
def test_a_step_goes_nearly_all_of_a_short_way(by: Displacement, stretches: bool) -> None:
    image, wanted = displaced(FRAME, by)
    step = Level(FRAME, image, 1).step(IDENTITY, stretches=stretches)
    assert largest_distance(step, wanted, SIZE) < 0.1


def test_only_who_may_stretch_does() -> None:
    image, wanted = displaced(FRAME, Displacement(stretch=1.01))
    level = Level(FRAME, image, 1)
    assert largest_distance(level.step(IDENTITY, stretches=True), wanted, SIZE) < 0.15
    alike = Displacement.from_matrix(level.step(IDENTITY, stretches=False), SIZE)
    assert alike.stretch == 1
    assert alike.zoom == pytest.approx(1, abs=0.002)


def test_what_was_edited_does_not_pull() -> None:
    image, wanted = displaced(FRAME, Displacement(dx=0.5, dy=0.5))
    image[30:90, 40:120] = textured(3)[30:90, 40:120]
    assert largest_distance(Level(FRAME, image, 1).step(IDENTITY, stretches=False), wanted, SIZE) < 0.15


def test_a_step_goes_on_from_where_a_fit_is() -> None:
    image, wanted = displaced(FRAME, Displacement(dx=8, dy=-6))
    near = Displacement(dx=7.5, dy=-5.6).matrix(SIZE)
    step = Level(FRAME, image, 1).step(near, stretches=False)
    assert step[:, 2] == pytest.approx((wanted - near)[:, 2], abs=0.1)


def test_without_texture_there_is_nowhere_to_go() -> None:
    for frame, image in ((flat(), flat()), (flat(), FRAME), (FRAME, flat())):
        level = Level(frame, image, 1)
        assert np.array_equal(level.step(IDENTITY, stretches=False), IDENTITY)
        assert level.textured_share() == 0
    assert Level(FRAME, FRAME, 1).textured_share() > 0.95
    half = FRAME.copy()
    half[:, 100:] = 128
    for level in (Level(FRAME, half, 1), Level(half, FRAME, 1)):
        assert 0.4 < level.textured_share() < 0.65
    assert Level(half, FRAME, 1).textured[:, :80].all()
    assert not Level(half, FRAME, 1).textured[:, 130:].any()


def test_noise_of_a_codec_is_no_texture() -> None:
    noise = np.random.default_rng(4).normal(0, 2, FRAME.shape).astype(np.float32)
    assert Level(flat() + noise, FRAME, 1).textured_share() < 0.05


def test_a_reduced_level_knows_its_scale() -> None:
    level = Level(FRAME, textured(2)[:80, :100], 2)
    assert level.size == (100, 80)
    assert np.array_equal(level.frame_scaling, scaling(SIZE, (100, 80)))
    assert np.array_equal(level.image_scaling, scaling((100, 80), (50, 40)))
