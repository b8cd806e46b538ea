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
ALMOST_OPEN = 0.98
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
        self._coarse = coarse
        self._samples = np.concatenate([resize(first.astype(np.float32), coarse), resize(change, coarse)], axis=-1)

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
            open_gate = np.ones(frame.shape[:2], np.float32)
            open_gate[box] = gate[..., 0]
            fallback = resize(self._matched(frame, motion, open_gate), size)[box]
            carried = fallback + gate * (carried - fallback)
        else:
            carried *= gate
        base[box] = np.clip(base[box] + carried, 0, 255)

    def _matched(self, frame: Bytes, motion: Motion, gate: Floats) -> Floats:
        """What the edit does to pixels of this colour nearby, where the surface itself is not matched."""
        width, height = self._coarse
        rows, columns = np.nonzero(resize(gate, self._coarse) < ALMOST_OPEN)
        colours = resize(frame, self._coarse)[rows, columns].astype(np.float32)
        where = places(resize_flow(motion.flow, self._coarse))[rows, columns].round().astype(np.int32)
        samples = self._samples.reshape(-1, 6)
        total = np.zeros_like(colours)
        weights = np.full(len(rows), 1e-6, np.float32)
        best = np.zeros(len(rows), np.float32)
        for dx, dy in itertools.product(OFFSETS, OFFSETS):
            x, y = np.clip(where[:, 0] + dx, 0, width - 1), np.clip(where[:, 1] + dy, 0, height - 1)
            seen = samples[y * width + x]
            difference = colours - seen[:, :3] * motion.gain
            weight = np.exp(np.einsum("ij,ij->i", difference, difference) * np.float32(-1 / 128))
            total += weight[:, None] * seen[:, 3:]
            weights += weight
            np.maximum(best, weight, out=best)
        result = np.zeros((height, width, 3), np.float32)
        result[rows, columns] = total * (best / weights)[:, None]
        return result


def _gate(frame: Bytes, shown: Bytes, confidence: Floats) -> Floats:
    """How far the frame shows, at each pixel, what frame 0 has there; 0-1."""
    kernel = np.ones((3, 3), np.uint8)
    above = cv2.subtract(frame, cv2.dilate(shown, kernel))
    below = cv2.subtract(cv2.erode(shown, kernel), frame)
    red, green, blue = cv2.split(cv2.max(above, below))
    distance = cv2.max(red, cv2.max(green, blue))
    return cv2.LUT(distance, FADE) * np.clip(3 * confidence - 0.3, 0, 1)
