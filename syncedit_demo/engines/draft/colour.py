"""The part of an edit that is a function of colour."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncedit_demo.engines.draft.warping import Bytes, Doubles, Floats

CELLS = 25
"""Nodes per channel of the grid that is learnt."""

LEVELS = 128
"""Entries per channel of the table it is looked up in: every other level."""

WIDENINGS = ((0.7, 0.05), (1.5, 1e-3), (3.0, 1e-5), (6.0, 1e-7), (12.0, 1e-9))
"""(blur in nodes, weight): colours that frame 0 does not hold take the change of ever more distant ones."""

FINER_ROUNDS = 2
"""Rounds of fitting what the rounds before left: one alone is blurred by its own splat."""

EXACT_SHARE = 0.95
"""Share of the edit that colour explains, 0-1, from which a colour's change counts by `TRUSTING`."""

LOOSE_SHARE = 0.75
"""Share of the edit that colour explains up to which a colour's change counts by `CERTAIN`; between, by a mixture."""

TRUSTING = (0.35, 0.75)
"""How well determined a colour's change must be, 0-1, to start to count and to count in full, where colour explains
the edit."""

CERTAIN = (0.85, 0.97)
"""The same where much of the edit is no function of colour, so that a change may be another thing's."""

NOISE = 9.0
"""Variance in levels² that is no sign of a colour's change being undetermined."""


class ColourLookup:
    """Edited colour as a function of original colour, learnt from frame 0.

    Attributes:
        explained: Share of the edit's energy that is a function of colour, 0-1.
    """

    def __init__(self, first: Bytes, edited: Bytes, *, everywhere: bool) -> None:
        """Learn the change.

        Args:
            first: Frame 0, RGB.
            edited: The edited frame 0.
            everywhere: The whole picture is edited, so that a colour that is seldom seen is edited as well.
        """
        change = edited.reshape(-1, 3).astype(np.float32) - first.reshape(-1, 3)
        energy = np.square(change).sum(axis=1)
        splat = _Splat(first.reshape(-1, 3))
        ones = np.ones(len(change), np.float32)
        index = _index(first).reshape(-1)
        grid = _filled(splat.sums(np.column_stack([ones, change])))
        rest = change - _table(grid)[index]
        # How certain a colour is must be judged before the finer rounds, which follow single samples.
        unexplained = np.square(rest).sum(axis=1)
        total = float(energy.sum())
        self.explained = max(0.0, 1 - float(unexplained.sum()) / total) if total else 1.0
        spread = _filled(splat.sums(np.column_stack([ones, unexplained])))[..., 0]
        power = np.square(grid).sum(axis=-1)
        determined = (power + NOISE) / (power + spread + NOISE)
        for _ in range(FINER_ROUNDS):
            grid += _filled(splat.sums(np.column_stack([ones, rest])))
            rest = change - _table(grid)[index]

        doubt = (
            0.0 if everywhere else float(np.clip((EXACT_SHARE - self.explained) / (EXACT_SHARE - LOOSE_SHARE), 0, 1))
        )
        low, high = (1 - doubt) * np.array(TRUSTING) + doubt * np.array(CERTAIN)
        step = np.clip((determined - low) / (high - low), 0, 1)
        self._table = _table(grid * (step * step * (3 - 2 * step))[..., None].astype(np.float32))

    def apply(self, frame: Bytes) -> Floats:
        """The frame with the colour part of the edit, float32 RGB, 0-255."""
        return np.clip(frame + self._table[_index(frame)], 0, 255)


class _Splat:
    """Trilinear sums of values at the nodes of the colour grid."""

    def __init__(self, colours: Bytes) -> None:
        cell, fraction = np.divmod(colours.astype(np.float32) * np.float32((CELLS - 1) / 255.001), 1)
        cell = cell.astype(np.int32)
        self._corners: list[tuple[NDArray[np.signedinteger], Floats]] = []
        for corner in itertools.product((0, 1), repeat=3):
            weight = np.prod(np.where(corner, fraction, 1 - fraction), axis=1)
            self._corners.append(((cell + corner) @ np.array((CELLS * CELLS, CELLS, 1)), weight))

    def sums(self, values: Floats) -> Doubles:
        """Sums of the values (count, channels) per node: shape (channels, CELLS, CELLS, CELLS)."""
        result = np.zeros((values.shape[1], CELLS**3))
        for index, weight in self._corners:
            result += np.stack([np.bincount(index, weight * column, CELLS**3) for column in values.T])
        return result.reshape(-1, CELLS, CELLS, CELLS)


def _index(picture: Bytes) -> NDArray[np.int32]:
    half = (picture >> 1).astype(np.int32)
    return (half[..., 0] << 14) | (half[..., 1] << 7) | half[..., 2]


def _filled(sums: Doubles) -> Floats:
    """Means per node from weights and weighted sums, channels last."""
    total = sums.copy()
    for sigma, share in WIDENINGS:
        distance = np.subtract.outer(np.arange(CELLS), np.arange(CELLS))
        total += share * _along_axes(sums, np.exp(-0.5 * np.square(distance / sigma)))
    return np.moveaxis(total[1:] / np.maximum(total[0], 1e-30), 0, -1).astype(np.float32)


def _along_axes(volumes: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """The matrix applied along each of the last three axes."""
    for axis in (1, 2, 3):
        volumes = np.moveaxis(np.tensordot(matrix, volumes, axes=(1, axis)), 0, axis)
    return volumes


def _table(grid: Floats) -> Floats:
    """The trilinear interpolation of the grid at every other level: shape (LEVELS³, 3)."""
    place = (np.arange(LEVELS) * 2 + 0.5) * ((CELLS - 1) / 255.001)
    cell = place.astype(int)
    matrix = np.zeros((LEVELS, CELLS), np.float32)
    matrix[np.arange(LEVELS), cell] = 1 - (place - cell)
    matrix[np.arange(LEVELS), cell + 1] = place - cell
    volumes = _along_axes(np.moveaxis(grid, -1, 0), matrix)
    return np.ascontiguousarray(np.moveaxis(volumes, 0, -1)).reshape(-1, 3)
