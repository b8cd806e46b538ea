"""Where each pixel of a frame was in frame 0, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from syncedit_demo.engines.draft.warping import (
    Box,
    Bytes,
    Floats,
    blur,
    compose,
    gray,
    places,
    resize,
    resize_flow,
    sample,
    size_of,
    warp,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORST_COST = 18.0
"""Mean difference over the channels, in levels, from which a match is as bad as any."""

CHAIN_BIAS = 0.6
HOMOGRAPHY_BIAS = -0.3
"""Added to the cost of a candidate: a chain drifts, a homography is smooth."""

GAIN_RANGE = (0.6, 1.6)

POLISH_LIMIT = 1.5
"""Longest step in pixels of the fine grid that the last refinement may make."""

CUT_SHARE = 0.45
"""Share of a frame without counterpart in the frame before from which it is another scene. Motion within a scene stays
under 0.16 on the clips this was set on, unrelated scenes are above 0.6."""

MEAN = np.full((1, 3), 1 / 3, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How one frame hangs together with frame 0.

    Attributes:
        flow: From the frame to frame 0, on the tracker's fine grid; only good inside `box`.
        confidence: 0-1 on the tracker's coarse grid, half the fine one.
        gain: Brightness of the frame against frame 0 per channel, shape (3,).
        box: The part of the fine grid where the edit may show; None where it is out of sight or the scene another.
    """

    flow: Floats
    confidence: Floats
    gain: Floats
    box: Box | None


class MotionTracker:
    """Follows frame 0 through the clip, one frame after the other.

    Motion is found on a coarse grid of half the given size and refined on the given, fine one.

    Attributes:
        away: The frame looked at last shows another scene than frame 0.
    """

    def __init__(self, first: Bytes, support: Floats, *, local: bool) -> None:
        """Start at frame 0.

        Args:
            first: Frame 0, RGB, at the fine size.
            support: Where the edit is, 0-1, shape (height, width), at the fine size.
            local: Whether the edit covers a small part of the picture only.
        """
        self.away = False
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._local = local
        self._fine_gray = gray(first)
        width, height = size_of(first)
        self._size = (width // 2, height // 2)
        coarse = resize(first, self._size)
        self._first = coarse.astype(np.float32)
        self._first_gray = gray(coarse)
        self._support = cast("Floats", resize(support, self._size))
        self._previous = coarse
        self._flow = self._still()
        self._gain = np.ones(3, np.float32)

    def step(self, frame: Bytes) -> Motion:
        """The motion of the next frame, RGB at the fine size."""
        coarse = cast("Bytes", resize(frame, self._size))
        coarse_gray = gray(coarse)
        colours = coarse.astype(np.float32)
        back = self._dis.calc(coarse_gray, gray(self._previous), self._still())
        cut = _mismatch(self._cost(colours, back, self._previous.astype(np.float32))) > CUT_SHARE
        self._previous = coarse
        if cut or self.away:
            self._flow, self._gain = self._still(), np.ones(3, np.float32)
            chain = self._flow
        else:
            chain = compose(back, self._flow)
        flow, cost, plane = self._best(colours, coarse_gray, chain)
        self.away = (cut or self.away) and _mismatch(cost) > CUT_SHARE
        if self.away:
            nowhere = np.zeros(cost.shape, np.float32)
            return Motion(self._flow, nowhere, self._gain, None)
        confidence = np.exp(-np.square(np.maximum(cost - 2, 0) / 8))
        confidence = cast("Floats", cv2.erode(confidence, np.ones((17, 17) if self._local else (7, 7), np.uint8)))
        self._flow = self._refilled(flow, confidence, plane)
        self._gain = self._measured_gain(colours, confidence)
        box = self._box()
        fine = resize_flow(self._flow, size_of(frame))
        if box is not None:
            fine[box] = self._polished(gray(frame)[box], fine[box], box)
        return Motion(fine, confidence, self._gain, box)

    def _still(self) -> Floats:
        return np.zeros((self._size[1], self._size[0], 2), np.float32)

    def _cost(self, frame: Floats, flow: Floats, first: Floats) -> Floats:
        outside = (1e4, 1e4, 1e4)
        shown = cv2.remap(first, places(flow), None, cv2.INTER_LINEAR, borderValue=outside)
        difference = cv2.transform(cv2.absdiff(frame, shown), MEAN)
        return blur(np.minimum(difference, WORST_COST), 3)

    def _best(self, frame: Floats, frame_gray: Bytes, chain: Floats) -> tuple[Floats, Floats, NDArray[np.float64]]:
        """The flow to frame 0, its cost, and the plane motion of what is edited."""
        first = self._first * self._gain
        candidates = [chain, self._dis.calc(frame_gray, self._first_gray, chain.copy())]
        costs = [self._cost(frame, flow, first) for flow in candidates]
        biases = [CHAIN_BIAS, 0.0]
        sure = costs[1] < 4
        regions = [sure]
        if self._local:
            regions.append(sure & (warp(self._support, candidates[1]) > 0.3))
        plane = np.eye(3)
        for region in regions:
            matrix = _homography(candidates[1], region)
            if matrix is not None:
                plane = matrix
                candidates.append(self._through(matrix, frame_gray))
                costs.append(self._cost(frame, candidates[-1], first))
                biases.append(HOMOGRAPHY_BIAS)
        biased = [cost + np.float32(bias) for cost, bias in zip(costs, biases, strict=True)]
        flow = _cheapest(candidates, biased)
        return flow, self._cost(frame, flow, first), plane

    def _through(self, matrix: NDArray[np.float64], frame_gray: Bytes) -> Floats:
        """Flow to frame 0 seen through a homography: what is left to find is small, whatever the turn or zoom."""
        mode = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpPerspective(self._first_gray, matrix, self._size, flags=mode, borderMode=cv2.BORDER_REPLICATE)
        still = self._still()
        found = places(self._dis.calc(frame_gray, cast("Bytes", seen), still.copy()))
        return cv2.perspectiveTransform(found, matrix) - places(still)

    def _refilled(self, flow: Floats, confidence: Floats, plane: NDArray[np.float64]) -> Floats:
        """The flow, with what is unsure taken from its surroundings."""
        if self._local:
            grid = places(self._still())
            ground = cv2.perspectiveTransform(grid, plane) - grid
        else:
            ground = self._still()
        weight = confidence + np.float32(1e-3)
        offset = (flow - ground) * weight[..., None]
        filled = blur(offset, 6) + 0.05 * blur(offset, 24)
        filled /= (blur(weight, 6) + 0.05 * blur(weight, 24))[..., None]
        return ground + filled + (flow - ground - filled) * confidence[..., None]

    def _measured_gain(self, frame: Floats, confidence: Floats) -> Floats:
        sure = confidence[::3, ::3] > 0.5
        if np.count_nonzero(sure) < 50:
            return self._gain
        shown = warp(self._first, self._flow)[::3, ::3][sure]
        ratio = np.median((frame[::3, ::3][sure] + 1) / (shown + 1), axis=0)
        return np.clip(ratio, *GAIN_RANGE).astype(np.float32)

    def _box(self) -> Box | None:
        """The part of the fine grid where the edit shows, with a margin."""
        x, y, width, height = cv2.boundingRect((warp(self._support, self._flow) > 0.01).astype(np.uint8))
        if not width or not height:
            return None
        margin = 16
        top, left = max(0, y - margin), max(0, x - margin)
        return slice(2 * top, 2 * (y + height + margin)), slice(2 * left, 2 * (x + width + margin))

    def _polished(self, frame_gray: Bytes, flow: Floats, box: Box) -> Floats:
        origin = (box[1].start, box[0].start)
        seen = sample(self._fine_gray, places(flow, origin))
        # A DIS object keeps buffers of its last size; this one's size follows the box.
        polisher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        step = polisher.calc(np.ascontiguousarray(frame_gray), cast("Bytes", seen), np.zeros_like(flow))
        length = np.sqrt(np.square(step).sum(axis=-1, keepdims=True))
        return compose(step * np.clip(2 - length / POLISH_LIMIT, 0, 1), flow)


def _mismatch(cost: Floats) -> float:
    """Share of a picture that has no counterpart."""
    return float((cost > WORST_COST / 2).mean())


def _homography(flow: Floats, region: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The plane motion of a region; None where too little of it agrees on one."""
    rows, columns = np.nonzero(region[::3, ::3])
    if len(rows) < 40:
        return None
    points = np.stack([columns, rows], axis=-1).astype(np.float32) * 3
    moved = points + flow[rows * 3, columns * 3]
    matrix, inliers = cv2.findHomography(points, moved, cv2.RANSAC, 1.0)
    if np.count_nonzero(inliers) < 30:
        return None
    return matrix


def _cheapest(candidates: Sequence[Floats], costs: Sequence[Floats]) -> Floats:
    """Per pixel the candidate of least cost, with soft seams."""
    best = np.argmin(np.stack(costs), axis=0)
    result = np.zeros_like(candidates[0])
    for index, candidate in enumerate(candidates):
        result += blur((best == index).astype(np.float32), 2)[..., None] * candidate
    return result
