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

HELD, SHORTLY_HELD = 0.1, 0.06
"""Share of the reference's usual change, where it changes, below which a run of frames shows one picture, and below
which one or two frames do."""

NEARLY = 0.25
"""Share that no frame of such a run exceeds: an encoder mends a picture for a few frames before it repeats it."""

WAITS = 0.6
"""The same where a late result waits for the reference's first frame, so that it is expected to: the first frame of a
file is coded better than those after it, and they differ."""

VISIBLE = 1.2
"""How much the reference usually changes, by the result's noise, for anyone to see that the result does not."""

RESTS, PLODS = 0.12, 0.4
"""Shares of its usual change below which the reference rests, and below which it moves so slowly that an encoder may
leave a frame or two out."""

CALM, LEAST_CHANGE = 0.1, 1.0
"""A result is calm where it changes by less than this share of what it usually does, or nowhere by these levels: a clip
that hardly moves does not stand still for being held against one that does."""

STEADY_NOISE = 5
"""Percentile, over time, of a clip's mean change: what changes in a frame that is held is noise."""

UNSTEADY_NOISE = 1.06
"""How much more the square of noise can be from one frame to the next."""

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
    times = np.arange(frames)
    places = (times - offsets).clip(0, frames - 1)
    given, own = _flat(reference), _flat(result)
    usual = _usual(given)
    weight = np.maximum(0.0, usual - 2 * np.percentile(usual, 10, axis=1, keepdims=True) - LEVEL)
    expected = _weighted(usual, weight)
    moves = _share(given, weight, usual)
    shows = _share(own, weight[places], usual[places])
    mostly = np.percentile(own[1:], USUALLY, axis=0, keepdims=True)
    stirs = _share(own, np.maximum(0.0, mostly - LEVEL), mostly)
    # Noise of the cells of a picture is three times its mean at most.
    loudest = own.max(axis=1) - 3 * _noise(own)

    def is_calm(run: NDArray[np.int64]) -> bool:
        return float(stirs[run].mean()) < CALM or float(loudest[run].mean()) < LEAST_CHANGE

    before, after = times < 1 + offsets[0], times >= frames + offsets[-1]
    before[0] = False
    found: list[tuple[int, int]] = []
    still = (shows < NEARLY) & (expected[places] > VISIBLE * _noise(own))
    for waiting, most in ((times[before], WAITS), (times[after], NEARLY)):
        # The last of them may be coded anew for what comes after it.
        if len(waiting) and (shows[waiting[:-1] if len(waiting) > 1 else waiting] < most).all():
            still[waiting] = False
            if float(moves[waiting].max()) > RESTS and (len(waiting) < 3 or is_calm(waiting)):
                found.append((int(waiting[0]), len(waiting)))
    # The first frame has no motion because there is none before it.
    still[0] = False
    for start, end in _runs(still):
        run = times[start:end]
        is_short = len(run) < 3
        if float(shows[run].mean()) > (SHORTLY_HELD if is_short else HELD) or not is_calm(run):
            continue
        missed: list[NDArray[np.int64]] = []
        # While the result waits the offset changes; what it should show is told by the offsets before and after.
        for offset in {int(offsets[start - 1]), int(offsets[min(end, frames - 1)])}:
            shown = (run - offset).clip(1, frames - 1)
            missed.append(run[moves[shown] > (PLODS if is_short else RESTS)])
        if min(map(len, missed)):
            moving = np.unique(np.concatenate(missed))
            # Of a freeze the reference may have rested at either end, for a frame that it repeats itself.
            more = 1 if len(moving) > 2 else 0
            held = run[shows[run] < HELD]
            first = max(int(moving[0]) - more, int(held[0]))
            last = min(int(moving[-1]) + more, int(held[-1]))
            found.append((first, last - first + 1))
    return sorted(found)


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """Where a mask is set: (first, behind the last) of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _flat(motion: Motion) -> Floats:
    return motion.change.astype(np.float32).reshape(motion.frames, -1)


def _weighted(values: Floats, weight: Floats) -> Floats:
    return (values * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)


def _share(change: Floats, weight: Floats, usual: Floats) -> Floats:
    """How much changes in each frame where it is weighted, noise left out, against what usually does."""
    signal = np.square(_weighted(change, weight)) - UNSTEADY_NOISE * np.square(_noise(change))
    return np.sqrt(np.maximum(0.0, signal)) / np.maximum(_weighted(usual, weight), 1e-6)


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
