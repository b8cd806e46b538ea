"""Frames in which the result stands still while the reference moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Floats = NDArray[Any]
    Mask = NDArray[np.bool_]

AT_REST, NOISY = 0.1, 0.5
"""Speed in pixels a frame below which nothing moves in the reference; a result may have grain that seems to."""

AROUND = 5
"""Frames to both sides over which it is found where a reference usually changes, and how much."""

USUALLY = 75
"""Percentile of the changes over these frames that is the usual change: a clip may repeat every other frame."""

HELD = 0.06
"""Share of the reference's usual change, where it changes, below which the result shows the frame before again. Frames
that are held reach 0.05 and less at any compression, others fall below 0.1 only where the reference rests as well."""

RESTS, PLODS = 0.12, 0.4
"""Shares of its usual change below which the reference rests, and below which it moves so slowly that an encoder may
leave a frame or two out."""

WAITS = 0.25
"""Share below which a result waits where its offset leads out of the clip, to before the first frame or after the last:
the first frame of a file is coded better than those after it, which then differ."""

CALM, LEAST_CHANGE = 0.1, 1.0
"""The result is calm where it changes by less than this share of what it usually does, or nowhere by these levels: a
clip that hardly moves does not stand still for being held against one that does."""

STEADY_NOISE = 5
"""Percentile, over time, of a clip's mean change: what changes in a frame that is held is noise."""

LEVEL = 0.3
"""Levels, beyond the noise, from which a change of a cell is one."""


def rests(motion: Motion, limit: float) -> bool:
    """Whether a clip is a still picture but for noise: whether it nearly always moves by less than `limit` pixels."""
    return float(np.percentile(motion.speed, 95)) < limit


def stills(reference: Motion, result: Motion, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where the result stands still while the reference moves: (first frame, number of frames) each.

    The result stands still where it does not change although the reference usually does, there and about then. Where
    the reference rests, or repeats a frame itself, `offsets` frames before, the result may.
    """
    frames = len(offsets)
    if frames < 2:
        return []
    usual = _usual(_flat(reference))
    weight = np.maximum(0.0, usual - 2 * np.percentile(usual, 10, axis=1, keepdims=True) - LEVEL)
    places = (np.arange(frames) - offsets).clip(0, frames - 1)
    expected = _mean(usual, weight)
    own = _flat(result)
    noise = _noise(own)
    outside = (np.arange(frames) - offsets < 1) | (np.arange(frames) - offsets >= frames)
    still = _mean(own, weight[places]) - noise < np.where(outside, WAITS, HELD) * expected[places]
    calm = own.max(axis=1) - 3 * noise < LEAST_CHANGE
    mostly = np.percentile(own[1:], USUALLY, axis=0)
    own_weight = np.maximum(0.0, mostly - LEVEL)[None]
    calm |= _mean(own, own_weight) - noise < CALM * _mean(mostly[None], own_weight)
    still &= calm
    # The first frame has no motion because there is none before it.
    still[0] = False
    moves = (_mean(_flat(reference), weight) - _noise(_flat(reference))) / np.maximum(expected, 1e-6)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        run = np.arange(start, end)
        waits = outside[run]
        least_motion = np.where(waits | (np.count_nonzero(~waits) > 2), RESTS, PLODS)
        missed: list[Any] = []
        # While the result waits the offset changes; what it should show is told by the offsets before and after.
        for offset in {int(offsets[start - 1]), int(offsets[min(end, frames - 1)])}:
            shown = run - offset
            shown = np.where((shown < 1) | (shown >= frames), run, shown)
            missed.append(run[moves[shown] > least_motion])
        least = min(missed, key=len)
        if len(least):
            found.append((int(least[0]), int(least[-1] - least[0]) + 1))
    return found


def _flat(motion: Motion) -> Floats:
    return motion.change.astype(np.float32).reshape(motion.frames, -1)


def _mean(values: Floats, weight: Floats) -> Floats:
    return (values * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)


def _noise(change: Floats) -> Floats:
    """What changes of a cell by noise in each frame: no more than in the calmest frames, or than in the calmest cells."""
    calm_frames = np.percentile(change[1:].mean(axis=1), STEADY_NOISE)
    return np.minimum(2 * np.percentile(change, 10, axis=1), calm_frames)


def _usual(change: Floats) -> Floats:
    """The running percentile of each cell; frame 0, which has no change yet, is left out."""
    padded = np.pad(change[1:], ((AROUND + 1, AROUND), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1, axis=0)
    place = (2 * AROUND) * USUALLY // 100
    return np.partition(windows, place, axis=-1)[..., place]
