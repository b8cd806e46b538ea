"""Where each pixel of a frame was in frame 0, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from syncedit_demo.engines.draft.surface import SurfaceTracker
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
SMOOTH_BIAS = np.float32(-1.5)
"""Added to the cost of a candidate: a chain drifts, a homography is smooth."""

LIGHT = np.float32(12)
"""How much light and shade on a surface may change, in levels, without it being another surface."""

GAIN_RANGE = (0.6, 1.6)

POLISH_LIMIT = 1.5
"""Longest step in pixels of the fine grid that the last refinement may make."""

CUT_SHARE = 0.45
"""Share of a frame without counterpart in the frame before from which it is another scene. Motion within a scene stays
under 0.16 on the clips this was set on, unrelated scenes are above 0.6."""

TEXTURE = 1e-4

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
        self._surface = SurfaceTracker(self._first, self._support) if local else None
        self._placed = np.eye(3)
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
        texture = _texture(coarse_gray)
        flow, cost, plane, zone = self._best(colours, coarse_gray, chain, texture)
        self.away = (cut or self.away) and _mismatch(cost) > CUT_SHARE
        if self.away:
            nowhere = np.zeros(cost.shape, np.float32)
            return Motion(self._flow, nowhere, self._gain, None)
        confidence = _confidence(cost)
        confidence = cast("Floats", cv2.erode(confidence, np.ones((17, 17) if self._local else (7, 7), np.uint8)))
        self._flow = self._refilled(flow, confidence, texture, plane)
        trust = confidence if self._local else texture
        if self._local:
            filled = _confidence(self._cost(colours, self._flow, self._first * self._gain, 1))
            confidence = np.maximum(confidence, cv2.erode(filled, np.ones((3, 3), np.uint8)))
        self._gain = self._measured_gain(colours, confidence)
        box = self._box(zone)
        confidence = confidence * zone
        fine = resize_flow(self._flow, size_of(frame))
        if box is not None:
            fine[box] = self._polished(gray(frame)[box], fine[box], cast("Floats", resize(trust, size_of(frame)))[box], box)
        return Motion(fine, confidence, self._gain, box)

    def _still(self) -> Floats:
        return np.zeros((self._size[1], self._size[0], 2), np.float32)

    def _cost(self, frame: Floats, flow: Floats, first: Floats, sigma: float = 3) -> Floats:
        outside = (1e4, 1e4, 1e4)
        shown = cv2.remap(first, places(flow), None, cv2.INTER_LINEAR, borderValue=outside)
        difference = frame - shown
        if self._surface is not None:
            difference -= np.clip(blur(np.clip(difference, -LIGHT, LIGHT), 8), -LIGHT, LIGHT)
        difference = cv2.transform(np.abs(difference), MEAN)
        return blur(np.minimum(difference, WORST_COST), sigma)

    def _best(
        self, frame: Floats, frame_gray: Bytes, chain: Floats, texture: Floats
    ) -> tuple[Floats, Floats, NDArray[np.float64], NDArray[np.bool_]]:
        """The flow to frame 0, its cost, and the plane motion of what is edited."""
        first = self._first * self._gain
        seen = cast("Bytes", warp(self._first_gray, chain))
        candidates = [
            chain,
            self._dis.calc(frame_gray, self._first_gray, chain.copy()),
            compose(self._dis.calc(frame_gray, seen, self._still()), chain),
        ]
        costs = [self._cost(frame, flow, first) for flow in candidates]
        biases = [np.float32(CHAIN_BIAS), np.float32(0), np.float32(0)]
        better = candidates[1] if costs[1].mean() < costs[2].mean() else candidates[2]
        sure = np.minimum(costs[1], costs[2]) < 4
        smooth = SMOOTH_BIAS * (1 - texture)
        plane = np.eye(3)
        background = _homography(better, sure)
        if background is not None:
            plane = background
            candidates.append(self._through(plane, frame_gray, texture))
            biases.append(HOMOGRAPHY_BIAS + smooth)
        zone = np.ones(texture.shape, np.bool_)
        if self._surface is not None:
            placed, share = self._surface.align(frame, self._gain, [self._placed])
            if share < 0.3:
                around = _grown(cast("Floats", warp(self._support, better)), 12)
                region = _homography(better, sure & around)
                if region is not None:
                    other, other_share = self._surface.align(frame, self._gain, [np.linalg.inv(region)])
                    if other_share > share:
                        placed, share = other, other_share
            self._placed = placed
            if share > 0.3:
                plane = np.linalg.inv(placed)
                candidates.append(self._through(plane, frame_gray, texture))
                shown = cast("Floats", self._seen_through(plane, self._support))
                near = _grown(shown, 24)
                biases[-1] = np.where(near, np.float32(0), biases[-1])
                biases.append(HOMOGRAPHY_BIAS + np.where(near, smooth, np.float32(0)))
                if share > 0.5:
                    zone = _grown(shown, round(6 + 0.15 * float(np.sqrt(shown.sum()))))
        costs += [self._cost(frame, flow, first) for flow in candidates[3:]]
        flow = _cheapest(candidates, [cost + bias for cost, bias in zip(costs, biases, strict=True)])
        return flow, self._cost(frame, flow, first), plane, zone

    def _seen_through(self, matrix: NDArray[np.float64], picture: NDArray[Any]) -> NDArray[Any]:
        mode = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(picture, matrix, self._size, flags=mode, borderMode=cv2.BORDER_REPLICATE)

    def _through(self, matrix: NDArray[np.float64], frame_gray: Bytes, texture: Floats) -> Floats:
        """Flow to frame 0 seen through a homography: what is left to find is small, whatever the turn or zoom."""
        seen = cast("Bytes", self._seen_through(matrix, self._first_gray))
        still = self._still()
        found = places(self._dis.calc(frame_gray, seen, still.copy()) * texture[..., None])
        return cv2.perspectiveTransform(found, matrix) - places(still)

    def _refilled(
        self, flow: Floats, confidence: Floats, texture: Floats, plane: NDArray[np.float64]
    ) -> Floats:
        """The flow, with what is unsure taken from its surroundings."""
        grid = places(self._still())
        ground = cv2.perspectiveTransform(grid, plane) - grid
        weight = confidence * (texture + np.float32(0.02)) + np.float32(1e-4)
        offset = (flow - ground) * weight[..., None]
        filled = blur(offset, 6) + 0.05 * blur(offset, 24)
        filled /= (blur(weight, 6) + 0.05 * blur(weight, 24))[..., None]
        return ground + filled + (flow - ground - filled) * (confidence * texture)[..., None]

    def _measured_gain(self, frame: Floats, confidence: Floats) -> Floats:
        sure = confidence[::3, ::3] > 0.5
        if np.count_nonzero(sure) < 50:
            return self._gain
        shown = warp(self._first, self._flow)[::3, ::3][sure]
        ratio = np.median((frame[::3, ::3][sure] + 1) / (shown + 1), axis=0)
        return np.clip(ratio, *GAIN_RANGE).astype(np.float32)

    def _box(self, zone: NDArray[np.bool_]) -> Box | None:
        """The part of the fine grid where the edit shows, with a margin."""
        x, y, width, height = cv2.boundingRect(((warp(self._support, self._flow) > 0.01) & zone).astype(np.uint8))
        if not width or not height:
            return None
        margin = 4 if self._local else 16
        top, left = max(0, y - margin), max(0, x - margin)
        return slice(2 * top, 2 * (y + height + margin)), slice(2 * left, 2 * (x + width + margin))

    def _polished(self, frame_gray: Bytes, flow: Floats, trust: Floats, box: Box) -> Floats:
        origin = (box[1].start, box[0].start)
        seen = sample(self._fine_gray, places(flow, origin))
        # A DIS object keeps buffers of its last size; this one's size follows the box.
        polisher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        step = polisher.calc(np.ascontiguousarray(frame_gray), cast("Bytes", seen), np.zeros_like(flow))
        length = np.sqrt(np.square(step).sum(axis=-1, keepdims=True))
        step *= np.clip(2 - length / POLISH_LIMIT, 0, 1) * trust[..., None]
        return compose(step, flow)


def _mismatch(cost: Floats) -> float:
    """Share of a picture that has no counterpart."""
    return float((cost > WORST_COST / 2).mean())


def _confidence(cost: Floats) -> Floats:
    return np.exp(-np.square(np.maximum(cost - 2, 0) / 8))


def _grown(mask: Floats, margin: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return cv2.dilate((mask > 0.3).astype(np.uint8), kernel) > 0


def _texture(picture: Bytes) -> Floats:
    """How well motion is determined by what is seen, 0-1: the smaller eigenvalue of the structure tensor."""
    smallest = cv2.cornerMinEigenVal(picture, 9, ksize=3)
    square = np.square(smallest)
    return square / (square + TEXTURE**2)


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
