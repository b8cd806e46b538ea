"""A small neural network that learns a function of a pixel's features in about a second."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from syncedit_demo.engines.draft.warping import Floats

WIDTH = 48
"""Units in each of the two hidden layers."""

BATCH = 1024
LOTS = 4
"""Lots per sample, of which each has a number that goes by its importance."""

RATE = 0.012
"""Highest rate of learning: it rises over the first steps and falls along a cosine."""

WARM_STEPS = 30
MOMENTUM, SPREAD_MOMENTUM = 0.9, 0.99
"""Of Adam (Kingma and Ba, 2015)."""

ROBUST = 0.3
"""Error, in the target's unit, from which an error counts less than its square."""

LEAST_SPREAD = 0.8
"""Added to a feature's standard deviation, in the features' unit, by which it is divided: so one that hardly varies in
what is learnt from counts little, and is not blown up where it varies more."""

ROWS, ROUNDS = 64, 64
"""Samples per product of matrices, few enough for BLAS to use one thread and so give the same bits on any number of
them, and products per round, few enough to stay in the cache."""

Check = Callable[[], None]
"""Called now and then in long work; raises what ends it."""


@dataclass(slots=True, eq=False)
class _Layer:
    weights: Floats
    bias: Floats


class Network:
    """Two hidden layers of rectified linear units, fitted with Adam to samples drawn with the given weights."""

    def __init__(self, inputs: Floats, targets: Floats, importance: Floats, steps: int, check: Check) -> None:
        """Learn.

        Args:
            inputs: Features, shape (samples, features).
            targets: What to tell from them, shape (samples, outputs), within about ±1.
            importance: How often each sample is drawn, in proportion; shape (samples,).
            steps: How long to learn.
            check: Called before each step; raises what ends the learning.
        """
        rng = np.random.default_rng(0)
        sizes = (inputs.shape[1], WIDTH, WIDTH, targets.shape[1])
        self._layers = [
            _Layer((rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32))
            for a, b in itertools.pairwise(sizes)
        ]
        self._layers[-1].weights *= np.float32(0.1)
        mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + np.float32(LEAST_SPREAD)
        # One lot is drawn from each of as many equal spans: less noise than from anywhere, and memory is read in order.
        span = -(-LOTS * len(inputs) // BATCH)
        starts = span * np.arange(BATCH)
        cumulated = np.cumsum(importance, dtype=np.float64)
        numbers = np.linspace(0, float(cumulated[-1]), span * BATCH, endpoint=False)
        lots = np.searchsorted(cumulated, numbers, side="right")
        parameters = [array for layer in self._layers for array in (layer.weights, layer.bias)]
        means, squares = ([np.zeros_like(array) for array in parameters] for _ in range(2))
        for step in range(steps):
            check()
            drawn = lots[starts + rng.integers(span, size=BATCH)]
            gradients = self._gradients((inputs[drawn] - mean) / spread, targets[drawn])
            rate = RATE * min(1.0, (step + 1) / WARM_STEPS) * 0.5 * (1 + np.cos(np.pi * step / steps))
            rate *= np.sqrt(1 - SPREAD_MOMENTUM ** (step + 1)) / (1 - MOMENTUM ** (step + 1))
            for i, gradient in enumerate(gradients):
                means[i] += (1 - MOMENTUM) * (gradient - means[i])
                squares[i] += (1 - SPREAD_MOMENTUM) * (gradient * gradient - squares[i])
                parameters[i] -= np.float32(rate) * means[i] / (np.sqrt(squares[i]) + np.float32(1e-8))
        # The features' normalisation becomes part of the first layer.
        entry = self._layers[0]
        entry.weights /= spread[:, None]
        entry.bias -= mean @ entry.weights
        # max(x + bias, 0) is max(x, -bias) + bias, and that last bias goes through the next layer here, once for all.
        for layer, following in itertools.pairwise(self._layers):
            following.bias += layer.bias @ following.weights

    def __call__(self, inputs: Floats) -> Floats:
        """The outputs, shape (outputs, samples), for features of shape (features, samples)."""
        samples = inputs.shape[1]
        whole = samples - samples % ROWS
        result = np.empty((len(self._layers[-1].bias), samples), np.float32)
        for start in range(0, whole, ROWS * ROUNDS):
            part = slice(start, min(start + ROWS * ROUNDS, whole))
            outputs = self._outputs(inputs[:, part].reshape(len(inputs), -1, ROWS).transpose(1, 0, 2))
            result[:, part] = outputs.transpose(1, 0, 2).reshape(len(result), -1)
        if whole < samples:
            result[:, whole:] = self._outputs(inputs[None, :, whole:])[0]
        return result

    def _outputs(self, values: Floats) -> Floats:
        """Of a pile of samples each: shapes (piles, features, samples) and (piles, outputs, samples)."""
        for layer in self._layers[:-1]:
            values = layer.weights.T @ values
            np.maximum(values, -layer.bias[:, None], out=values)
        return self._layers[-1].weights.T @ values + self._layers[-1].bias[:, None]

    def _gradients(self, inputs: Floats, targets: Floats) -> list[Floats]:
        """Of the mean robust error with respect to each layer's weights and bias, in the layers' order."""
        values = [inputs]
        for layer in self._layers[:-1]:
            values.append(np.maximum(_product(values[-1], layer.weights) + layer.bias, 0))
        error = _product(values[-1], self._layers[-1].weights) + self._layers[-1].bias - targets
        slope = error / (np.sqrt(1 + np.square(error / ROBUST)) * np.float32(len(inputs)))
        gradients: list[Floats] = []
        for layer, value in zip(self._layers[:0:-1], values[:0:-1], strict=True):
            gradients += [slope.sum(axis=0), _summed_product(value, slope)]
            slope = _product(slope, layer.weights.T)
            slope *= value > 0
        gradients += [slope.sum(axis=0), _summed_product(inputs, slope)]
        return gradients[::-1]


def _product(rows: Floats, matrix: Floats) -> Floats:
    return (rows.reshape(-1, ROWS, rows.shape[1]) @ matrix).reshape(len(rows), -1)


def _summed_product(left: Floats, right: Floats) -> Floats:
    """left.T @ right."""
    parts = left.reshape(-1, ROWS, left.shape[1]).transpose(0, 2, 1) @ right.reshape(-1, ROWS, right.shape[1])
    return parts.sum(axis=0)
