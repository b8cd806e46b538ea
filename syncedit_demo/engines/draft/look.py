"""An edit that is a function of what is around a pixel: a mask by colour with soft edges, a poster, a cartoon."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.network import Network
from syncedit_demo.engines.draft.warping import Bytes, Floats, Mask, blur, chequered

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

STEPS, TRIAL_STEPS = 1600, 200
"""How long to learn, and how long to try first whether it is worth while."""

NEARLY_EXPLAINED = 0.1
"""Largest share of the edit's energy that colour may leave for the edit to be tried at length whatever a trial says."""

NO_WORSE = 0.95
"""The same as BETTER for such an edit, and for the trial."""

TRIAL_LEAVES = 1.6
"""How much more than at last a trial may leave."""

EASY = 0.25
"""How often a pixel is learnt from that the colour look-up gets right, against one that it does not."""

CURVE_BLUR = 4.0
"""Levels over which a curve is smoothed where frame 0 has no sample."""

LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


class LearnedLook:
    """Edited colour as a function of the colours around a pixel, learnt from frame 0.

    A network learns what the better of two tables leaves over: the look-up of colours, or, per channel, a curve over
    one of several smoothed pictures, which alone can hold the steps of a poster.
    """

    def __init__(self, first: Bytes, edited: Bytes, lookup: ColourLookup, *, steps: int, learnt: Mask) -> None:
        """Learn the look.

        Args:
            first: Frame 0, RGB.
            edited: The edited frame 0.
            lookup: The colour part of the edit.
            steps: How long to learn.
            learnt: Pixels to learn from.
        """
        self._lookup = lookup
        smoothed = _smoothed(first)
        self._smoothing, self._curves = _best_curves(smoothed, edited)
        by_colour, by_curves = lookup.apply(first), self._by_curves(smoothed)
        errors = [float(np.abs(picture - edited).mean()) for picture in (by_curves, by_colour)]
        self._follows_curves = errors[0] < MUCH_BETTER * errors[1]
        rest = (edited - (by_curves if self._follows_curves else by_colour)).reshape(-1, 3) / np.float32(128)
        importance = EASY + np.minimum(16 * np.abs(rest).max(axis=1), 1)
        self._network = Network(
            _features(first, smoothed, by_colour, by_curves), rest, importance * learnt.reshape(-1), steps
        )

    def apply(self, frame: Bytes) -> Bytes:
        """The edited frame, RGB."""
        by_colour, smoothed = self._lookup.apply(frame), _smoothed(frame)
        by_curves = self._by_curves(smoothed)
        rest = self._network(_features(frame, smoothed, by_colour, by_curves)).reshape(frame.shape)
        start = by_curves if self._follows_curves else by_colour
        return np.clip(start + 128 * rest + 0.5, 0, 255).astype(np.uint8)

    def _by_curves(self, smoothed: list[Bytes]) -> Floats:
        picture = smoothed[self._smoothing]
        return np.stack([curve[picture[..., i]] for i, curve in enumerate(self._curves)], axis=-1)


def learnt_look(first: Bytes, edited: Bytes, lookup: ColourLookup, *, everywhere: bool) -> LearnedLook | None:
    """The look that makes the edit; None where colour alone does as well, or where texture was added.

    Args:
        first: Frame 0, RGB.
        edited: The edited frame 0.
        lookup: The colour part of the edit.
        everywhere: The whole picture is edited.
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
        trial = LearnedLook(first, edited, lookup, steps=TRIAL_STEPS, learnt=~test)
        unexplained = float(np.square(truth - trial.apply(first)[test]).sum())
        if unexplained > min(NO_WORSE * by_colour, TRIAL_LEAVES * striking) or (
            not everywhere and unexplained > TRIAL_LEAVES * UNEXPLAINED * energy
        ):
            return None
        most = min(BETTER * by_colour, striking, *(() if everywhere else (UNEXPLAINED * energy,)))
    look = LearnedLook(first, edited, lookup, steps=STEPS, learnt=~test)
    unexplained = float(np.square(truth - look.apply(first)[test]).sum())
    return look if unexplained < most else None


def _smoothed(frame: Bytes) -> list[Bytes]:
    """The frame as it is and without detail, by the usual filters."""
    return [
        frame,
        cv2.bilateralFilter(frame, 7, 40, 5),
        cv2.medianBlur(frame, 5),
        cv2.GaussianBlur(frame, (0, 0), 1.2),
    ]


def _best_curves(smoothed: list[Bytes], edited: Bytes) -> tuple[int, list[Floats]]:
    """Which smoothed picture the edited one follows best, channel by channel, and the curves."""
    found = [[_curve(picture[..., i], edited[..., i]) for i in range(3)] for picture in smoothed]
    errors = [
        sum(float(np.abs(curve[picture[..., i]] - edited[..., i]).mean()) for i, curve in enumerate(curves))
        for picture, curves in zip(smoothed, found, strict=True)
    ]
    best = int(np.argmin(errors))
    return best, found[best]


def _curve(channel: Bytes, edited: Bytes) -> Floats:
    """The mean edited level for each level; where there is none, changed as levels around are."""
    levels = channel.reshape(-1)
    change = edited.reshape(-1) - levels.astype(np.float32)
    sums = np.stack([np.bincount(levels, minlength=256), np.bincount(levels, change, 256)])
    distance = np.subtract.outer(np.arange(256), np.arange(256))
    total = sums + 0.01 * sums @ np.exp(-0.5 * np.square(distance / CURVE_BLUR))
    total += 1e-6 * sums @ np.exp(-0.5 * np.square(distance / (8 * CURVE_BLUR)))
    return (np.arange(256) + total[1] / np.maximum(total[0], 1e-30)).astype(np.float32)


def _features(frame: Bytes, smoothed: list[Bytes], by_colour: Floats, by_curves: Floats) -> Floats:
    """What a look may depend on at each pixel, within about ±1: shape (pixels, features)."""
    colours = cv2.merge([*smoothed, cv2.GaussianBlur(frame, (0, 0), 3)]).astype(np.float32)
    luma: Floats = cv2.transform(frame.astype(np.float32), LUMA)
    levels = [luma, *(blur(luma, sigma) for sigma in (0.7, 1.4, 2.8, 5.6))]
    bands: list[Floats] = [6 * (fine - coarse) for fine, coarse in itertools.pairwise(levels)]
    across, down = cv2.Scharr(luma, cv2.CV_32F, 1, 0, scale=3 / 16), cv2.Scharr(luma, cv2.CV_32F, 0, 1, scale=3 / 16)
    # cv2.magnitude rounds by where its buffers lie in memory, and the same job has to give the same pixels.
    slope = np.sqrt(across * across + down * down)
    window = np.ones((3, 3), np.uint8)
    edges: list[Floats] = [
        slope,
        blur(slope, 1.5),
        3 * (cv2.dilate(luma, window) - luma),
        3 * (luma - cv2.erode(luma, window)),
    ]
    features = cv2.merge([colours, by_colour, by_curves, *bands, *edges])
    return features.reshape(-1, features.shape[2]) / np.float32(128)
