"""Displacement fields and what is done with them.

A flow is a backward displacement field: float32, shape (height, width, 2), in pixels of its own grid. Pixel p of the
later picture shows what is at p + flow[p] in the earlier one.
"""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from syncedit_demo.frames import Size, size_of

Bytes = NDArray[np.uint8]
"""Levels 0-255: RGB, shape (height, width, 3), or gray, shape (height, width)."""
Floats = NDArray[np.float32]
"""Of the same shapes, or one value per pixel."""
Doubles = NDArray[np.float64]
Flow = NDArray[np.float32]
"""Shape (height, width, 2): (x, y) in pixels."""
Mask = NDArray[np.bool_]
"""Shape (height, width)."""
Matrix = NDArray[np.float64]
"""A homography or affine map of (x, y, 1), shape (3, 3)."""
Box = tuple[slice, slice]
"""(rows, columns) of a part of a picture."""
Sample = TypeVar("Sample", np.uint8, np.float32)

MEAN = np.full((1, 3), 1 / 3, np.float32)


def floats(values: object) -> Floats:
    """What OpenCV and NumPy made of float32, with the type it has: their signatures lose it."""
    return np.asarray(values, np.float32)


def places(flow: Flow, origin: tuple[int, int] = (0, 0)) -> Flow:
    """Where each pixel comes from, in absolute coordinates (x, y); `origin` is where the field's corner lies."""
    absolute = flow.copy()
    width, height = size_of(flow)
    absolute[..., 0] += np.arange(origin[0], origin[0] + width, dtype=np.float32)
    absolute[..., 1] += np.arange(origin[1], origin[1] + height, dtype=np.float32)[:, None]
    return absolute


def sample(
    picture: NDArray[Sample], where: Flow, interpolation: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_REPLICATE
) -> NDArray[Sample]:
    """The picture at absolute coordinates.

    Beyond its border lies the nearest pixel, or with `BORDER_CONSTANT` a value far from any colour.
    """
    # OpenCV's signature asks for a second map, which the first here makes needless.
    no_second_map: Any = None
    shown = cv2.remap(picture, where, no_second_map, interpolation, borderMode=border, borderValue=(1e4, 1e4, 1e4))
    return np.asarray(shown, picture.dtype)


def warp(picture: NDArray[Sample], flow: Flow) -> NDArray[Sample]:
    """The earlier picture brought to the later one."""
    return sample(picture, places(flow))


def compose(flow: Flow, earlier: Flow) -> Flow:
    """The flow over both steps: first back along `flow`, then along `earlier`."""
    return flow + warp(earlier, flow)


def resize(picture: NDArray[Sample], size: Size) -> NDArray[Sample]:
    """The picture at another size: averaged when it shrinks, bilinear when it grows."""
    if size_of(picture) == size:
        return picture
    shrinks = size[0] < picture.shape[1]
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, picture.dtype)


def resize_flow(flow: Flow, size: Size) -> Flow:
    """The same motion on a grid of another size."""
    if size_of(flow) == size:
        return flow
    width, height = size_of(flow)
    return resize(flow, size) * np.array((size[0] / width, size[1] / height), np.float32)


def plane_flow(plane: Matrix, size: Size) -> Flow:
    """The flow of a plane motion, a homography from the later picture to the earlier one."""
    grid = places(np.zeros((size[1], size[0], 2), np.float32))
    return transformed(grid, plane) - grid


def through_plane(picture: NDArray[Sample], plane: Matrix) -> NDArray[Sample]:
    """The earlier picture brought to a later one along a plane motion."""
    mode = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpPerspective(picture, plane, size_of(picture), flags=mode, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, picture.dtype)


def inverse(plane: Matrix) -> Matrix:
    """The same motion the other way."""
    return np.asarray(np.linalg.inv(plane), np.float64)


def transformed(where: Flow, plane: Matrix) -> Flow:
    """Absolute coordinates mapped by a homography."""
    return floats(cv2.perspectiveTransform(where, plane))


def blur(picture: Floats, sigma: float) -> Floats:
    """Gaussian blur."""
    return floats(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def wide_blur(picture: Floats, sigma: float) -> Floats:
    """Gaussian blur of several pixels, nearly: at a quarter of the size, for a fraction of the time."""
    width, height = size_of(picture)
    small = resize(picture, (max(1, width // 4), max(1, height // 4)))
    return resize(blur(small, sigma / 4), (width, height))


def gray(picture: Bytes) -> Bytes:
    """The luma of an RGB picture."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def mean_of_channels(picture: Floats) -> Floats:
    """The mean over the channels, shape (height, width); of one channel, that itself."""
    return picture if picture.ndim == 2 else floats(cv2.transform(picture, MEAN))


def mean_over(picture: Floats, radius: float) -> Floats:
    """The mean over a square window around each pixel."""
    side = 2 * round(radius) + 1
    return floats(cv2.blur(picture, (side, side)))


def widened(picture: NDArray[Sample], side: int) -> NDArray[Sample]:
    """The most within a square of `side` pixels around each pixel."""
    return np.asarray(cv2.dilate(picture, np.ones((side, side), np.uint8)), picture.dtype)


def narrowed(picture: NDArray[Sample], side: int) -> NDArray[Sample]:
    """The least within a square of `side` pixels around each pixel."""
    return np.asarray(cv2.erode(picture, np.ones((side, side), np.uint8)), picture.dtype)


def chequered(picture: Bytes, side: int) -> Mask:
    """An eighth of the picture, in square blocks spread over it."""
    width, height = size_of(picture)
    return np.add.outer(3 * (np.arange(height) // side), np.arange(width) // side) % 8 == 0
