"""Pictures to print on things: flat shapes painted one over the other on a sheet that closes around the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from examples.scenes.studio import color

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS = 180
"""Pixels per unit of length."""


class Sheet:
    """A sheet of paint; x runs around the object from 0 to `width`, y from its foot, 0, to `height`.

    Attributes:
        picture: What is painted so far, linear RGB float (height, width, 3), top row first.
    """

    def __init__(self, width: float, height: float, base: str) -> None:
        self._width = width
        x, y = np.meshgrid(
            (np.arange(round(width * PIXELS)) + 0.5) / PIXELS, (np.arange(round(height * PIXELS)) + 0.5) / PIXELS
        )
        self._x, self._y = x, y[::-1]
        self.picture: NDArray[Any] = np.tile(np.array(color(base)[:3]), (*x.shape, 1))

    def _paint(self, inside: NDArray[Any], tint: str) -> None:
        """Paint where a distance in units is positive, with an edge a pixel wide."""
        cover = np.clip(inside * PIXELS + 0.5, 0, 1)[..., None]
        self.picture = self.picture * (1 - cover) + np.array(color(tint)[:3]) * cover

    def _polar(self, x: float, y: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """Distance and direction from a place, the short way around."""
        across = (self._x - x + self._width / 2) % self._width - self._width / 2
        return np.hypot(across, self._y - y), np.arctan2(self._y - y, across)

    def band(self, low: float, high: float, tint: str, *, waves: int = 0, swing: float = 0.0) -> None:
        """A stripe around the object, straight or in waves."""
        middle = swing * np.sin(2 * np.pi * waves * self._x / self._width)
        self._paint((high - low) / 2 - np.abs(self._y - middle - (low + high) / 2), tint)

    def flower(
        self,
        place: tuple[float, float],
        size: float,
        tint: str,
        *,
        petals: int = 5,
        depth: float = 0.35,
        turn: float = 0.0,
    ) -> None:
        """A round flower; with `petals` 0, a dot.

        Args:
            place: Its middle.
            size: Its radius.
            tint: Its colour.
            petals: How many petals it has.
            depth: How deep it is cut between them, as a share of the radius.
            turn: Its turn in radians.
        """
        distance, direction = self._polar(*place)
        edge = size * (1 - depth * (0.5 - 0.5 * np.cos(petals * (direction - turn)))) if petals else size
        self._paint(edge - distance, tint)

    def leaf(self, place: tuple[float, float], size: float, tint: str, turn: float) -> None:
        """A pointed leaf that starts at a place and grows towards `turn`, in radians."""
        distance, direction = self._polar(*place)
        along, across = distance * np.cos(direction - turn) / size, distance * np.sin(direction - turn) / size
        half = 0.22 * np.sin(np.pi * np.clip(along, 0, 1)) ** 0.8
        self._paint(size * np.where((along > 0) & (along < 1), half - np.abs(across), -1), tint)

    def ring(self, place: tuple[float, float], radius: float, width: float, tint: str) -> None:
        """A circle drawn with a brush of a width."""
        distance, _ = self._polar(*place)
        self._paint(width / 2 - np.abs(distance - radius), tint)

    def speckles(self, tint: str, count: int, size: float, seed: int) -> None:
        """Dots of many sizes up to `size`, anywhere."""
        rng = np.random.default_rng(seed)
        for x, y, share in rng.random((count, 3)):
            at = (x * self._width, y * self._y.max())
            rows = np.abs(self._y[:, 0] - at[1]) < 2 * size
            part = Sheet.__new__(Sheet)
            part._width, part._x, part._y, part.picture = self._width, self._x[rows], self._y[rows], self.picture[rows]
            part.flower(at, size * (0.3 + 0.7 * share**2), tint, petals=3, depth=0.3, turn=6 * share)
            self.picture[rows] = part.picture
