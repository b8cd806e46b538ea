"""By how many frames one clip's motion follows the other's, at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from syncedit_demo.sync_report.features import soft_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Floats = NDArray[Any]

MAX_OFFSET = 25
LEAST_OVERLAP = 4
"""Offsets are looked for up to 25 frames, and up to a quarter of the clip."""

SOFT_SPEED = 0.25
"""Speed in pixels a frame from which motion counts by its logarithm: a mouth counts beside an arm."""

FLOW_FLOOR, EDGE_FLOOR = 0.02, 0.002
"""Square of what is noise in a cell: below it, nothing tells one offset from another."""

TELLING = 0.5
"""Share by which edges have to fit better at one offset than at any to count in full: on another texture they tell
nothing, and then they shall not mislead."""

JUMP = 1.0
"""What a change of the offset by one frame costs, in frames whose evidence is all against it."""

RATES = np.arange(-24, 25) / 200
"""Frames of offset gained a frame that are tried as a steady drift: up to an eighth."""

NEAREST = 0.002
"""What each frame of offset costs per frame: of the equal peaks of a motion that repeats, the nearest is taken."""


def follow_offset(reference: Motion, result: Motion) -> NDArray[np.int64]:
    """How many frames the result is behind the reference at each of its frames; negative where it is ahead.

    Every pair of frames up to `MAX_OFFSET` apart is compared by where things move (flow, as vectors) and by what has
    changed its place (edges against their mean over time, which tells even under constant motion). The offsets are
    those of the cheapest path through these comparisons, by dynamic programming (Sakoe and Chiba, 1978), or of a steady
    drift that is cheaper still; it costs as much as one jump.

    Args:
        reference: Motion of the reference.
        result: Motion of the result, as many frames on the same grid.
    """
    frames = reference.frames
    most = min(MAX_OFFSET, frames // LEAST_OVERLAP)
    flows = soft_flow(reference.flow, SOFT_SPEED), soft_flow(result.flow, SOFT_SPEED)
    cost = _mismatch(*flows, most, FLOW_FLOOR)
    places = _mismatch(_deviation(reference.edges), _deviation(result.edges), most, EDGE_FLOOR)
    told = 1 - float(places.sum(axis=0).min()) / max(float(places.sum(axis=0).mean()), 1e-6)
    cost += min(1.0, told / TELLING) * places
    offsets = np.arange(-most, most + 1)
    cost += NEAREST * np.abs(offsets)
    jumps = JUMP * np.abs(offsets[:, None] - offsets)
    total = cost[0]
    came_from = np.zeros(cost.shape, np.int64)
    for index in range(1, frames):
        reached = total[:, None] + jumps
        came_from[index] = reached.argmin(axis=0)
        total = reached.min(axis=0) + cost[index]
    path = np.empty(frames, np.int64)
    path[-1] = total.argmin()
    for index in range(frames - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    times = np.arange(frames)
    lines = np.rint(RATES[:, None, None] * times + np.arange(2 * most + 1)[:, None]).astype(np.int64)
    lines = lines.reshape(-1, frames)
    lines = lines[((lines >= 0) & (lines <= 2 * most)).all(axis=1)]
    prices = cost[times, lines].sum(axis=1)
    return offsets[path if total.min() <= prices.min() + JUMP else lines[prices.argmin()]]


def shifted(motion: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[Any]:
    """For each frame of the result what the reference shows `offsets` frames before, held at both ends."""
    places = np.arange(len(motion)) - offsets
    return motion[places.clip(0, len(motion) - 1)]


def _deviation(edges: Floats) -> Floats:
    exact = edges.astype(np.float32)
    return exact - exact.mean(axis=0)


def _mismatch(reference: Floats, result: Floats, most: int, floor: float) -> NDArray[np.float64]:
    """Squared difference of each frame of the result from the reference at each offset.

    Returns:
        Shape (frames, 2 * most + 1), 1 on average for what has nothing to do with each other. Where an offset leads
        out of the clip, the clip's first or last frame counts as held.
    """
    frames = len(reference)
    one, other = reference.reshape(frames, -1), result.reshape(frames, -1)
    energy = np.square(one).sum(axis=1), np.square(other).sum(axis=1)
    scale = float(np.mean(energy)) * 2 + floor * one.shape[1]
    difference = (energy[1][:, None] + energy[0] - 2 * other @ one.T) / scale
    places = np.arange(frames)[:, None] - np.arange(-most, most + 1)
    return np.take_along_axis(difference, places.clip(0, frames - 1), axis=1)
