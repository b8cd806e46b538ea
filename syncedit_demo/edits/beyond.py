"""Whether an edit is beyond the draft engine, which can be told from the first frame alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.frames import as_frame, size_of
from syncedit_demo.registration.edited_pixels import edited_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

# All of these were tuned on the eight examples, of which the draft engine carries four and fails with four.

AREA = 512 * 512
"""Pixels at which it is looked at: shapes are as plain there."""

EXPLAINED = 0.75
"""Share of an edit's energy that is a function of colour, 0 to 1, from which it is a recolouring: those that fail have
up to 0.68, of those that carry a new background has 0.43 and the others 0.84 and more."""

OUTLINE, FAINT = 18.0, 8.0
"""Slope, in levels per pixel, from which there is an outline, and below which there is none."""

LOST = 0.02
"""Share of the outlines under an edit that are gone in it from which it lies across them: 0.05 and more where the draft
engine fails, 0 under a new background."""

LEAST_LOST = 20
"""Pixels of outline that have to be gone at least."""

EDGE = 9
"""Pixels at the edge of an edit where an outline may be that of what was edited."""

EVERYWHERE = 0.7
"""Edited share of the first frame above which the whole picture is edited."""


def is_beyond_draft(first: Frame, edited: Frame) -> bool:
    """Whether an edit has new shapes: it is no function of colour, and lies across outlines of what was there.

    Args:
        first: The first frame, RGB uint8 `(height, width, 3)`.
        edited: The edited one on its grid.
    """
    first, edited = _reduced(first), _reduced(edited)
    changed = edited_pixels(first, edited)
    under = cv2.erode(changed.astype(np.uint8), np.ones((EDGE, EDGE), np.uint8)) > 0
    outlines = (_slope(first) > OUTLINE) & under
    kept = cv2.dilate((_slope(edited) > FAINT).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    lost = int((outlines & ~kept).sum())
    if lost < LEAST_LOST or lost < LOST * int(outlines.sum()):
        return False
    return ColourLookup(first, edited, everywhere=float(changed.mean()) > EVERYWHERE).explained < EXPLAINED


def _slope(picture: Frame) -> NDArray[np.float32]:
    """How much the levels change per pixel, in the channel where they change most."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x) for x in (1, 0))
    return np.asarray(np.sqrt(across * across + down * down).max(axis=2) / 4, np.float32)


def _reduced(picture: Frame) -> Frame:
    width, height = size_of(picture)
    scale = (AREA / (width * height)) ** 0.5
    if scale >= 1:
        return picture
    return as_frame(cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA))
