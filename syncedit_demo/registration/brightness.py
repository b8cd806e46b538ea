"""Frame and image by their local brightness, in which relighting and recolouring hardly show, and one step of a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.frames import size_of
from syncedit_demo.registration.gray import as_gray, blurred, gradient, reduced
from syncedit_demo.registration.maps import IDENTITY, centre, coverage, scaling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.registration.gray import Gray
    from syncedit_demo.registration.maps import Matrix

CONTRAST_RADIUS = 6.0
"""Sigma in pixels of the neighbourhood against which brightness and contrast are taken."""

CONTRAST_FLOOR = 5.0
"""Grey levels of contrast below which a neighbourhood counts as flat, above the noise of JPEG at quality 85."""

TEXTURED = 0.2
"""Mean square of the normalised brightness (0 to 1) from which a neighbourhood has texture."""


class Level:
    """Frame and image, locally normalised, at one reduction."""

    def __init__(self, frame: Gray, image: Gray, reduction: int) -> None:
        frame_small, image_small = reduced(frame, reduction), reduced(image, reduction)
        self.size = size_of(frame_small)
        self.frame_scaling = scaling(size_of(frame), self.size)
        self.image_scaling = scaling(size_of(image), size_of(image_small))
        self._frame = _normalised(frame_small)
        self._image = _normalised(image_small)
        self.textured = blurred(self._frame**2, CONTRAST_RADIUS) > TEXTURED
        self._gradient = gradient(self._frame)
        # Coordinates about the centre in half diagonals, so that the normal equations are well scaled.
        width, height = self.size
        self._unit = math.hypot(width, height) / 2
        self._x = np.broadcast_to((np.arange(width, dtype=np.float32) - (width - 1) / 2) / self._unit, (height, width))
        y = (np.arange(height, dtype=np.float32) - (height - 1) / 2) / self._unit
        self._y = np.broadcast_to(y[:, None], (height, width))

    def textured_share(self) -> float:
        """The share of pixels that have texture, 0 to 1, in the poorer of the two pictures."""
        return min(
            float((blurred(picture**2, CONTRAST_RADIUS) > TEXTURED).mean()) for picture in (self._frame, self._image)
        )

    def agreement(self, matrix: Matrix) -> tuple[Gray, NDArray[np.bool_]]:
        """The local correlation (-1 to 1) under a map, and where it is defined."""
        seen, covered = self._seen(matrix)
        return _local_gain(self._frame, seen), covered

    def step(self, matrix: Matrix, *, stretches: bool) -> Matrix:
        """One Gauss-Newton step: the small displacement of the frame to be applied before `matrix`.

        Args:
            matrix: Where the fit is.
            stretches: Whether width and height may grow by different factors.
        """
        seen, covered = self._seen(matrix)
        gain = _local_gain(self._frame, seen)
        residual = self._frame - gain * seen
        trust = np.clip((np.abs(gain) - 0.5) / 0.4, 0, 1) ** 2
        used = covered & self.textured & (trust > 0)
        if int(used.sum()) < 64:
            return IDENTITY
        seen_gradient = gradient(seen)
        gx, gy = (
            (own[used] + gain[used] * other[used]) / 2 for own, other in zip(self._gradient, seen_gradient, strict=True)
        )
        x, y, r = self._x[used], self._y[used], residual[used]
        growth = (gx * x, gy * y) if stretches else (gx * x + gy * y,)
        jacobian = np.stack([gx, gy, *growth, gy * x - gx * y], axis=1)
        scale = 4.685 * 1.4826 * float(np.median(np.abs(r))) + 1e-3
        weight = trust[used] * np.clip(1 - (r / scale) ** 2, 0, 1) ** 2
        weighted = jacobian * weight[:, None]
        normal = (weighted.T @ jacobian).astype(np.float64)
        normal += np.eye(jacobian.shape[1]) * 1e-4 * np.trace(normal)
        solution = np.asarray(np.linalg.solve(normal, (weighted.T @ r).astype(np.float64)), np.float64)
        *grow, turn = (float(value) / self._unit for value in solution[2:])
        linear = np.array([[1 + grow[0], -turn], [turn, 1 + grow[-1]]])
        middle = centre(self.size)
        return np.column_stack([linear, middle - linear @ middle + solution[:2]])

    def _seen(self, matrix: Matrix) -> tuple[Gray, NDArray[np.bool_]]:
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        seen = as_gray(cv2.warpAffine(self._image, matrix, self.size, flags=flags))
        return seen, coverage(size_of(self._image), matrix, self.size)


def _local_gain(frame: Gray, seen: Gray) -> Gray:
    """Local correlation of two normalised pictures: the factor on `seen` that fits `frame` symmetrically."""
    both = blurred(frame * seen, CONTRAST_RADIUS)
    power = blurred(frame * frame + seen * seen, CONTRAST_RADIUS)
    return 2 * both / (power + 0.05)


def _normalised(gray: Gray) -> Gray:
    """Brightness against the neighbourhood's mean, in units of the neighbourhood's contrast."""
    smooth = blurred(gray, 0.7)
    deviation = smooth - blurred(smooth, CONTRAST_RADIUS)
    variance = blurred(deviation * deviation, CONTRAST_RADIUS)
    return deviation / np.sqrt(variance + CONTRAST_FLOOR**2)
