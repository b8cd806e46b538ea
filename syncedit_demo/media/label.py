"""A label on the picture that says what it is, to be seen wherever the clip goes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame, Size

LABEL = "AI-edited"

HEIGHT_SHARE = 1 / 24
"""Height of its letters, as a share of the picture's shorter side; never less than the `SMALLEST`."""

SMALLEST = 12
"""Height of its letters in pixels at which they can still be read after encoding."""

BACKGROUND_SHARE = 0.6
"""How much of what is behind the label its background hides: enough for white letters on a white picture."""


def labelled(frame: Frame) -> Frame:
    """The frame with the label at its bottom left, RGB uint8 (height, width, 3); the frame itself stays as it is."""
    height, width = frame.shape[:2]
    letters = _letters((width, height))
    rows, columns = letters.shape[:2]
    marked = frame.copy()
    place = marked[height - rows :, :columns]
    dark = place * (1 - BACKGROUND_SHARE)
    place[:] = np.rint(dark + (255 - dark) * letters).astype(np.uint8)
    return marked


@lru_cache(8)
def _letters(size: Size) -> NDArray[np.float32]:
    """How white each pixel of the label is, 0 to 1, float32 (rows, columns, 1), for a picture of this size."""
    side = max(SMALLEST, round(min(size) * HEIGHT_SHARE))
    font = ImageFont.load_default(side)
    margin = side // 2
    columns, rows = round(font.getlength(LABEL)) + 2 * margin, side + 2 * margin
    picture = Image.new("L", (columns, rows))
    ImageDraw.Draw(picture).text((margin, rows // 2), LABEL, 255, font, anchor="lm")
    whole = np.asarray(picture, np.float32)[: size[1], : size[0], None]
    return whole / np.float32(255)
