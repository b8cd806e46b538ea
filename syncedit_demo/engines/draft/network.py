"""A small neural network that learns a function of a pixel's features in about a second."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncedit_demo.engines.draft.warping import Floats

WIDTH = 48
"""Units in each of the two hidden layers."""

BATCH = 1024
RATE = 0.012
"""Highest rate of learning: it rises over the first steps and falls along a cosine."""

WARM_STEPS = 30
MOMENTUM, SPREAD_MOMENTUM = 0.9, 0.99
"""Of Adam (Kingma and Ba, 2015)."""

ROBUST = 0.3
"""Error, in the target's unit, from which an error counts less than its square."""

LEAST_SPREAD = 0.02
"""Added to a feature's standard deviation, so that one which hardly varies is not blown up."""

ROWS, ROUNDS = 64, 64
"""Samples per product of matrices, few enough for BLAS to use one thread and so give the same bits on any number of
them, and products per round, few enough to stay in the cache."""


@dataclass(slots=True, eq=False)
class _Layer:
    weights: Floats
    bias: Floats


class Network:
    """Two hidden layers of rectified linear units, fitted with Adam to samples drawn with the given weights."""

    def __init__(self, inputs: Floats, targets: Floats, importance: NDArray[np.float64], steps: int) -> None:
        """Learn.

        Args:
            inputs: Features, shape (samples, features).
            targets: What to tell from them, shape (samples, outputs), within about ±1.
            importance: How often each sample is drawn, in proportion; shape (samples,).
            steps: How long to learn.
        """
        rng = np.random.default_rng(0)
        sizes = (inputs.shape[1], WIDTH, WIDTH, targets.shape[1])
        self._layers = [
            _Layer((rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32))
            for a, b in itertools.pairwise(sizes)
        ]
        self._layers[-1].weights *= np.float32(0.1)
        mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + np.float32(LEAST_SPREAD)
        cumulated = np.cumsum(importance / importance.sum())
        parameters = [array for layer in self._layers for array in (layer.weights, layer.bias)]
        means, squares = ([np.zeros_like(array) for array in parameters] for _ in range(2))
        for step in range(steps):
            drawn = np.minimum(np.searchsorted(cumulated, rng.random(BATCH)), len(inputs) - 1)
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

    def __call__(self, inputs: Floats) -> Floats:
        """The outputs for features of shape (samples, features)."""
        samples = len(inputs)
        block = ROWS * ROUNDS
        result = np.empty((samples, len(self._layers[-1].bias)), np.float32)
        for start in range(0, samples, block):
            values = inputs[start : start + block]
            count = len(values)
            if count % ROWS:
                values = np.concatenate([values, np.zeros((-count % ROWS, values.shape[1]), np.float32)])
            values = values.reshape(-1, ROWS, values.shape[1])
            for layer in self._layers[:-1]:
                values = values @ layer.weights
                values += layer.bias
                np.maximum(values, 0, out=values)
            values = values @ self._layers[-1].weights
            values += self._layers[-1].bias
            result[start : start + block] = values.reshape(-1, result.shape[1])[:count]
        return result

    def _gradients(self, inputs: Floats, targets: Floats) -> list[Floats]:
        """Of the mean robust error with respect to each layer's weights and bias, in the layers' order."""
        values = [inputs]
        for layer in self._layers[:-1]:
            values.append(np.maximum(_product(values[-1], layer.weights) + layer.bias, 0))
        error = _product(values[-1], self._layers[-1].weights) + self._layers[-1].bias - targets
        slope = error / (np.sqrt(1 + np.square(error / ROBUST)) * np.float32(len(inputs)))
        gradients: list[Floats] = []
        for layer, value in zip(reversed(self._layers), reversed(values), strict=True):
            gradients += [slope.sum(axis=0), _summed_product(value, slope)]
            slope = _product(slope, layer.weights.T) * (value > 0)
        return gradients[::-1]


def _product(rows: Floats, matrix: Floats) -> Floats:
    return (rows.reshape(-1, ROWS, rows.shape[1]) @ matrix).reshape(len(rows), -1)


def _summed_product(left: Floats, right: Floats) -> Floats:
    """left.T @ right."""
    parts = left.reshape(-1, ROWS, left.shape[1]).transpose(0, 2, 1) @ right.reshape(-1, ROWS, right.shape[1])
    return parts.sum(axis=0)
