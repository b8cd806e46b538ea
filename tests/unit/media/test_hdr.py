from __future__ import annotations

import colorsys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.media.display import ColorInfo
from syncedit_demo.media.hdr import ColorMapper, conversion, light_to_pq, needs_mapping, pq_to_light, tone_map

PQ = ColorInfo("bt2020", "smpte2084", "bt2020nc", full_range=False)
HLG = ColorInfo("bt2020", "arib-std-b67", "bt2020nc", full_range=False)
P3 = ColorInfo("smpte432", "bt709", "bt709", full_range=False)
WIDE = ColorInfo("bt2020", "bt2020-10", "bt2020nc", full_range=False)
shares = st.floats(0, 1)


@cache
def mapper(color: ColorInfo) -> ColorMapper:
    return ColorMapper(color)


def mapped(color: ColorInfo, *signal: float) -> list[int]:
    red, green, blue = (np.array([[round(65535 * part)]], dtype=np.uint16) for part in signal)
    return mapper(color).map(red, green, blue)[0, 0].tolist()


def test_what_needs_mapping() -> None:
    assert all(needs_mapping(color) for color in (PQ, HLG, P3, WIDE))
    assert not needs_mapping(ColorInfo("smpte170m", "smpte170m", "smpte170m", full_range=False))
    assert not needs_mapping(ColorInfo("unknown", "unknown", "unknown", full_range=True))


def test_pq_has_the_values_of_the_standard() -> None:
    """BT.2408 table 1: 100, 203 and 1000 cd/m² are 51, 58 and 75 % PQ."""
    signals = light_to_pq(np.array((0.0, 100.0, 203.0, 1000.0, 10000.0)))
    assert np.abs(signals - (0, 0.508, 0.581, 0.752, 1)).max() < 1e-3


@given(st.floats(0, 10000))
def test_pq_goes_both_ways(light: float) -> None:
    assert abs(float(pq_to_light(light_to_pq(np.array(light)))) - light) < 1e-6 * max(light, 1)


def test_tone_mapping_keeps_the_dark_and_ends_at_white() -> None:
    light = np.linspace(0, 1000, 2001)
    result = tone_map(light)
    assert (np.diff(result) > 0).all()
    assert np.abs(result[light < 87] - light[light < 87]).max() < 1e-6
    assert abs(result[-1] - 203) < 1e-6
    assert 0.75 < float(tone_map(np.array(203.0))) / 203 < 0.8


@pytest.mark.parametrize("color", [PQ, HLG, P3, WIDE])
@given(level=shares)
def test_grey_stays_grey_and_brighter_is_brighter(color: ColorInfo, level: float) -> None:
    grey = mapped(color, level, level, level)
    assert max(grey) - min(grey) <= 1
    brighter = mapped(color, *[min(1, level + 0.05)] * 3)
    assert brighter[0] >= grey[0]


@pytest.mark.parametrize("color", [P3, WIDE])
def test_white_and_black_of_wide_gamut_are_white_and_black(color: ColorInfo) -> None:
    assert mapped(color, 1, 1, 1) == [255, 255, 255]
    assert mapped(color, 0, 0, 0) == [0, 0, 0]


def test_bt709_colors_survive_the_way_through_wide_gamut() -> None:
    for code in np.random.default_rng(5).uniform(0.05, 1, (50, 3)):
        wide = (conversion("bt709", "bt2020") @ code**2.4) ** (1 / 2.4)
        assert np.abs(np.array(mapped(WIDE, *wide)) - code * 255).max() <= 1


@given(shares, st.floats(0.05, 1), st.floats(20, 900))
def test_hue_is_kept_in_tone_mapping(hue: float, saturation: float, light: float) -> None:
    """In BT.709 light the ratios between components stay, as far as levels tell: each is rounded by half of one."""
    color = np.array(colorsys.hsv_to_rgb(hue, saturation, 1.0))
    wide = conversion("bt709", "bt2020") @ (color * light)
    codes = np.array(mapped(PQ, *light_to_pq(wide)))
    assert np.abs(codes - codes.max() * color ** (1 / 2.4)).max() <= 1.1


@pytest.mark.parametrize("color", [PQ, HLG, WIDE, P3])
@given(signal=st.tuples(shares, shares, shares))
def test_every_signal_gives_a_color(color: ColorInfo, signal: tuple[float, float, float]) -> None:
    assert all(0 <= code <= 255 for code in mapped(color, *signal))
