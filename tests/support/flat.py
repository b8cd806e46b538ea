"""Frames of one colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from syncedit_demo.frames import Frame


def flat(color: tuple[int, int, int], size: tuple[int, int] = (96, 64)) -> Frame:
    return np.full((size[1], size[0], 3), color, np.uint8)


def ramp(count: int) -> list[Frame]:
    """Frames whose grey level is their index times three."""
    return [flat((3 * index, 3 * index, 3 * index)) for index in range(count)]
