"""What a picture is everywhere in this program, and how its size is said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""One picture: RGB, shape (height, width, 3), 0-255, BT.709 primaries and transfer, full range."""

Size = tuple[int, int]
"""(width, height) in pixels."""


def size_of(picture: NDArray[Any]) -> Size:
    """(width, height) of a picture or of a field over its pixels."""
    height, width = picture.shape[:2]
    return width, height


def as_frame(picture: object) -> Frame:
    """A picture that OpenCV made of a frame, with the type it has."""
    return np.asarray(picture, np.uint8)
