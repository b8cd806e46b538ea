"""What pictures and flows tell about a match: how good it is, what it goes by, and which of several is the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from syncedit_demo.engines.draft.warping import (
    Bytes,
    Floats,
    Flow,
    Mask,
    Matrix,
    blur,
    floats,
    mean_of_channels,
    places,
    sample,
    wide_blur,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

WORST_COST = 18.0
"""Mean difference over the channels, in levels, from which a match is as bad as any."""

LIGHT = 12.0
"""How much light and shade on a surface may change, in levels, without it being another surface or being covered."""

MOST_SLACK = 8.0
"""Most of the cost, in levels, that is put down to a match being off by half a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A flow that may be the true one.

    Attributes:
        flow: From a frame to frame 0.
        cost: How badly it matches per pixel, in levels.
        bias: What is added to that when candidates are compared: how unlikely such a flow is before one looks.
    """

    flow: Flow
    cost: Floats
    bias: Floats | float


class Cost(Protocol):
    """How badly a frame matches an earlier one along a flow."""

    def __call__(self, frame: Floats, flow: Flow, earlier: Floats, sigma: float = 3) -> Floats:
        """The mean difference over the channels around each pixel, in levels, 0 to WORST_COST.

        Args:
            frame: RGB, 0-255.
            flow: From the frame to the earlier one.
            earlier: RGB, 0-255.
            sigma: Blur in pixels over which the mean is taken.
        """
        ...


def colour_cost(frame: Floats, flow: Flow, earlier: Floats, sigma: float = 3) -> Floats:
    """The cost by the colours as they are; see `Cost`."""
    return _limited(_difference(frame, flow, earlier), sigma)


def shaded_cost(frame: Floats, flow: Flow, earlier: Floats, sigma: float = 3) -> Floats:
    """The cost on a surface over which light and shade may move; see `Cost`."""
    difference = _difference(frame, flow, earlier)
    difference -= wide_blur(np.clip(difference, -LIGHT, LIGHT), 8)
    return _limited(difference, sigma)


def _difference(frame: Floats, flow: Flow, earlier: Floats) -> Floats:
    return frame - sample(earlier, places(flow), border=cv2.BORDER_CONSTANT)


def _limited(difference: Floats, sigma: float) -> Floats:
    return blur(np.minimum(mean_of_channels(np.abs(difference)), WORST_COST), sigma)


def mismatch_of(cost: Floats) -> float:
    """Share of a picture that has no counterpart."""
    return float((cost > WORST_COST / 2).mean())


def slack_of(picture: Bytes) -> Floats:
    """Cost that a match may have by being off by half a pixel only: half the slope of the picture, in levels."""
    across, down = (floats(cv2.Sobel(picture, cv2.CV_32F, x, 1 - x, scale=1 / 8)) for x in (1, 0))
    # cv2.magnitude rounds by where its buffers lie in memory, and the same job has to give the same pixels.
    return np.minimum(blur(np.sqrt(across * across + down * down), 2) / 2, MOST_SLACK)


def confidence_of(cost: Floats, slack: Floats | float = 0.0) -> Floats:
    """How sure a match of such a cost is, 0-1."""
    return floats(np.exp(-np.square(np.maximum(cost - 2 - slack, 0) / 8)))


def detail_of(picture: Bytes) -> Bytes:
    """The detail of a grey picture, of even contrast throughout, around middle grey."""
    # Without noise of single pixels and without shade; contrast is made even over a little more than detail is wide.
    band = blur(picture.astype(np.float32), 1.0)
    band -= blur(band, 6.0)
    strength = np.sqrt(blur(band * band, 8.0))
    # What has 1.5 levels of contrast is noise as much as detail, and not made as strong as the rest.
    return np.clip(128.5 + 45 * band / (strength + 1.5), 0, 255).astype(np.uint8)


def grown(mask: Floats, margin: int) -> Mask:
    """Where a soft mask is, and up to a margin in pixels beyond."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return cv2.dilate((mask > 0.3).astype(np.uint8), kernel) > 0


def texture_of(picture: Bytes) -> Floats:
    """How well motion is determined by what is seen, 0-1: the smaller eigenvalue of the structure tensor."""
    smallest = floats(cv2.cornerMinEigenVal(picture, 9, ksize=3))
    square = np.square(smallest)
    # As OpenCV scales it, texture stands out from noise at 1e-4.
    return floats(square / (square + 1e-4**2))


def homography(flow: Flow, region: Mask) -> Matrix | None:
    """The plane motion of a region; None where too little of it agrees on one."""
    rows, columns = np.nonzero(region[::3, ::3])
    if len(rows) < 40:
        return None
    # Some hundred points tell eight numbers; more take longer.
    stride = max(1, len(rows) // 800)
    rows, columns = rows[::stride], columns[::stride]
    points = np.stack([columns, rows], axis=-1).astype(np.float32) * 3
    moved = points + flow[rows * 3, columns * 3]
    matrix, inliers = cv2.findHomography(points, moved, cv2.RANSAC, 1.0)
    if np.count_nonzero(inliers) < 30:
        return None
    return np.asarray(matrix, np.float64)


def cheapest(candidates: Sequence[Candidate]) -> Flow:
    """Per pixel the candidate of least cost, with soft seams."""
    best = np.argmin(np.stack([candidate.cost + candidate.bias for candidate in candidates]), axis=0)
    result = np.zeros_like(candidates[0].flow)
    for index, candidate in enumerate(candidates):
        result += blur((best == index).astype(np.float32), 2)[..., None] * candidate.flow
    return result
