"""What is measured of the motion from one frame to the next, on pictures whose motion is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from syncedit_demo.sync_report.features import analysis_size, measure_motion, soft_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

SIZE, TALL = (128, 96), (96, 128)


def texture(size: tuple[int, int] = (192, 160), seed: int = 1) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(30, 226, (size[1] // 6, size[0] // 6), dtype=np.uint8)
    gray = cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB).astype(np.uint8)


def panning(count: int, step: tuple[int, int], scale: int = 1) -> list[Frame]:
    """Pictures of 128×96 times a scale whose content moves by (x, y) pixels of the scale each."""
    ground = np.kron(texture(), np.ones((scale, scale, 1), np.uint8))
    width, height = (scale * side for side in SIZE)
    starts = [(scale * (32 - step[0] * index), scale * (32 - step[1] * index)) for index in range(count)]
    return [np.ascontiguousarray(ground[y : y + height, x : x + width]) for x, y in starts]


@pytest.mark.parametrize(
    ("size", "analysed"),
    [
        ((256, 256), (256, 256)),
        ((1024, 1024), (256, 256)),
        ((1920, 1080), (344, 192)),
        ((1080, 1920), (192, 344)),
        ((192, 144), (192, 144)),
        ((100, 75), (96, 72)),
        ((10, 5), (16, 16)),
    ],
)
def test_pictures_are_analysed_in_whole_cells_and_never_enlarged_by_more_than_that_takes(
    size: tuple[int, int], analysed: tuple[int, int]
) -> None:
    assert analysis_size(size) == analysed


@pytest.mark.parametrize("step", [(2, 0), (0, -2), (-3, 1)])
@pytest.mark.parametrize("scale", [1, 2])
def test_flow_is_where_things_go_in_pixels_of_the_analysis(step: tuple[int, int], scale: int) -> None:
    found = measure_motion(panning(4, step, scale), SIZE)
    assert found.frames == 4
    assert found.side == 128
    assert found.flow.shape == found.edges.shape == (4, 12, 16, 2)
    assert found.change.shape == (4, 12, 16)
    assert not found.flow[0].any()
    assert not found.change[0].any()
    assert found.speed[0] == 0
    inner = found.flow[1:, 2:-2, 2:-2].astype(np.float32)
    assert np.median(inner, axis=(0, 1, 2)) == pytest.approx(step, abs=0.15)
    assert np.abs(inner - step).mean() < 0.3
    assert found.speed[1:] == pytest.approx([np.hypot(*step)] * 3, rel=0.25)


def test_change_is_in_levels_cell_by_cell() -> None:
    first = np.full((96, 128, 3), 100, np.uint8)
    second = first.copy()
    second[48:, 64:] = 130
    found = measure_motion([first, second, first, first], SIZE)
    assert found.change[1, 7:, 9:] == pytest.approx(30)
    assert found.change[2, 7:, 9:] == pytest.approx(30)
    assert not found.change[:, :5].any()
    assert not found.change[:, :, :7].any()
    assert not found.change[3].any()


@pytest.mark.parametrize("strength", [4, 12])
def test_noise_on_a_wall_counts_for_a_third_of_what_it_seems_to_move(strength: float) -> None:
    noise = np.random.default_rng(3)
    wall = [np.clip(120 + noise.normal(0, strength, (96, 128, 3)), 0, 255).astype(np.uint8) for _ in range(4)]
    found = measure_motion(wall, SIZE)
    gray = [cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (0, 0), 1.0) for frame in wall[:2]]
    raw = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(gray[1], gray[0], np.empty(0))
    seeming = np.linalg.norm(cv2.resize(raw, (16, 12), interpolation=cv2.INTER_AREA), axis=-1)
    counted = np.linalg.norm(found.flow[1].astype(np.float32), axis=-1)
    assert 0.2 < counted.mean() / seeming.mean() < 0.45


def test_what_is_finer_than_the_analysis_is_evened_out() -> None:
    even = np.full((96, 128, 3), 100, np.uint8)
    for stripes in (np.s_[:, ::2], np.s_[::2]):
        grain = even.copy()
        grain[stripes] = 200
        other = np.where(grain == 200, 100, 200).astype(np.uint8)
        assert measure_motion([grain, other], SIZE).change[1, 1:-1, 1:-1].max() < 5
    large = np.full((384, 512, 3), 100, np.uint8)
    for y, x in ((1, 1), (1, 2), (2, 1), (2, 2)):
        large[y::4, x::4] = 200
    assert measure_motion([large, np.full_like(large, 125)], SIZE).change[1].max() < 2


def test_an_edge_is_a_rise_in_levels_a_pixel_over_what_the_picture_has() -> None:
    ramp = np.repeat(np.repeat((2 * np.arange(96)).astype(np.uint8)[:, None], 128, axis=1)[..., None], 3, axis=2)
    edges = measure_motion([ramp], SIZE).edges[0].astype(np.float32)
    # Two levels, against one on average of both directions, and one more.
    assert edges[1:-1, 1:-1, 1] == pytest.approx(1, abs=0.05)
    assert edges[..., 0].max() < 0.01


def test_edges_are_told_by_their_direction_and_against_the_picture_s_own() -> None:
    stripes = np.zeros((96, 128, 3), np.uint8)
    stripes[:, np.arange(128) // 8 % 2 == 1] = 200
    upright, lying = (
        measure_motion([picture], size).edges[0].astype(np.float32)
        for picture, size in ((stripes, SIZE), (np.ascontiguousarray(stripes.transpose(1, 0, 2)), TALL))
    )
    assert upright[1:-1, 1:-1, 0].min() > 1.5
    assert upright[..., 1].max() < 0.01
    assert lying.transpose(1, 0, 2)[..., ::-1] == pytest.approx(upright, abs=0.02)
    faint = measure_motion([(stripes // 2).astype(np.uint8)], SIZE).edges[0].astype(np.float32)
    # Half the contrast makes nearly the same of a picture with strong edges, and less of one without.
    assert faint == pytest.approx(upright, rel=0.15, abs=0.02)
    barely = measure_motion([(stripes // 100).astype(np.uint8)], SIZE).edges[0].astype(np.float32)
    assert barely.min() >= 0
    assert barely.max() < 0.5 * upright.max()


def test_soft_flow_keeps_direction_and_tells_slow_from_fast_by_ratio() -> None:
    flow = np.array([[[[0, 0], [3, 4], [-0.3, 0.4], [0, 25]]]], np.float16)
    soft = soft_flow(flow, 0.5)
    lengths = np.linalg.norm(soft, axis=-1)[0, 0]
    assert lengths == pytest.approx(np.log1p(np.array((0, 5, 0.5, 25)) / 0.5), rel=0.002)
    assert soft[0, 0, 1] / lengths[1] == pytest.approx((0.6, 0.8), abs=0.001)
    assert soft[0, 0, 2] / lengths[2] == pytest.approx((-0.6, 0.8), abs=0.001)
