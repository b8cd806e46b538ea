"""From HDR and wide-gamut colour to BT.709.

The steps, each in its standard's own terms:

1. Electro-optical transfer to light: PQ by SMPTE ST 2084 (ITU-R BT.2100 table 4), HLG by BT.2100 table 5 with the
   system gamma 1.2 of a 1000 cd/m² display, SDR by BT.1886 (gamma 2.4).
2. BT.2020 or P3 primaries to BT.709 in linear light (BT.2087).
3. HDR only: tone mapping by the EETF of ITU-R BT.2390-11 section 5.4.1, from a 1000 cd/m² display to one whose white
   is the reference white of BT.2408 (203 cd/m²). It is applied to the largest of R, G and B, and the pixel is scaled
   as a whole: ratios between the components, and so hue and saturation, stay. HDR reference white (58 % PQ, 75 % HLG)
   comes out at 0.79 of white in light, 0.90 in signal; what is below 87 cd/m² keeps its place.
4. What is still outside BT.709 is mixed with grey of the same luminance until it fits, instead of being clipped: hue
   stays.
5. The inverse of BT.1886, which is what BT.709 video is seen through.

BT.601 primaries (SMPTE C, EBU) are left as they are: they differ from BT.709 by a few code values in saturated
colours, and players leave them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.display import ColorInfo

    Codes = NDArray[np.uint16]
    Light = NDArray[np.float32]
    Chromaticity = tuple[float, float]
    Primaries = tuple[Chromaticity, Chromaticity, Chromaticity]

SOURCE_PEAK = 1000.0
"""cd/m²: the nominal peak of HLG (BT.2100), and what most PQ material is graded for; brighter parts are clipped."""

REFERENCE_WHITE = 203.0
"""cd/m²: HDR reference white, ITU-R BT.2408 section 2.1; it takes the part of SDR white."""

DISPLAY_GAMMA = 2.4
HLG_GAMMA = 1.2
LUMA_709 = np.array((0.2126, 0.7152, 0.0722), dtype=np.float32)
LUMA_2020 = np.array((0.2627, 0.6780, 0.0593), dtype=np.float32)
CODES = 65536
BAND = 32
"""Rows that are mapped at a time, few enough to stay in the processor's cache."""

WHITE_D65: Chromaticity = (0.3127, 0.3290)
CHROMATICITIES: dict[str, Primaries] = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""CIE 1931 (x, y) of red, green and blue, ITU-T H.273 table 2, all of white D65."""

WIDE_PRIMARIES = ("bt2020", "smpte432")

PQ_M1, PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
PQ_C1, PQ_C2, PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073


def needs_mapping(color: ColorInfo) -> bool:
    """Whether colour of this kind has to be mapped to be shown as BT.709."""
    return color.hdr is not None or color.primaries in WIDE_PRIMARIES


class ColorMapper:
    """Maps R'G'B' of an HDR or wide-gamut clip to R'G'B' of BT.709, through tables made once."""

    def __init__(self, color: ColorInfo) -> None:
        primaries = color.primaries if color.primaries in WIDE_PRIMARIES else "bt709"
        if color.primaries == "unknown" and color.hdr is not None:
            primaries = "bt2020"
        codes = np.linspace(0, 1, CODES)
        self._is_hdr = color.hdr is not None
        self._is_hlg = color.hdr == "HLG"
        self._matrix = conversion(primaries, "bt709").astype(np.float32)
        if color.hdr == "PQ":
            light = pq_to_light(codes) / REFERENCE_WHITE
        elif self._is_hlg:
            light = hlg_to_scene(codes)
        else:
            light = codes**DISPLAY_GAMMA
        self._to_linear = light.astype(np.float32)
        levels = np.linspace(0, SOURCE_PEAK, CODES)[1:]
        gains = tone_map(levels) / levels
        self._gain = np.concatenate((gains[:1], gains)).astype(np.float32)
        # Indexed by the root of linear light, which spreads dark codes far enough apart.
        self._to_code = np.rint(255 * codes ** (2 / DISPLAY_GAMMA)).astype(np.uint8)

    def map(self, red: Codes, green: Codes, blue: Codes) -> Frame:
        """Map a picture.

        Args:
            red: R' in full range, 0-65535; shape (height, width).
            green: G', same shape.
            blue: B', same shape.

        Returns:
            R'G'B' of BT.709 in full range, 0-255; shape (height, width, 3).
        """
        picture = np.empty((*red.shape, 3), dtype=np.uint8)
        for top in range(0, red.shape[0], BAND):
            rows = slice(top, top + BAND)
            self._map_rows((red[rows], green[rows], blue[rows]), picture[rows])
        return picture

    def _map_rows(self, codes: tuple[Codes, Codes, Codes], out: Frame) -> None:
        linear: list[Light] = [np.take(self._to_linear, plane) for plane in codes]
        if self._is_hlg:
            # The system gamma works on luminance, before the change of primaries.
            system = _mix(LUMA_2020, linear) ** np.float32(HLG_GAMMA - 1) * np.float32(SOURCE_PEAK / REFERENCE_WHITE)
            linear = [cast("Light", plane * system) for plane in linear]
        linear = [_mix(row, linear) for row in self._matrix]
        if self._is_hdr:
            brightest = np.maximum(np.maximum(linear[0], linear[1]), linear[2])
            brightest *= np.float32(REFERENCE_WHITE / SOURCE_PEAK)
            gain = np.take(self._gain, (brightest * np.float32(CODES - 1)).astype(np.int32), mode="clip")
            # What is brighter than the peak is as bright as the peak.
            gain /= np.maximum(brightest, 1)
            linear = [plane * gain for plane in linear]
        for channel, plane in enumerate(_into_gamut(linear)):
            root = np.sqrt(plane) * np.float32(CODES - 1) + np.float32(0.5)
            out[..., channel] = np.take(self._to_code, root.astype(np.int32))


def pq_to_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """PQ signal, 0-1, to light in cd/m², 0-10000 (SMPTE ST 2084)."""
    power = signal ** (1 / PQ_M2)
    return 10000 * (np.maximum(power - PQ_C1, 0) / (PQ_C2 - PQ_C3 * power)) ** (1 / PQ_M1)


def light_to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light in cd/m², 0-10000, to PQ signal, 0-1 (SMPTE ST 2084)."""
    power = (light / 10000) ** PQ_M1
    return ((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2


def hlg_to_scene(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """HLG signal to scene light, both 0-1 (inverse OETF, BT.2100 table 5)."""
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - HLG_C) / HLG_A) + HLG_B) / 12)


def tone_map(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring light of 0 to `SOURCE_PEAK` cd/m² to 0 to `REFERENCE_WHITE` cd/m² (EETF of BT.2390)."""
    peak, white = (float(light_to_pq(np.array(level))) for level in (SOURCE_PEAK, REFERENCE_WHITE))
    position, limit = light_to_pq(light) / peak, white / peak
    knee = 1.5 * limit - 0.5
    t = np.maximum(position - knee, 0) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * limit
    return pq_to_light(np.where(position < knee, position, spline) * peak)


def conversion(source: str, target: str) -> NDArray[np.float64]:
    """Matrix from linear RGB of one set of primaries to another, both of white D65."""
    return np.linalg.inv(to_xyz(CHROMATICITIES[target])) @ to_xyz(CHROMATICITIES[source])


def to_xyz(primaries: Primaries, white: Chromaticity = WHITE_D65) -> NDArray[np.float64]:
    """Matrix from linear RGB, 1 each for white, to CIE XYZ, in which white has a Y of 1."""

    def xyz(point: Chromaticity) -> NDArray[np.float64]:
        x, y = point
        return np.array((x / y, 1, (1 - x - y) / y))

    columns = np.stack([xyz(point) for point in primaries], axis=1)
    return columns * np.linalg.solve(columns, xyz(white))


def _mix(weights: Light, planes: list[Light]) -> Light:
    red, green, blue = (np.float32(weight) for weight in weights)
    return cast("Light", red * planes[0] + green * planes[1] + blue * planes[2])


def _into_gamut(linear: list[Light]) -> list[Light]:
    """Mix colours outside 0-1 with grey of their own luminance until they are inside."""
    grey: Light = np.clip(_mix(LUMA_709, linear), 0, 1)
    low = np.minimum(np.minimum(linear[0], linear[1]), linear[2])
    high = np.maximum(np.maximum(linear[0], linear[1]), linear[2])
    tiny = np.float32(1e-9)
    # Part of the colour's distance from grey that is inside; at most all of it.
    inside = np.minimum(grey / np.maximum(grey - np.minimum(low, 0), tiny), 1)
    inside = np.minimum(inside, (1 - grey) / np.maximum(np.maximum(high, 1) - grey, tiny))
    return [cast("Light", np.clip(grey + inside * (plane - grey), 0, 1)) for plane in linear]
