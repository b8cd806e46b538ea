"""The part of an edit that hangs on the surface, and where it may be shown."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from syncedit_demo.engines.draft.colour import EXACT_SHARE, NOISE, ColourLookup
from syncedit_demo.engines.draft.matching import LIGHT
from syncedit_demo.engines.draft.motion import Motion
from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    Flow,
    floats,
    mean_over,
    narrowed,
    places,
    resize,
    resize_flow,
    sample,
    widened,
)
from syncedit_demo.frames import size_of

MOSTLY_TEXTURE = 0.5
"""Explained share below which a local edit is new texture, not a change of what was there."""

OFFSETS = (-12, -4, 0, 4, 12)
"""Where, in pixels of a grid of 256x256, colours are looked for when the surface itself is not matched."""

ALMOST_OPEN = 0.98

FADE = np.exp(-np.square(np.arange(256, dtype=np.float32) / 9))
"""How well a pixel shows what frame 0 has, by the distance of its colour in levels."""


class Carrier:
    """Adds to each frame what of the edit is bound to a place on the surface rather than to a colour.

    That rest is split once into a local multiple of the colours (as a guided filter does: He, Sun and Tang, 2010),
    which follows the light on the surface, and an offset that holds what is left of it exactly.
    """

    def __init__(self, first: Bytes, edited: Bytes, lookup: ColourLookup, *, local: bool, scale: float) -> None:
        """Split the edit.

        Args:
            first: Frame 0, RGB.
            edited: The edited frame 0.
            lookup: The colour part of the edit.
            local: Whether the edit covers a small part of the picture only.
            scale: Pixels of the frame per pixel of the grid the sizes here are meant for, 512x512.
        """
        self._first = first
        self._lookup = lookup
        self._local = local
        self._scale = scale
        self._exact = lookup.explained >= EXACT_SHARE
        base = lookup.apply(first)
        change = floats(edited - base)
        energy = mean_over(floats(np.square(change).mean(axis=-1)), 5 * scale)
        change *= (np.maximum(energy - NOISE, 0) / (energy + 1e-3))[..., None]

        radius, smoothness = (3, 100.0) if local and lookup.explained < MOSTLY_TEXTURE else (4, 4.0)
        radius = radius * scale
        mean, mean_change = mean_over(base, radius), mean_over(change, radius)
        covariance = mean_over(base * change, radius) - mean * mean_change
        variance = mean_over(base * base, radius) - mean * mean
        self._slope = mean_over(floats(covariance / (variance + smoothness)), radius)
        self._offset = floats(change - self._slope * base)

        width, height = size_of(first)
        self._coarse = (round(width / (2 * scale)), round(height / (2 * scale)))
        self._colours_and_changes = np.concatenate(
            [resize(first, self._coarse).astype(np.float32), resize(change, self._coarse)], axis=-1
        ).reshape(-1, 6)

    def render(self, frame: Bytes, motion: Motion) -> Bytes:
        """The edited frame, RGB."""
        base = self._lookup.apply(frame)
        if motion.box is not None:
            self._add_carried(base, frame, motion, motion.box)
        return (base + 0.5).astype(np.uint8)

    def _add_carried(self, base: Floats, frame: Bytes, motion: Motion, fine_box: Box) -> None:
        size = size_of(frame)
        box = _scaled(fine_box, size[0] / motion.flow.shape[1], size[1] / motion.flow.shape[0])
        flow = resize_flow(motion.flow, size)[box]
        where = places(flow, (box[1].start, box[0].start))
        gate = self._gate(frame[box], where, motion.gain, resize(motion.confidence, size)[box])
        gain = 1 if self._exact else motion.gain
        carried = sample(self._slope, where) * base[box] + gain * sample(self._offset, where, cv2.INTER_CUBIC)
        carried *= gate[..., None]
        if not self._exact:
            whole_gate = np.ones(frame.shape[:2], np.float32)
            whole_gate[box] = gate
            matched = resize(self._matched(frame, motion, whole_gate), size)[box]
            carried += matched * (1 - gate)[..., None]
        base[box] = np.clip(base[box] + carried, 0, 255)

    def _gate(self, frame: Bytes, where: Flow, gain: Floats, confidence: Floats) -> Floats:
        """How far the frame shows, at each pixel, what frame 0 has there; 0-1."""
        shown = sample(self._first, where) * gain
        if self._local:
            light = floats(np.clip(frame - shown, -LIGHT, LIGHT))
            shown = shown + mean_over(light, 12 * self._scale)
        shown = np.clip(shown, 0, 255).astype(np.uint8)
        # What is bound to a surface stays visible through small errors of the motion.
        reach = 2 * round((2 if self._local else 1) * self._scale) + 1
        above = cv2.subtract(frame, widened(shown, reach))
        below = cv2.subtract(narrowed(shown, reach), frame)
        red, green, blue = cv2.split(cv2.max(above, below))
        distance = cv2.max(red, cv2.max(green, blue))
        if self._local:
            distance = cv2.medianBlur(distance, 2 * round(2 * self._scale) + 1)
        return floats(cv2.LUT(distance, FADE) * np.clip(3 * confidence - 0.3, 0, 1))

    def _matched(self, frame: Bytes, motion: Motion, gate: Floats) -> Floats:
        """What the edit does to pixels of the same colour nearby, on the coarse grid; only where the gate is not open.

        Non-local means (Buades, Coll and Morel, 2005) over a few offsets. Without anything alike it fades to nothing.
        """
        width, height = self._coarse
        rows, columns = np.nonzero(resize(gate, self._coarse) < ALMOST_OPEN)
        colours = resize(frame, self._coarse)[rows, columns].astype(np.float32)
        where = places(resize_flow(motion.flow, self._coarse))[rows, columns].round().astype(np.int32)
        total = np.zeros_like(colours)
        weights = np.full(len(rows), 1e-6, np.float32)
        best = np.zeros(len(rows), np.float32)
        for dx, dy in itertools.product(OFFSETS, OFFSETS):
            x, y = np.clip(where[:, 0] + dx, 0, width - 1), np.clip(where[:, 1] + dy, 0, height - 1)
            seen = self._colours_and_changes[y * width + x]
            difference = colours - seen[:, :3] * motion.gain
            weight = np.exp(np.einsum("ij,ij->i", difference, difference) * np.float32(-1 / 128))
            total += weight[:, None] * seen[:, 3:]
            weights += weight
            np.maximum(best, weight, out=best)
        result = np.zeros((height, width, 3), np.float32)
        result[rows, columns] = total * (best / weights)[:, None]
        return result


def _scaled(box: Box, across: float, down: float) -> Box:
    rows, columns = box
    return (
        slice(int(rows.start * down), int(rows.stop * down)),
        slice(int(columns.start * across), int(columns.stop * across)),
    )
