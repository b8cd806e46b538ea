"""Maps between the pixels of two pictures, and how content is displaced by one.

Maps are 2x3 matrices that take pixel coordinates of the frame to pixel coordinates of the image, pixel centres at whole
numbers as in OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Size

    Matrix = NDArray[np.float64]

NO_STRETCH = 1e-9
"""By which part width and height may grow differently for no other reason than rounding."""


@dataclass(frozen=True, slots=True)
class Displacement:
    """How content is displaced: stretched, turned and zoomed about the centre of the frame, then shifted.

    Attributes:
        dx: Shift to the right, in pixels.
        dy: Shift down, in pixels.
        zoom: Factor; above 1 the content is larger than in the frame.
        turn: Clockwise turn in degrees.
        stretch: Factor of the width over that of the height; above 1 the content is wider than in the frame.
    """

    dx: float = 0.0
    dy: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0
    stretch: float = 1.0

    @classmethod
    def from_matrix(cls, matrix: Matrix, size: Size) -> Displacement:
        """The displacement that a matrix without shear makes on a frame of `size` (width, height)."""
        middle = centre(size)
        dx, dy = matrix @ (*middle, 1.0) - middle
        a, b = matrix[:, 0]
        wide, high = math.hypot(a, b), math.hypot(*matrix[:, 1])
        if abs(wide - high) <= NO_STRETCH * high:
            return cls(float(dx), float(dy), wide, math.degrees(math.atan2(b, a)))
        turn = math.atan2(b / wide - matrix[0, 1] / high, a / wide + matrix[1, 1] / high)
        return cls(float(dx), float(dy), math.sqrt(wide * high), math.degrees(turn), wide / high)

    def matrix(self, size: Size) -> Matrix:
        """The matrix from frame coordinates to displaced coordinates for a frame of `size` (width, height)."""
        angle = math.radians(self.turn)
        a, b = self.zoom * math.cos(angle), self.zoom * math.sin(angle)
        linear = np.array([[a, -b], [b, a]])
        if self.stretch != 1:
            linear *= np.array([self.stretch**0.5, self.stretch**-0.5])
        middle = centre(size)
        return np.column_stack([linear, middle - linear @ middle + np.array([self.dx, self.dy])])

    def largest_displacement(self, size: Size) -> float:
        """The longest way a pixel of the frame is displaced, in pixels: always at a corner."""
        return largest_distance(self.matrix(size), IDENTITY, size)


IDENTITY: Matrix = np.eye(2, 3)


def largest_distance(first: Matrix, second: Matrix, size: Size) -> float:
    """How far apart two maps take a pixel of a frame of `size` at most: at a corner, as their difference is affine."""
    w, h = size[0] - 1, size[1] - 1
    corners = np.array([[0, 0, 1], [w, 0, 1], [0, h, 1], [w, h, 1]], np.float64)
    return float(np.linalg.norm(corners @ (first - second).T, axis=1).max())


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The map that applies `inner` first and `outer` to its result."""
    return outer @ np.vstack([inner, (0.0, 0.0, 1.0)])


def scaling(source: Size, target: Size) -> Matrix:
    """The map between the pixel grids of one picture at two sizes (width, height)."""
    sx, sy = target[0] / source[0], target[1] / source[1]
    return np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2]])


def inverse(matrix: Matrix) -> Matrix:
    """The map back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def coverage(image_size: Size, matrix: Matrix, size: Size) -> NDArray[np.bool_]:
    """Which pixels of a frame of `size` lie on the image (its outermost half pixels included)."""
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    tolerance = 0.5 + 1e-6
    return (
        (u >= -tolerance)
        & (v >= -tolerance)
        & (u <= image_size[0] - 1 + tolerance)
        & (v <= image_size[1] - 1 + tolerance)
    )


def centre(size: Size) -> NDArray[np.float64]:
    """The pixel coordinates of the middle of a frame of `size` (width, height)."""
    return np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
