"""From HDR and wide-gamut colour to BT.709: one function of a pixel's R'G'B', baked into a table.

The steps for HDR, each in its standard's own terms:

1. Electro-optical transfer to light in cd/m²: PQ by SMPTE ST 2084 (ITU-R BT.2100 table 4), HLG by BT.2100 table 5
   with the system gamma 1.2 of a 1000 cd/m² display.
2. Tone mapping by the EETF of ITU-R BT.2390-11 section 5.4.1, from a 1000 cd/m² display to one whose white is the
   reference white of BT.2408 (203 cd/m²). It is applied to the largest of R, G and B, and the pixel is scaled as a
   whole: ratios between the components, and so hue and saturation, stay. HDR reference white (58 % PQ, 75 % HLG)
   comes out at 0.79 of white in light, 0.91 in signal; what is below 90 cd/m² keeps its place.
3. BT.2020 or P3 primaries to BT.709 in linear light (BT.2087). What falls outside is mixed with grey of the same
   luminance until it fits, instead of being clipped: hue stays.
4. The inverse of the BT.1886 display transfer (gamma 2.4), which is what BT.709 video is seen through.

Wide-gamut SDR takes steps 3 and 4 after BT.1886. BT.601 primaries (SMPTE C, EBU) stay as they are: the difference to
BT.709 is a few code values in saturated colours, and players leave them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.clip import ColorInfo

SOURCE_PEAK = 1000.0
"""cd/m²: the nominal peak of HLG (BT.2100), and what most PQ material is graded for; brighter parts are clipped."""

REFERENCE_WHITE = 203.0
"""cd/m²: HDR reference white, ITU-R BT.2408 section 2.1; it takes the part of SDR white."""

DISPLAY_GAMMA = 2.4
HLG_GAMMA = 1.2
LUMA_709 = np.array((0.2126, 0.7152, 0.0722))
LUMA_2020 = np.array((0.2627, 0.6780, 0.0593))

WHITE_D65 = (0.3127, 0.3290)
CHROMATICITIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""CIE 1931 (x, y) of red, green and blue, ITU-T H.273 table 2."""

HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
WIDE_PRIMARIES = ("bt2020", "smpte432")

PQ_M1, PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
PQ_C1, PQ_C2, PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073


def needs_mapping(color: ColorInfo) -> bool:
    """Whether colour of this kind has to be mapped to be shown as BT.709."""
    return color.transfer in HDR_TRANSFERS or color.primaries in WIDE_PRIMARIES


def to_bt709(signal: NDArray[np.float64], color: ColorInfo) -> NDArray[np.float64]:
    """Map R'G'B' of an HDR or wide-gamut clip to R'G'B' of BT.709.

    Args:
        signal: Shape (..., 3), full range, 0-1.
        color: How the signal encodes colour.

    Returns:
        Same shape, 0-1.
    """
    # HDR that does not say its primaries has those of BT.2100.
    primaries = color.primaries if color.primaries in WIDE_PRIMARIES else "bt709"
    if color.primaries == "unknown" and color.transfer in HDR_TRANSFERS:
        primaries = "bt2020"
    if color.transfer in HDR_TRANSFERS:
        light = pq_to_light(signal) if color.transfer == "smpte2084" else hlg_to_light(signal)
        linear = _tone_map(light) / REFERENCE_WHITE
    else:
        linear = signal**DISPLAY_GAMMA
    mapped = _into_gamut(linear @ _conversion(primaries, "bt709").T)
    return mapped ** (1 / DISPLAY_GAMMA)


def pq_to_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """PQ signal, 0-1, to light in cd/m², 0-10000 (SMPTE ST 2084)."""
    power = signal ** (1 / PQ_M2)
    return 10000 * (np.maximum(power - PQ_C1, 0) / (PQ_C2 - PQ_C3 * power)) ** (1 / PQ_M1)


def light_to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light in cd/m², 0-10000, to PQ signal, 0-1 (SMPTE ST 2084)."""
    power = (light / 10000) ** PQ_M1
    return ((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2


def hlg_to_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """HLG R'G'B', shape (..., 3), 0-1, to light in cd/m² on a 1000 cd/m² display (BT.2100 table 5)."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - HLG_C) / HLG_A) + HLG_B) / 12)
    luminance = (scene @ LUMA_2020)[..., None]
    return SOURCE_PEAK * np.where(luminance > 0, luminance, 1) ** (HLG_GAMMA - 1) * scene


def _tone_map(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring light of up to `SOURCE_PEAK` below `REFERENCE_WHITE`, by the largest component (BT.2390 EETF)."""
    peak = light_to_pq(np.array(SOURCE_PEAK))
    top = np.minimum(light.max(axis=-1, keepdims=True), SOURCE_PEAK)
    place = light_to_pq(top) / peak
    limit = float(light_to_pq(np.array(REFERENCE_WHITE)) / peak)
    knee = 1.5 * limit - 0.5
    t = np.maximum(place - knee, 0) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * limit
    mapped = pq_to_light(np.where(place < knee, place, spline) * peak)
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    return light * (mapped / brightest)


def _into_gamut(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix colours outside 0-1 with grey of their own luminance until they are inside."""
    grey = np.clip((linear @ LUMA_709)[..., None], 0, 1)
    low, high = linear.min(axis=-1, keepdims=True), linear.max(axis=-1, keepdims=True)
    from_below = np.where(low < 0, grey / np.maximum(grey - low, 1e-12), 1)
    from_above = np.where(high > 1, (1 - grey) / np.maximum(high - grey, 1e-12), 1)
    return np.clip(grey + np.minimum(from_below, from_above) * (linear - grey), 0, 1)


def _conversion(source: str, target: str) -> NDArray[np.float64]:
    """Matrix from linear RGB of one set of primaries to another, both of white D65."""
    return np.linalg.inv(_to_xyz(target)) @ _to_xyz(source)


def _to_xyz(primaries: str) -> NDArray[np.float64]:
    def xyz(point: tuple[float, float]) -> NDArray[np.float64]:
        x, y = point
        return np.array((x / y, 1, (1 - x - y) / y))

    columns = np.stack([xyz(point) for point in CHROMATICITIES[primaries]], axis=1)
    return columns * np.linalg.solve(columns, xyz(WHITE_D65))
