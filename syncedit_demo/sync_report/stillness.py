"""Frames in which the result stands still while the reference moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Mask = NDArray[np.bool_]

AT_REST, NOISY = 0.1, 0.3
"""Speed in pixels a frame below which nothing moves in the reference; a result may have grain that seems to."""

STILL_SPEED, STILL_CHANGE = 0.25, 0.4
"""Share of the reference's usual speed and change below which a frame of the result stands still. An encoder makes even
a frame that is repeated differ a little."""

AROUND = 3
"""Frames to both sides over which the reference's usual speed is found: some of its own may be repeated."""


def nothing_moves(reference: Motion, result: Motion) -> bool:
    """Whether both clips are still pictures, but for noise."""
    fastest = (float(np.percentile(motion.speed, 95)) for motion in (reference, result))
    return all(speed < limit for speed, limit in zip(fastest, (AT_REST, NOISY), strict=True))


def stills(reference: Motion, result: Motion, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where the result stands still while the reference moves: (first frame, number of frames) each.

    Frames that the reference repeats itself, at the same time or `offsets` frames before, are no fault of the result.
    """
    usual_speed, usual_change = _usual(reference.speed), _usual(reference.change)
    still = (result.speed < STILL_SPEED * usual_speed) & (result.change < STILL_CHANGE * usual_change)
    still &= usual_speed > AT_REST
    resting = (reference.speed < STILL_SPEED * usual_speed) & (reference.change < STILL_CHANGE * usual_change)
    # The first frame has no motion because there is none before it.
    still[0] = resting[0] = False
    places = (np.arange(len(offsets)) - offsets).clip(0, len(offsets) - 1)
    excused = resting | resting[places]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end - start) for start, end in runs if float(excused[start:end].mean()) < 0.5]


def _usual(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The running median; frame 0, which has no motion yet, is left out."""
    known = values[1:] if len(values) > 1 else values
    padded = np.pad(known, (AROUND + len(values) - len(known), AROUND), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1), axis=-1)
