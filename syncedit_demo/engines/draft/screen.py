"""The part of an edit that is fixed to the screen: a vignette, a graduated filter, a light leak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from syncedit_demo.engines.draft.warping import Bytes, Doubles, Floats, chequered
from syncedit_demo.frames import size_of

DEGREES = (4, 6)
"""Degrees of the polynomials over the screen, one after the other: the first tells whether there is such light, the
second follows soft steps."""

ROUNDS = 4
"""Linear steps to each degree: light and colours are multiplied, so one is not enough."""

MIDDLE = 128
"""Levels of a middle gray, by which a change of gain is compared with one of offset."""

LEAST_GAIN = 0.1
"""Darkest light: below, what was there is lost in the rounding of levels."""

ROWS = 32
"""Samples per product of matrices, few enough for BLAS to use one thread and so give the same bits on any number of
them."""

PART = 8
"""Side in samples of the parts of frame 0 whose medians are compared: light is wide, noise and lines are not."""

STRIKING = 6.0
"""Error of parts that has to be left by colour for light to be looked for."""

LEFT_APART = 0.3
"""Largest share of it that the light may leave in parts it was not told from. Vignettes, graduated filters and leaks
leave under 0.05, under a cartoon 0.2; edits of anything that hangs on surfaces leave over 0.4."""

OF_ITS_OWN = 30.0
"""Error from which what is left is a picture of its own, such as another background, however much light explains."""


@dataclass(frozen=True, slots=True, eq=False)
class ScreenLight:
    """Light that depends on the place on the screen alone.

    Attributes:
        gain: What colours are multiplied by, float32, shape (height, width, 3); at most 1.
        offset: What is added then, in levels; shape (height, width, 3).
    """

    gain: Floats
    offset: Floats

    def added(self, frame: Bytes) -> Bytes:
        """The frame, RGB, in this light."""
        return np.clip(frame * self.gain + self.offset + 0.5, 0, 255).astype(np.uint8)

    def removed(self, lit: Bytes) -> Bytes:
        """The frame, RGB, that looks like this in this light."""
        return np.clip((lit - self.offset) / self.gain + 0.5, 0, 255).astype(np.uint8)


def screen_light(first: Bytes, edited: Bytes) -> ScreenLight | None:
    """The light of the screen in an edit of the whole picture; None where there is none.

    The edit is taken to be gain · look(colour) + offset, with a gain and an offset per channel that are polynomials
    over the screen. The fit is by Gauss-Newton steps, from which any function of colour is projected out first (Frisch
    and Waugh, 1933), and it counts only if it holds in parts of the picture that it was not fitted to.

    Args:
        first: Frame 0, RGB.
        edited: The edited frame 0.
    """
    width, height = size_of(first)
    # About 128 samples along a side: light is smooth.
    stride = max(1, round((width * height) ** 0.5 / 128))
    samples = (slice(stride // 2, None, stride),) * 2
    fit = _Fit(first[samples], edited[samples])
    unlit = fit.left_apart()
    if unlit < STRIKING:
        return None
    lights: list[tuple[float, tuple[Doubles, Doubles]]] = []
    for degree in DEGREES:
        for _ in range(ROUNDS):
            fit.improve(degree)
        lights.append((fit.left_apart(), fit.over(width, height)))
        if lights[0][0] > LEFT_APART * unlit:
            return None
    left, (gain, offset) = min(lights, key=lambda light: light[0])
    if left > OF_ITS_OWN:
        return None
    # Light and look share a factor: the look is to use all levels, and to exceed them in a thousandth of the picture.
    brightest = np.quantile((edited - offset) / gain, 1 - 0.001, axis=(0, 1))
    gain /= np.minimum(gain.max(axis=(0, 1)), 255 / brightest)
    return ScreenLight(gain.astype(np.float32), offset.astype(np.float32))


class _Fit:
    """Light fitted to samples of frame 0."""

    def __init__(self, first: Bytes, edited: Bytes) -> None:
        width, height = size_of(first)
        # Eight levels per channel count as one colour; what colour does within is taken to be quadratic.
        shades = (first.reshape(-1, 3) // 8) @ np.array((65536, 256, 1))
        # In order of colour, so that sums over samples of one colour are sums over neighbours.
        order = np.argsort(shades, kind="stable")
        _, self._starts, self._counts = np.unique(shades[order], return_index=True, return_counts=True)
        self._edited = edited.reshape(-1, 3)[order].astype(np.float64)
        held_out = chequered(first, PART).reshape(-1)[order]
        known = self._per_shade(np.add.reduceat(~held_out, self._starts, dtype=np.int32)) > 0
        y, x = np.divmod(np.arange(height * width)[order], width)
        parts = np.where(held_out & known, y // PART * width + x // PART, -1)
        self._parts = [np.flatnonzero(parts == part) for part in np.unique(parts[parts >= 0])]
        self._places = legendre.legvander2d(_across(height)[y], _across(width)[x], (DEGREES[-1], DEGREES[-1]))
        red, green, blue = first.reshape(-1, 3)[order].T / 128 - 1
        self._curve = np.stack(
            [red, green, blue, red * red, green * green, blue * blue, red * green, green * blue, blue * red], axis=-1
        )
        self._coefficients = np.zeros((2, 3, DEGREES[-1] + 1, DEGREES[-1] + 1))
        """Of gain in levels of a middle gray, and of offset, per channel, of products of Legendre polynomials down and
        across the screen."""
        self._learnt = self._weights = (~held_out).astype(np.float64)
        self._left = np.empty_like(self._edited)
        for _ in range(ROUNDS):
            self._look_again()

    def improve(self, degree: int) -> None:
        """Make a step towards the light, of the given degree, that leaves the least."""
        down, across = np.indices(self._coefficients.shape[2:])
        chosen = down + across <= degree
        places = self._places[:, chosen.reshape(-1)]
        for channel in range(3):
            gain, offset = self._light(channel)
            left = self._left[:, channel] / gain
            look = (self._edited[:, channel] - offset) / gain - left
            light = np.column_stack([places * look[:, None] / MIDDLE, places]) / gain[:, None]
            held = self._coefficients[:, channel, chosen].reshape(-1)
            step, _ = self._regress(left, np.column_stack([light, self._curve]), gain, held)
            self._coefficients[:, channel, chosen] += step[: len(held)].reshape(2, -1)
        self._look_again()

    def left_apart(self) -> float:
        """Error of the parts that were held out: the mean square of their medians, in levels² over the channels.

        None counts more than 20 levels' square: a thing may have been added too.
        """
        medians = np.array([np.median(self._left[part], axis=0) for part in self._parts])
        squares = np.square(medians).sum(axis=1)
        return float((squares / (1 + squares / 400.0)).mean())

    def over(self, width: int, height: int) -> tuple[Doubles, Doubles]:
        """Gain and offset at the pixels of a picture, shape (height, width, 3)."""
        last = np.moveaxis(self._coefficients, (0, 1), (2, 3))
        fields = np.asarray(legendre.leggrid2d(_across(height), _across(width), last), np.float64)
        brightness, offset = np.moveaxis(fields, 1, -1)
        return np.maximum(1 + brightness / MIDDLE, LEAST_GAIN), offset

    def _look_again(self) -> None:
        """Fit the look to the light, and weigh the samples by how well both explain them."""
        for channel in range(3):
            gain, offset = self._light(channel)
            _, left = self._regress((self._edited[:, channel] - offset) / gain, self._curve, gain)
            self._left[:, channel] = gain * left
        # A sample that is 12 levels off counts half, as lines drawn by a look should.
        self._weights = self._learnt / (1 + np.square(self._left).sum(axis=1) / 12.0**2)

    def _light(self, channel: int) -> tuple[Doubles, Doubles]:
        """Gain and offset at the samples."""
        flat = self._coefficients[:, channel].reshape(2, -1)
        brightness, offset = (np.einsum("ij,j->i", self._places, each) for each in flat)
        return np.maximum(1 + brightness / MIDDLE, LEAST_GAIN), offset

    def _regress(
        self, values: Doubles, columns: Doubles, gain: Doubles, held: Doubles | None = None
    ) -> tuple[Doubles, Doubles]:
        """The columns' shares in the values, and what they and the mean of each colour leave of the values.

        What the first columns have already, `held`, is drawn towards nothing.
        """
        weights = (self._weights * gain * gain)[:, None]
        both = np.column_stack([columns, values])
        total = np.maximum(np.add.reduceat(weights, self._starts), 1e-9)
        both -= self._per_shade(np.add.reduceat(weights * both, self._starts) / total)
        weighted = weights * both
        pairs = range(0, len(both), ROWS)
        products: Doubles = np.sum([weighted[i : i + ROWS].T @ both[i : i + ROWS] for i in pairs], axis=0)
        firmness = np.full(columns.shape[1], 1e-9 * len(both))
        if held is not None:
            # In the weight of a sample of full brightness: enough where nothing tells a coefficient.
            firmness[: len(held)] = 1e-4 * len(both)
            products[: len(held), -1] -= firmness[: len(held)] * held
        matrix = products[:-1, :-1] + np.diag(firmness)
        shares = np.asarray(np.linalg.solve(matrix, products[:-1, -1]), np.float64)
        return shares, both[:, -1] - np.einsum("ij,j->i", both[:, :-1], shares)

    def _per_shade(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, self._counts, axis=0)


def _across(count: int) -> Doubles:
    """The centres of so many pixels, on a screen from -1 to 1."""
    return (2 * np.arange(count) + 1) / count - 1
