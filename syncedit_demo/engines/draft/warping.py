"""Displacement fields and what is done with them.

A flow is a backward displacement field: float32, shape (height, width, 2), in pixels of its own grid. Pixel p of the
later picture shows what is at p + flow[p] in the earlier one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from syncedit_demo.frames import Size, size_of

Picture = NDArray[Any]
"""A picture or field of any kind."""
Floats = NDArray[Any]
"""float32. OpenCV's signatures do not tell element types apart, so neither does this one."""
Bytes = NDArray[Any]
"""uint8, 0-255."""
Mask = NDArray[np.bool_]
Box = tuple[slice, slice]
"""(rows, columns) of a part of a picture."""

MEAN = np.full((1, 3), 1 / 3, np.float32)


def places(flow: Floats, origin: tuple[int, int] = (0, 0)) -> Floats:
    """Where each pixel comes from, in absolute coordinates (x, y); `origin` is where the field's corner lies."""
    absolute = flow.copy()
    width, height = size_of(flow)
    absolute[..., 0] += np.arange(origin[0], origin[0] + width, dtype=np.float32)
    absolute[..., 1] += np.arange(origin[1], origin[1] + height, dtype=np.float32)[:, None]
    return absolute


def sample(
    picture: Picture, where: Floats, interpolation: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_REPLICATE
) -> Picture:
    """The picture at absolute coordinates.

    Beyond its border lies the nearest pixel, or with `BORDER_CONSTANT` a value far from any colour.
    """
    no_second_map: Any = None
    return cv2.remap(picture, where, no_second_map, interpolation, borderMode=border, borderValue=(1e4, 1e4, 1e4))


def warp(picture: Picture, flow: Floats) -> Picture:
    """The earlier picture brought to the later one."""
    return sample(picture, places(flow))


def compose(flow: Floats, earlier: Floats) -> Floats:
    """The flow over both steps: first back along `flow`, then along `earlier`."""
    return flow + warp(earlier, flow)


def resize(picture: Picture, size: Size) -> Picture:
    """The picture at another size: averaged when it shrinks, bilinear when it grows."""
    if size_of(picture) == size:
        return picture
    shrinks = size[0] < picture.shape[1]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def resize_flow(flow: Floats, size: Size) -> Floats:
    """The same motion on a grid of another size."""
    if size_of(flow) == size:
        return flow
    width, height = size_of(flow)
    return resize(flow, size) * np.array((size[0] / width, size[1] / height), np.float32)


def blur(picture: Picture, sigma: float) -> Floats:
    """Gaussian blur."""
    return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def wide_blur(picture: Picture, sigma: float) -> Floats:
    """Gaussian blur of several pixels, nearly: at a quarter of the size, for a fraction of the time."""
    width, height = size_of(picture)
    small = resize(picture, (max(1, width // 4), max(1, height // 4)))
    return resize(blur(small, sigma / 4), (width, height))


def gray(picture: Bytes) -> Bytes:
    """The luma of an RGB picture."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def mean_of_channels(picture: Floats) -> Floats:
    """The mean over the channels, shape (height, width); of one channel, that itself."""
    return picture if picture.ndim == 2 else cv2.transform(picture, MEAN)


def mean_over(picture: Floats, radius: float) -> Floats:
    """The mean over a square window around each pixel."""
    side = 2 * round(radius) + 1
    return cv2.blur(picture, (side, side))


def chequered(picture: Picture, side: int) -> Mask:
    """An eighth of the picture, in square blocks spread over it."""
    width, height = size_of(picture)
    return np.add.outer(3 * (np.arange(height) // side), np.arange(width) // side) % 8 == 0
