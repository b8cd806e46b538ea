"""An edit that is a function of what is around a pixel: a mask by colour with soft edges, a poster, a cartoon."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.network import Check, Network
from syncedit_demo.engines.draft.warping import Bytes, Floats, Mask, Sample, blur, chequered, floats, gray

BLOCK = 32
"""Side in pixels of the parts of frame 0 by which it is judged whether the edit is such a function."""

BETTER = 0.6
"""Largest share of the colour look-up's error that may be left for the edit to count as a look."""

UNEXPLAINED = 0.2
"""Largest share of a local edit's energy that may be left: it is texture, which had better be carried along."""

STRIKING = 750.0
"""Squared error per pixel, in levels² over the channels, from which what is left is a picture of its own, such as
another background: it is carried along, however much better than colour alone a look does."""

EASILY_EXPLAINED = 1.0
"""Squared error per pixel, in levels², up to which colour alone is good enough."""

MUCH_BETTER = 0.6
"""Share of the colour look-up's error under which curves are the better start."""

STEPS = 2400
"""Steps of learning."""

TRIAL_STEPS = 200
"""Steps of learning after which it shows whether the rest is worth while."""

NEARLY_EXPLAINED = 0.1
"""Largest share of the edit's energy that colour may leave for the edit to be tried at length whatever a trial says."""

NO_WORSE = 0.95
"""The same as BETTER for such an edit."""

TRIAL_BETTER = 0.75
"""The same as BETTER for the trial: looks that were learnt in the end had left up to 0.56 by then."""

TRIAL_LEAVES = 1.6
"""How much more than at last a trial may leave."""

EASY = 0.25
"""How often a pixel is learnt from that the colour look-up gets right, against one that it does not."""

CURVE_BLUR = 4.0
"""Levels over which a curve is smoothed where frame 0 has no sample."""

FINE, COARSE = (0.7, 1.4, 2.8, 5.6), (1.0, 2.0, 4.0)
"""Scales, in pixels, of the detail by which lines are told: of the frame itself, and of the frame smoothed."""


class LearnedLook:
    """Edited colour as a function of the colours around a pixel, learnt from frame 0.

    A network learns what the better of two tables leaves over: the look-up of colours, or, per channel, a curve over
    one of several smoothed pictures. Curves of lightness are told to it as well.
    """

    def __init__(
        self, first: Bytes, edited: Bytes, lookup: ColourLookup, *, steps: int, learnt: Mask, check: Check
    ) -> None:
        """Learn the look.

        Args:
            first: Frame 0, RGB.
            edited: The edited frame 0.
            lookup: The colour part of the edit.
            steps: How long to learn.
            learnt: Pixels to learn from.
            check: Called while it learns; raises what ends that.
        """
        self._lookup = lookup
        smoothed = _smoothed(first)
        self._channels = _Curves(lambda picture: picture, smoothed, edited)
        self._lightness = [_Curves(measure, smoothed, edited) for measure in (gray, _brightest)]
        by_colour, by_curves = lookup.apply(first), self._channels(smoothed)
        errors = [float(np.abs(picture - edited).mean()) for picture in (by_curves, by_colour)]
        self._follows_curves = errors[0] < MUCH_BETTER * errors[1]
        rest = (edited - (by_curves if self._follows_curves else by_colour)).reshape(-1, 3) / np.float32(128)
        chosen = np.flatnonzero(learnt)
        # Of more pixels, each would be drawn less than a few times.
        chosen = chosen[:: max(1, round(len(chosen) / (512 * 512)))]
        features = self._features(smoothed, by_colour, by_curves)[:, chosen]
        importance = EASY + np.minimum(16 * np.abs(rest[chosen]).max(axis=1), 1)
        self._network = Network(np.ascontiguousarray(features.T), rest[chosen], importance, steps, check)

    def apply(self, frame: Bytes) -> Bytes:
        """The edited frame, RGB."""
        by_colour, smoothed = self._lookup.apply(frame), _smoothed(frame)
        by_curves = self._channels(smoothed)
        rest = self._network(self._features(smoothed, by_colour, by_curves))
        start = by_curves if self._follows_curves else by_colour
        start += cv2.merge([*(128 * rest + np.float32(0.5)).reshape(3, *frame.shape[:2])])
        return np.clip(start, 0, 255).astype(np.uint8)

    def _features(self, smoothed: list[Bytes], by_colour: Floats, by_curves: Floats) -> Floats:
        """What a look may depend on at each pixel, within about ±1: shape (features, pixels)."""
        soft = np.asarray(cv2.GaussianBlur(smoothed[0], (0, 0), 3), np.uint8)
        channels: list[Bytes | Floats] = [channel for picture in (*smoothed, soft) for channel in _channels(picture)]
        channels += [channel for picture in (by_colour, by_curves) for channel in _channels(picture)]
        pictures = [*channels, *(curves(smoothed) for curves in self._lightness), *_lines(smoothed)]
        features = np.empty((len(pictures), pictures[0].size), np.float32)
        for feature, picture in zip(features, pictures, strict=True):
            np.multiply(picture.reshape(-1), np.float32(1 / 128), out=feature)
        return features


class _Curves:
    """Edited level as a function of the level in one of several smoothed pictures; this can hold a poster's steps."""

    def __init__(self, measure: Callable[[Bytes], Bytes], smoothed: list[Bytes], edited: Bytes) -> None:
        """Find which smoothed picture the edited one follows best, and the curves of its channels.

        Args:
            measure: Of a picture, one channel or three, 0-255.
            smoothed: Frame 0, smoothed in several ways.
            edited: The edited frame 0.
        """
        self._measure = measure
        truth = measure(edited)
        found: list[tuple[float, int, Floats]] = []
        for i, picture in enumerate(smoothed):
            levels = measure(picture)
            pairs = zip(_channels(levels), _channels(truth), strict=True)
            table = np.stack([_curve(*pair) for pair in pairs], axis=-1)[None]
            found.append((float(np.abs(cv2.LUT(levels, table) - truth).mean()), i, table))
        _, self._smoothing, self._table = min(found, key=lambda each: each[:2])

    def __call__(self, smoothed: list[Bytes]) -> Floats:
        """What is measured of the edited frame, as far as curves tell."""
        return floats(cv2.LUT(self._measure(smoothed[self._smoothing]), self._table))


def learnt_look(
    first: Bytes, edited: Bytes, lookup: ColourLookup, *, everywhere: bool, check: Check
) -> LearnedLook | None:
    """The look that makes the edit; None where colour alone does as well, or where texture was added.

    Args:
        first: Frame 0, RGB.
        edited: The edited frame 0.
        lookup: The colour part of the edit.
        everywhere: The whole picture is edited.
        check: Called while it learns; raises what ends that.
    """
    test = chequered(first, BLOCK)
    original, truth = first[test].astype(np.float32), edited[test].astype(np.float32)
    energy = float(np.square(truth - original).sum())
    by_colour = float(np.square(truth - lookup.apply(first)[test]).sum())
    if by_colour <= EASILY_EXPLAINED * test.sum():
        return None
    striking = STRIKING * float(test.sum())
    most = min(NO_WORSE * by_colour, striking)
    if by_colour > NEARLY_EXPLAINED * energy:
        trial = LearnedLook(first, edited, lookup, steps=TRIAL_STEPS, learnt=~test, check=check)
        unexplained = float(np.square(truth - trial.apply(first)[test]).sum())
        if unexplained > min(TRIAL_BETTER * by_colour, TRIAL_LEAVES * striking) or (
            not everywhere and unexplained > TRIAL_LEAVES * UNEXPLAINED * energy
        ):
            return None
        most = min(BETTER * by_colour, striking, *(() if everywhere else (UNEXPLAINED * energy,)))
    look = LearnedLook(first, edited, lookup, steps=STEPS, learnt=~test, check=check)
    unexplained = float(np.square(truth - look.apply(first)[test]).sum())
    return look if unexplained < most else None


def _channels(picture: NDArray[Sample]) -> list[NDArray[Sample]]:
    return [np.asarray(channel, picture.dtype) for channel in cv2.split(picture)]


def _smoothed(frame: Bytes) -> list[Bytes]:
    """The frame as it is and without detail, by the usual filters."""
    without_detail = (
        cv2.bilateralFilter(frame, 7, 40, 5),
        cv2.medianBlur(frame, 5),
        cv2.GaussianBlur(frame, (0, 0), 1.2),
        cv2.bilateralFilter(frame, 9, 60, 6),
    )
    return [frame, *(np.asarray(picture, np.uint8) for picture in without_detail)]


def _brightest(picture: Bytes) -> Bytes:
    """The brightest of a pixel's channels."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(red, cv2.max(green, blue)), np.uint8)


def _curve(channel: Bytes, edited: Bytes) -> Floats:
    """The mean edited level for each level; where there is none, changed as levels around are."""
    levels = channel.reshape(-1)
    change = edited.reshape(-1) - levels.astype(np.float32)
    sums = np.stack([np.bincount(levels, minlength=256), np.bincount(levels, change, 256)])
    distance = np.subtract.outer(np.arange(256), np.arange(256))
    total = sums + 0.01 * sums @ np.exp(-0.5 * np.square(distance / CURVE_BLUR))
    total += 1e-6 * sums @ np.exp(-0.5 * np.square(distance / (8 * CURVE_BLUR)))
    return (np.arange(256) + total[1] / np.maximum(total[0], 1e-30)).astype(np.float32)


def _lines(smoothed: list[Bytes]) -> list[Floats]:
    """Where something may be drawn: detail, slopes and how far a pixel is from the least and most around."""
    frame = gray(smoothed[0])
    levels: Floats = frame.astype(np.float32)
    across, down = (cv2.Scharr(levels, cv2.CV_32F, x, 1 - x, scale=3 / 16) for x in (1, 0))
    # cv2.magnitude rounds by where its buffers lie in memory, and the same job has to give the same pixels.
    slope = np.sqrt(across * across + down * down)
    window = np.ones((3, 3), np.uint8)
    darkest, lightest = cv2.erode(levels, window), cv2.dilate(levels, window)
    lines: list[Floats] = [slope, blur(slope, 1.5), 3 * (lightest - levels), 3 * (levels - darkest)]
    # Filters that draw compare whole levels of gray with those around, of the frame or of a smooth one.
    for picture, sigmas in ((frame, FINE), (cv2.medianBlur(frame, 5), COARSE), (gray(smoothed[-1]), COARSE)):
        levels = picture.astype(np.float32)
        scales = [levels, *(blur(levels, sigma) for sigma in sigmas)]
        lines += [6 * (fine - coarse) for fine, coarse in itertools.pairwise(scales)]
    return lines
