"""The part of an edit that hangs on the surface, and where it may be shown."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.motion import Motion
from syncedit_demo.engines.draft.warping import Box, Bytes, Floats, places, resize, resize_flow, sample, size_of

LIGHT = 12.0
OFFSETS = (-12, -4, 0, 4, 12)
DISTANCE = np.full((1, 3), -1 / 128, np.float32)
FADE = np.exp(-np.square(np.arange(256, dtype=np.float32) / 9))


class Carrier:
    """Adds to each frame what of the edit is bound to a place on the surface rather than to a colour."""

    def __init__(self, first: Bytes, edited: Bytes, lookup: ColourLookup, *, local: bool, scale: float) -> None:
        self._first = first
        self._local = local
        self._light_window = 2 * round(12 * scale) + 1
        self._lookup = lookup
        self._exact = lookup.explained >= 0.95
        base = lookup.apply(first)
        sharp = local and lookup.explained < 0.5
        radius, eps = (3, 100.0) if sharp else (4, 4.0)
        size = (2 * round(radius * scale) + 1,) * 2
        change = edited - base
        mean_base, mean_change = cv2.blur(base, size), cv2.blur(change, size)
        covariance = cv2.blur(base * change, size) - mean_base * mean_change
        variance = cv2.blur(base * base, size) - mean_base * mean_base
        slope = covariance / (variance + eps)
        self._slope = cv2.blur(slope, size)
        self._offset = change - self._slope * base
        self._total = change
        coarse = (size_of(first)[0] // max(1, round(2 * scale)), size_of(first)[1] // max(1, round(2 * scale)))
        self._coarse_first = cv2.resize(first, coarse, interpolation=cv2.INTER_AREA)
        self._coarse_total = cv2.resize(change, coarse, interpolation=cv2.INTER_AREA)

    def render(self, frame: Bytes, motion: Motion) -> Bytes:
        """The edited frame, RGB."""
        base = self._lookup.apply(frame)
        if motion.box is not None:
            self._carry(frame, base, motion, motion.box)
        return (base + 0.5).astype(np.uint8)

    def _carry(self, frame: Bytes, base: Floats, motion: Motion, box: Box) -> None:
        """Add what hangs on the surface to the colour part, in place."""
        size = size_of(frame)
        flow = resize_flow(motion.flow, size)
        scale = size[0] / size_of(motion.flow)[0]
        box = tuple(slice(int(side.start * scale), int(side.stop * scale)) for side in box)
        where = places(np.ascontiguousarray(flow[box]), (box[1].start, box[0].start))
        shown = cv2.multiply(sample(self._first, where), (*motion.gain.tolist(), 0))
        confidence = resize(motion.confidence, size)[box]
        if self._local:
            light = np.clip(frame[box] - shown.astype(np.float32), -LIGHT, LIGHT)
            shown = np.clip(shown + cv2.blur(light, (self._light_window,) * 2), 0, 255).astype(np.uint8)
        gate = cv2.merge([_gate(np.ascontiguousarray(frame[box]), shown, confidence)] * 3)
        offset = sample(self._offset, where, cv2.INTER_CUBIC)
        if not self._exact:
            offset *= motion.gain
        carried = sample(self._slope, where) * base[box] + offset
        if not self._exact:
            fallback = resize(self._matched(frame, motion), size)[box]
            carried = fallback + gate * (carried - fallback)
        else:
            carried *= gate
        base[box] = np.clip(base[box] + carried, 0, 255)

    def _matched(self, frame: Bytes, motion: Motion) -> Floats:
        """What the edit does to pixels of this colour nearby, where the surface itself is not matched."""
        size = size_of(self._coarse_first)
        small = resize(frame, size).astype(np.float32)
        where = places(resize_flow(motion.flow, size))
        total = np.zeros_like(small)
        weights = np.full(small.shape[:2], 1e-6, np.float32)
        best = np.zeros(small.shape[:2], np.float32)
        for dx, dy in itertools.product(OFFSETS, OFFSETS):
            moved = where + np.array((dx, dy), np.float32)
            seen = sample(self._coarse_first, moved)
            difference = small - seen * motion.gain
            weight = cv2.exp(cv2.transform(difference * difference, DISTANCE))
            total += weight[..., None] * sample(self._coarse_total, moved)
            weights += weight
            best = np.maximum(best, weight)
        return total * (best / weights)[..., None]


def _gate(frame: Bytes, shown: Bytes, confidence: Floats) -> Floats:
    """How far the frame shows, at each pixel, what frame 0 has there; 0-1."""
    kernel = np.ones((3, 3), np.uint8)
    above = cv2.subtract(frame, cv2.dilate(shown, kernel))
    below = cv2.subtract(cv2.erode(shown, kernel), frame)
    red, green, blue = cv2.split(cv2.max(above, below))
    distance = cv2.max(red, cv2.max(green, blue))
    return cv2.LUT(distance, FADE) * np.clip(3 * confidence - 0.3, 0, 1)
