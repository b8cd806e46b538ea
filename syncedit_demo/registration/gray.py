"""Grey pictures: float32, 0-255, and what is asked of them again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Size

    # Always float32: NumPy's stubs lose that in every product with a number.
    Gray = NDArray[np.floating[Any]]


def gradient(picture: Gray) -> tuple[Gray, Gray]:
    """Central differences along x and y, per pixel."""
    kernel = np.array([[-0.5, 0, 0.5]], np.float32)
    return as_gray(cv2.filter2D(picture, -1, kernel)), as_gray(cv2.filter2D(picture, -1, kernel.T))


def as_gray(picture: object) -> Gray:
    """OpenCV's result with the type it has."""
    return np.asarray(picture, np.float32)


def blurred(picture: Gray, sigma: float) -> Gray:
    """Blurred by a Gaussian of this sigma in pixels."""
    return as_gray(cv2.GaussianBlur(picture, (0, 0), sigma))


def shrunk(picture: Gray, size: Size) -> Gray:
    """At a smaller size (width, height), each pixel the mean of those it covers."""
    return as_gray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def reduced(gray: Gray, reduction: int) -> Gray:
    """At a fraction of its size."""
    height, width = gray.shape
    size = (max(1, round(width / reduction)), max(1, round(height / reduction)))
    return shrunk(gray, size)
