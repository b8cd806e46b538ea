"""Which pixels of a frame were edited, where compression, resampling and a drift of tone explain the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.frames import as_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

EDITED_LEVELS = 12
"""Levels by which an edited pixel lies outside of what its neighbourhood holds: above JPEG noise at quality 85."""

EDITED_TONE = 8.0
"""Levels by which the mean of a neighbourhood changes where it was edited; a generative editor drifts by up to 5."""

SAME_TONE = 2.5
"""Levels within which JPEG and resampling keep the mean of a neighbourhood."""

EDITED_AREA = 24
"""Pixels of the smallest patch that counts as edited."""


def edited_pixels(first_frame: Frame, frame: Frame) -> NDArray[np.bool_]:
    """Which pixels of an aligned frame were edited: `(height, width)`.

    A pixel counts as edited when it lies outside of the values around it in the other picture, one way or the other, or
    when the mean around it changed; neither JPEG nor resampling does that. Patches of a few pixels do not count.
    """
    window = np.ones((5, 5), np.uint8)
    before, after = (as_frame(cv2.GaussianBlur(picture, (0, 0), 1.2)) for picture in (first_frame, frame))

    def outside(values: Frame, other: Frame) -> NDArray[np.bool_]:
        above = cv2.subtract(values, cv2.dilate(other, window))
        below = cv2.subtract(cv2.erode(other, window), values)
        return as_frame(cv2.max(above, below)).max(axis=2) > EDITED_LEVELS

    toned = _tone(first_frame, frame) > EDITED_TONE
    toned &= as_frame(cv2.absdiff(before, after)).max(axis=2) > EDITED_TONE / 2
    edited = outside(after, first_frame) | outside(before, frame) | toned
    _, labels, stats, _ = cv2.connectedComponentsWithStats(as_frame(edited), connectivity=8)
    large = np.asarray(stats, np.int32)[:, cv2.CC_STAT_AREA] >= EDITED_AREA
    large[0] = False
    return large[np.asarray(labels, np.int32)]


def has_same_tone(first_frame: Frame, frame: Frame) -> bool:
    """Whether the mean of every neighbourhood stayed, as far as JPEG and resampling keep it."""
    return bool(_tone(first_frame, frame).max() <= SAME_TONE)


def _tone(first_frame: Frame, frame: Frame) -> NDArray[np.float32]:
    """By how many levels the mean of each pixel's neighbourhood changed, in the channel where it changed most."""
    difference = frame.astype(np.float32) - first_frame
    return np.abs(np.asarray(cv2.blur(difference, (33, 33)), np.float32)).max(axis=2)
