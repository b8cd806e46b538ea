"""The part of an edit that is a function of colour."""

from __future__ import annotations

import itertools

import numpy as np

from syncedit_demo.engines.draft.warping import Bytes, Floats

BINS = 25
LEVELS = 128


class ColourLookup:
    """Edited colour as a function of original colour, learnt from frame 0.

    Attributes:
        explained: Share of the edit's energy that is a function of colour, 0-1.
    """

    def __init__(self, first: Bytes, edited: Bytes) -> None:
        """Learn from frame 0 and its edit, RGB pictures of one size."""
        original = first.reshape(-1, 3)
        change = edited.reshape(-1, 3).astype(np.float32) - original
        cell, fraction = np.divmod(original.astype(np.float32) * np.float32((BINS - 1) / 255.001), 1)
        cell = cell.astype(np.int64)
        columns = np.column_stack([np.ones(len(change), np.float32), change, np.square(change).sum(axis=1)])
        sums = np.zeros((5, BINS**3))
        for corner in itertools.product((0, 1), repeat=3):
            weight = np.prod(np.where(corner, fraction, 1 - fraction), axis=1)
            index = np.ravel_multi_index(tuple((cell + corner).T), (BINS,) * 3)
            for row in range(5):
                sums[row] += np.bincount(index, weight * columns[:, row], BINS**3)
        grid = _fill(sums.reshape(5, BINS, BINS, BINS))
        mean, energy = grid[1:4], grid[4]
        power = np.square(mean).sum(axis=0)
        table = _table(np.moveaxis(mean, 0, -1))
        residual = change - table[_index(first)].reshape(-1, 3)
        total = float(np.square(change).sum())
        self.explained = max(0.0, 1 - float(np.square(residual).sum()) / total) if total else 1.0
        determined = (power + 9) / (np.maximum(energy - power, 0) + power + 9)
        strictness = np.clip((0.95 - self.explained) / 0.2, 0, 1)
        low, high = np.array((0.35, 0.75)) * (1 - strictness) + np.array((0.85, 0.97)) * strictness
        step = np.clip((determined - low) / (high - low), 0, 1)
        shrunk = mean * (step * step * (3 - 2 * step))
        self._table = _table(np.moveaxis(shrunk, 0, -1))

    def apply(self, frame: Bytes) -> Floats:
        """The frame with the colour part of the edit, float32 RGB, 0-255."""
        return np.clip(frame + self._table[_index(frame)], 0, 255)


def _index(picture: Bytes) -> np.ndarray:
    half = (picture >> 1).astype(np.int32)
    return (half[..., 0] << 14) | (half[..., 1] << 7) | half[..., 2]


def _fill(sums: np.ndarray) -> np.ndarray:
    """Means per cell; cells without samples take those of ever wider surroundings."""
    numerator = sums.copy()
    for sigma, share in ((0.7, 0.05), (1.5, 1e-3), (3.0, 1e-5), (6.0, 1e-7), (12.0, 1e-9)):
        numerator += share * np.stack([_blur3(row, sigma) for row in sums])
    return numerator / np.maximum(numerator[0], 1e-30)


def _blur3(volume: np.ndarray, sigma: float) -> np.ndarray:
    for _ in range(3):
        flat = volume.reshape(BINS, -1)
        flat = _blur_rows(flat, sigma)
        volume = np.moveaxis(flat.reshape(BINS, BINS, BINS), 0, -1)
    return np.ascontiguousarray(volume)


def _blur_rows(flat: np.ndarray, sigma: float) -> np.ndarray:
    distance = np.subtract.outer(np.arange(BINS), np.arange(BINS))
    kernel = np.exp(-0.5 * np.square(distance / sigma))
    return kernel @ flat


def _table(grid: np.ndarray) -> Floats:
    """The trilinear interpolation of the grid at every other level."""
    place = (np.arange(LEVELS) * 2 + 0.5) * ((BINS - 1) / 255.001)
    cell = place.astype(int)
    matrix = np.zeros((LEVELS, BINS), np.float32)
    matrix[np.arange(LEVELS), cell] = 1 - (place - cell)
    matrix[np.arange(LEVELS), cell + 1] = place - cell
    values = grid.astype(np.float32)
    for _ in range(3):
        flat = values.reshape(values.shape[0], -1)
        values = np.moveaxis((matrix @ flat).reshape(LEVELS, *values.shape[1:]), 0, 2)
    return np.ascontiguousarray(values).reshape(-1, 3)
