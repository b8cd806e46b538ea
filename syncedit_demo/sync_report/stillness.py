"""Frames in which the result stands still while the reference moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

AT_REST, NOISY = 0.1, 0.3
"""Speed in pixels a frame below which nothing moves in the reference; a result may have grain that seems to."""

STILL_SPEED, STILL_CHANGE = 0.25, 0.4
"""Share of the reference's usual speed and change below which a frame of the result stands still. An encoder makes even
a frame that is repeated differ a little."""

SAME_CHANGE = 0.1
"""Share of the reference's change below which it is the same picture, even if grain seems to move."""

QUIET = 0.5
"""Share of its median speed at which the reference is quiet; there a freeze goes on, if it is one."""

AROUND = 3
"""Frames to both sides over which the reference's usual speed is found: some of its own may be repeated."""


def rests(motion: Motion, limit: float) -> bool:
    """Whether a clip is a still picture but for noise: whether it nearly always moves by less than `limit` pixels."""
    return float(np.percentile(motion.speed, 95)) < limit


def stills(reference: Motion, result: Motion, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where the result stands still while the reference moves: (first frame, number of frames) each.

    Where the reference rests, or repeats a frame itself, at the same time or `offsets` frames before, the result may.
    """
    places = (np.arange(len(offsets)) - offsets).clip(0, len(offsets) - 1)
    usual = _usual(reference.speed)
    usual_change = _usual(reference.change)
    still = _is_below(result.speed, STILL_SPEED, usual, places)
    still &= _is_below(result.change, STILL_CHANGE, usual_change, places)
    still |= _is_below(result.change, SAME_CHANGE, usual_change, places)
    # The first frame has no motion because there is none before it.
    still[0] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        run = slice(start, end)
        # While the result waits it shows one frame of the reference, which may be a repeated one.
        shown = reference.speed[places] if end - start <= 2 else usual[places]
        moved = min(float(reference.speed[run].mean()), float(shown[run].mean()))
        changed = SAME_CHANGE * float(reference.change[run].mean())
        stands = float(result.speed[run].mean()) < STILL_SPEED * moved or float(result.change[run].mean()) < changed
        if moved > AT_REST and stands:
            found.append((start, end - start))
    return found


def _is_below(values: Floats, share: float, usual: Floats, places: NDArray[np.int64]) -> Mask:
    """Where values are small against the reference's now and where the result is in it, or against its quiet times."""
    quiet = QUIET * float(np.median(usual))
    return values < share * np.maximum(np.minimum(usual, usual[places]), quiet)


def _usual(values: Floats) -> Floats:
    """The running median; frame 0, which has no motion yet, is left out."""
    known = values[1:] if len(values) > 1 else values
    padded = np.pad(known, (AROUND + len(values) - len(known), AROUND), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1), axis=-1)
