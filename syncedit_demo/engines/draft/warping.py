"""Displacement fields and what is done with them.

A flow is a backward displacement field: float32, shape (height, width, 2), in pixels of its own grid. Pixel p of the
later picture shows what is at p + flow[p] in the earlier one.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Size = tuple[int, int]
"""(width, height) in pixels."""
Box = tuple[slice, slice]
"""(rows, columns) of a part of a picture."""


def size_of(picture: NDArray[Any]) -> Size:
    """(width, height) of a picture or field."""
    return picture.shape[1], picture.shape[0]


def places(flow: Floats, origin: tuple[int, int] = (0, 0)) -> Floats:
    """Where each pixel comes from, in absolute coordinates (x, y); `origin` is where the field's corner lies."""
    absolute = flow.copy()
    width, height = size_of(flow)
    absolute[..., 0] += np.arange(origin[0], origin[0] + width, dtype=np.float32)
    absolute[..., 1] += np.arange(origin[1], origin[1] + height, dtype=np.float32)[:, None]
    return absolute


def sample(picture: NDArray[Any], where: Floats, interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """The picture at absolute coordinates; beyond its border the nearest pixel."""
    return cv2.remap(picture, where, None, interpolation, borderMode=cv2.BORDER_REPLICATE)


def warp(picture: NDArray[Any], flow: Floats) -> NDArray[Any]:
    """The earlier picture brought to the later one."""
    return sample(picture, places(flow))


def compose(flow: Floats, earlier: Floats) -> Floats:
    """The flow over both steps: first back along `flow`, then along `earlier`."""
    return flow + warp(earlier, flow)


def resize(picture: NDArray[Any], size: Size) -> NDArray[Any]:
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


def blur(picture: NDArray[Any], sigma: float) -> Floats:
    """Gaussian blur."""
    return cast(Floats, cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def gray(picture: Bytes) -> Bytes:
    """The luma of an RGB picture."""
    return cast(Bytes, cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
