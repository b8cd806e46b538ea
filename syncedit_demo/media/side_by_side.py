"""Two clips next to each other, each under its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from syncedit_demo.frames import Frame

LABEL_HEIGHT = 48
LABEL_SIZE = 24
LABEL_BACKGROUND = (18, 18, 20)
LABEL_COLOR = (235, 235, 238)


def side_by_side(left: Iterable[Frame], right: Iterable[Frame], labels: tuple[str, str]) -> Generator[Frame]:
    """Two clips of the same length next to each other, each under its label.

    Where the clip on the left is larger, as beside a preview, it is brought to the size of the one on the right.

    Yields:
        Frames of twice the right one's width and `LABEL_HEIGHT` more height.

    Raises:
        ValueError: One clip is longer than the other.
    """
    header: Frame | None = None
    for one, other in zip(left, right, strict=True):
        height, width = other.shape[:2]
        if header is None:
            header = _header(labels, width)
        fitted = one if one.shape == other.shape else cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA)
        yield np.vstack([header, np.hstack([fitted, other])]).astype(np.uint8, copy=False)


def _header(labels: tuple[str, str], width: int) -> Frame:
    """A strip with the two labels, (LABEL_HEIGHT, 2 * width, 3); a label that is too long is cut with an ellipsis."""
    picture = Image.new("RGB", (2 * width, LABEL_HEIGHT), LABEL_BACKGROUND)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(LABEL_SIZE)
    margin = LABEL_HEIGHT // 3
    for index, label in enumerate(labels):
        text = label
        while draw.textlength(text, font) > width - 2 * margin:
            text = text.removesuffix("…")[:-1] + "…"
        draw.text((index * width + margin, LABEL_HEIGHT // 2), text, LABEL_COLOR, font, anchor="lm")
    return np.asarray(picture)
