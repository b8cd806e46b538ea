"""Where a clip's first picture comes: many begin black, blank, or in the middle of being faded in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    Thumbnail = NDArray[np.float32]

THUMBNAIL = (64, 36)
LOOK_AHEAD = 250
"""Frames after which no first picture is looked for any more."""

BLANK_CONTRAST = 2.5
"""Standard deviation of a thumbnail's luma, in levels of 0-255, up to which there is nothing to be seen in it."""

FADE_STEP = 1.01
"""By how much each frame of a fade has more contrast than the one before, at least."""

FADE_LIKENESS = 0.9
"""Correlation of a fade's frames with those before, at least: the same picture comes out."""

FADE_GAIN = 1.25
"""By how much the contrast grows in all where it was a fade, rather than a light that comes on."""


def first_picture(frames: Iterable[VideoFrame]) -> int:
    """Number of the first frame that shows what the clip shows: neither blank nor in the middle of a fade.

    Args:
        frames: Those of a clip from its first on; no more are asked for than it takes.

    Returns:
        Its number from 0; 0 also where the clip is blank for as long as is looked.
    """
    before: Thumbnail | None = None
    contrast = start = 0.0
    blank = 0
    for number, frame in enumerate(islice(frames, LOOK_AHEAD)):
        thumbnail = _thumbnail(frame)
        now = float(thumbnail.std())
        if before is None and now <= BLANK_CONTRAST:
            blank = number + 1
        elif before is None:
            before, contrast, start = thumbnail, now, now
        elif now >= FADE_STEP * contrast and _likeness(before, thumbnail) >= FADE_LIKENESS:
            before, contrast = thumbnail, now
        else:
            return number - 1 if contrast > FADE_GAIN * start else blank
    return 0 if before is None else blank


def _thumbnail(frame: VideoFrame) -> Thumbnail:
    small = frame.reformat(width=THUMBNAIL[0], height=THUMBNAIL[1], format="gray", interpolation="AREA")
    return small.to_ndarray().astype(np.float32)


def _likeness(one: Thumbnail, other: Thumbnail) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
