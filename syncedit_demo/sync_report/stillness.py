"""Frames in which the result stands still while the reference moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Floats = NDArray[Any]
    Mask = NDArray[np.bool_]

AT_REST = 0.1
"""Speed in pixels a frame below which nothing moves in a reference."""

NOISY = 0.5
"""The same of a result, whose grain may seem to move."""

AROUND = 5
"""Frames to both sides over which it is found where a reference usually changes, and how much."""

USUALLY = 75
"""Percentile of the changes over these frames that is the usual change: a clip may repeat every other frame."""

HELD_CHANGE = 0.1
"""Mean change of a run of three frames or more, as a share of the reference's usual change there, up to which the run
shows one picture."""

SHORTLY_HELD_CHANGE = 0.06
"""The same of a run of one or two frames."""

LARGEST_HELD_CHANGE = 0.25
"""Share that no frame of such a run exceeds: an encoder mends a picture for a few frames before it repeats it."""

LARGEST_WAITING_CHANGE = 0.6
"""The same where a late result waits for the reference's first frame, so that it is expected to: the first frame of a
file is coded better than those after it, and they differ."""

VISIBLE_CHANGE = 1.2
"""Usual change of the reference, as a multiple of the result's noise, from which anyone sees that the result stands."""

RESTING_CHANGE = 0.12
"""Share of its usual change up to which the reference rests."""

SLOW_CHANGE = 0.4
"""Share of its usual change up to which the reference moves so slowly that an encoder may leave a frame or two out."""

CALM_CHANGE = 0.1
"""Share of its own usual change under which a result is calm: one that hardly moves does not stand still for being held
against a reference that does."""

CALM_LEVELS = 1.0
"""Change in levels of its most changing cell, beyond the noise, under which a result is calm as well."""

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
    if len(offsets) < 2:
        return []
    changes = _changes(reference, result, offsets)
    waits = _waits(changes, offsets)
    return sorted([*waits, *_freezes(changes, offsets, waits)])


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """What there is to see of each frame; shares are of what usually changes, where it does, noise left out.

    Attributes:
        shows: Share that changes in the result of what usually does in the reference.
        moves: The same of the reference itself.
        stirs: The same of the result against itself.
        loudest: Levels by which a cell of the result changes at most.
        visible: Whether the result's noise would let anyone see that it stands still.
    """

    shows: Floats
    moves: Floats
    stirs: Floats
    loudest: Floats
    visible: Mask

    def is_calm(self, run: NDArray[np.int64]) -> bool:
        return float(self.stirs[run].mean()) < CALM_CHANGE or float(self.loudest[run].mean()) < CALM_LEVELS


def _changes(reference: Motion, result: Motion, offsets: NDArray[np.int64]) -> _Changes:
    places = (np.arange(len(offsets)) - offsets).clip(0, len(offsets) - 1)
    given, own = _flat(reference), _flat(result)
    noise = _noise(own)
    usual = _usual(given)
    weight = np.maximum(0.0, usual - 2 * np.percentile(usual, 10, axis=1, keepdims=True) - LEVEL)
    mostly = np.percentile(own[1:], USUALLY, axis=0, keepdims=True)
    return _Changes(
        shows=_share(own, weight[places], usual[places]),
        moves=_share(given, weight, usual),
        stirs=_share(own, np.maximum(0.0, mostly - LEVEL), mostly),
        # Noise of the cells of a picture is three times its mean at most.
        loudest=own.max(axis=1) - 3 * noise,
        visible=_weighted(usual, weight)[places] > VISIBLE_CHANGE * noise,
    )


def _waits(changes: _Changes, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where a late result holds its first frame and an early one its last, for as long as it is late or early."""
    frames = len(offsets)
    late, early = max(0, int(offsets[0])), max(0, -int(offsets[-1]))
    found: list[tuple[int, int]] = []
    for start, length, most in ((1, late, LARGEST_WAITING_CHANGE), (frames - early, early, LARGEST_HELD_CHANGE)):
        run = np.arange(start, start + length)
        # The last of them may be coded anew for what comes after it.
        held = changes.shows[run[: max(1, length - 1)]] < most
        if length and held.all() and (length < 3 or changes.is_calm(run)):
            found.append((start, length))
    return found


def _freezes(changes: _Changes, offsets: NDArray[np.int64], waits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    still = (changes.shows < LARGEST_HELD_CHANGE) & changes.visible
    # The first frame has no motion because there is none before it.
    still[0] = False
    for start, length in waits:
        still[start : start + length] = False
    found: list[tuple[int, int]] = []
    for start, end in _runs(still):
        shows = changes.shows[start:end]
        is_short = end - start < 3
        most = SHORTLY_HELD_CHANGE if is_short else HELD_CHANGE
        if float(shows.mean()) > most or not changes.is_calm(np.arange(start, end)):
            continue
        held = np.flatnonzero(shows <= HELD_CHANGE)
        run = np.arange(start + int(held[0]), start + int(held[-1]) + 1)
        missed: list[NDArray[np.int64]] = []
        # While the result waits the offset changes; what it should show is told by the offsets before and after.
        for offset in {int(offsets[start - 1]), int(offsets[min(end, len(offsets) - 1)])}:
            shown = (run - offset).clip(1, len(offsets) - 1)
            moves = changes.moves[shown] > (SLOW_CHANGE if is_short else RESTING_CHANGE)
            # What the clip shows before its start and after its end, where it may repeat a frame, is not known.
            missed.append(run[moves & (shown == run - offset)] if is_short else run[moves])
        if min(map(len, missed)):
            moving = np.concatenate(missed)
            # Of a freeze the reference may have rested at either end, for a frame that it repeats itself.
            more = 0 if is_short else 1
            first, last = max(int(run[0]), int(moving.min()) - more), min(int(run[-1]), int(moving.max()) + more)
            found.append((first, last - first + 1))
    return found


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
    """What changes of a cell by noise in each frame: no more than in the calmest frames, or in its calmest cells."""
    calm_frames = np.percentile(change[1:].mean(axis=1), STEADY_NOISE)
    return np.minimum(2 * np.percentile(change, 10, axis=1), calm_frames)


def _usual(change: Floats) -> Floats:
    """The running percentile of each cell; frame 0, which has no change yet, is left out."""
    padded = np.pad(change[1:], ((AROUND + 1, AROUND), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1, axis=0)
    place = (2 * AROUND) * USUALLY // 100
    return np.partition(windows, place, axis=-1)[..., place]
