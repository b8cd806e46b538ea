"""ICC profiles for colours that a file names without one: three primaries, a white and a curve.

Format: ICC.1:2022 (version 4), sections 7 (profile), 9 (tags), 10 (types).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from syncedit_demo.media.hdr import WHITE_D65, to_xyz

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from syncedit_demo.media.hdr import Chromaticity, Primaries

    XYZ = NDArray[np.float64]

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of IEC 61966-2-1: (a·x + b)^g, and c·x below d."""

WHITE_D50: XYZ = np.array((0.9642, 1.0, 0.8249))
"""XYZ of the white to which every profile refers."""

BRADFORD: XYZ = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""From XYZ to the responses in which one white is adapted to another (ICC.1 annex E)."""

HEADER_BYTES = 128


def make_profile(name: str, primaries: Primaries, curve: Sequence[float], white: Chromaticity = WHITE_D65) -> bytes:
    """A profile of an RGB space.

    Args:
        name: What it is called in notes, ASCII.
        primaries: CIE 1931 (x, y) of red, green and blue.
        curve: From signal to light, both 0 to 1: the exponent alone, or the five numbers as `SRGB_CURVE` has them.
        white: CIE 1931 (x, y) of white.

    Raises:
        ValueError: There is no such space: the primaries lie on a line, or one lies nowhere.
    """
    try:
        matrix = to_xyz(primaries, white)
    except (ZeroDivisionError, np.linalg.LinAlgError) as error:
        message = "its primaries span no colours"
        raise ValueError(message) from error
    cones: XYZ = BRADFORD @ matrix
    to_d50: XYZ = BRADFORD @ WHITE_D50 / cones.sum(axis=1)
    adapted: XYZ = np.asarray(np.linalg.solve(BRADFORD, cones * to_d50[:, None]), np.float64)
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 2:
        message = "its primaries span no colours"
        raise ValueError(message)
    kind = 0 if len(curve) == 1 else 3
    parametric = b"para" + struct.pack(">IHH", 0, kind, 0) + _fixed(curve)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright"),
        b"wtpt": _xyz(WHITE_D50),
        **{tag: _xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), parametric),
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = HEADER_BYTES + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x04300000) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += _fixed(WHITE_D50)
    return header.ljust(HEADER_BYTES, b"\0") + table + body


def _fixed(values: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _xyz(values: Iterable[float]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(data), 28) + data
