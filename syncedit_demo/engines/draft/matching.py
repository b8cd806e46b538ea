"""What pictures and flows tell about a match: how good it is, what it goes by, and which of several is the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.engines.draft.warping import Bytes, Floats, Mask, blur

if TYPE_CHECKING:
    from collections.abc import Sequence

WORST_COST = 18.0
"""Mean difference over the channels, in levels, from which a match is as bad as any."""

MOST_SLACK = 8.0
"""Most of the cost, in levels, that is put down to a match being off by half a pixel."""

TEXTURE = 1e-4
"""Eigenvalue, as OpenCV scales it, at which texture stands out from the noise."""

DETAIL = (1.0, 6.0)
"""Blurs between which detail lies, in pixels of the coarse grid."""

CONTRAST_WINDOW, FAINT = 8.0, 1.5
"""Blur over which the contrast of detail is made even, in pixels, and the contrast in levels that is but noise."""

MOST_POINTS = 800
"""Points that a homography is fitted to."""


def mismatch_of(cost: Floats) -> float:
    """Share of a picture that has no counterpart."""
    return float((cost > WORST_COST / 2).mean())


def slack_of(picture: Bytes) -> Floats:
    """Cost that a match may have by being off by half a pixel only: half the slope of the picture, in levels."""
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
    # cv2.magnitude rounds by where its buffers lie in memory, and the same job has to give the same pixels.
    return np.minimum(blur(np.sqrt(across * across + down * down), 2) / 2, MOST_SLACK)


def confidence_of(cost: Floats, slack: Floats | float) -> Floats:
    """How sure a match of such a cost is, 0-1."""
    return np.exp(-np.square(np.maximum(cost - 2 - slack, 0) / 8))


def detail_of(picture: Bytes) -> Bytes:
    """The detail of a grey picture, of even contrast throughout, around middle grey."""
    band = blur(picture.astype(np.float32), DETAIL[0])
    band -= blur(band, DETAIL[1])
    strength = np.sqrt(blur(band * band, CONTRAST_WINDOW))
    return np.clip(128.5 + 45 * band / (strength + FAINT), 0, 255).astype(np.uint8)


def grown(mask: Floats, margin: int) -> Mask:
    """Where a soft mask is, and up to a margin in pixels beyond."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return cv2.dilate((mask > 0.3).astype(np.uint8), kernel) > 0


def texture_of(picture: Bytes) -> Floats:
    """How well motion is determined by what is seen, 0-1: the smaller eigenvalue of the structure tensor."""
    smallest = cv2.cornerMinEigenVal(picture, 9, ksize=3)
    square = np.square(smallest)
    return square / (square + TEXTURE**2)


def homography(flow: Floats, region: Mask) -> Floats | None:
    """The plane motion of a region; None where too little of it agrees on one."""
    rows, columns = np.nonzero(region[::3, ::3])
    if len(rows) < 40:
        return None
    stride = max(1, len(rows) // MOST_POINTS)
    rows, columns = rows[::stride], columns[::stride]
    points = np.stack([columns, rows], axis=-1).astype(np.float32) * 3
    moved = points + flow[rows * 3, columns * 3]
    matrix, inliers = cv2.findHomography(points, moved, cv2.RANSAC, 1.0)
    if np.count_nonzero(inliers) < 30:
        return None
    return matrix


def cheapest(candidates: Sequence[Floats], costs: Sequence[Floats]) -> Floats:
    """Per pixel the candidate of least cost, with soft seams."""
    best = np.argmin(np.stack(costs), axis=0)
    result = np.zeros_like(candidates[0])
    for index, candidate in enumerate(candidates):
        result += blur((best == index).astype(np.float32), 2)[..., None] * candidate
    return result
