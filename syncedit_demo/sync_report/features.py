"""What moves where in a clip, in a few kilobytes per frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

    Floats = NDArray[Any]
    Bytes = NDArray[Any]

ANALYSIS_AREA = 256 * 256
"""Pixels of the picture that motion is measured on: a mouth of a talking head still covers several cells of it."""

CELL = 8
"""Side of the cells that motion is averaged over, in pixels of that picture."""

GRAIN = 1.0
"""Standard deviation of the blur, in pixels of that picture, that keeps grain and blocks of a codec from moving."""

FASTEST = 99.5
"""Percentile of the cells' speeds that is the clip's speed: a mouth covers half a per cent of them."""

NOISE_RANGE = (0.5, 4.0)
"""Bounds of what is taken for noise in the mean difference of a cell, in levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moves where in a clip of `frames` frames, on a grid of cells.

    Attributes:
        flow: Motion since the frame before in pixels of the analysis picture, (x, y) per cell; zero for frame 0.
            float16, shape (frames, rows, columns, 2).
        edges: Strength of the edges across and along, against the picture's own mean. float16, like `flow`.
        change: Mean difference from the frame before in levels; 0 for frame 0. float16, shape (frames, rows, columns).
        speed: Motion of the cells that move fastest, their 99.5th percentile, in pixels. Shape (frames,).
    """

    flow: NDArray[np.float16]
    edges: NDArray[np.float16]
    change: NDArray[np.float16]
    speed: Floats

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.flow)

    @property
    def side(self) -> int:
        """The longer side of the analysis picture in pixels."""
        return CELL * max(self.flow.shape[1:3])


def analysis_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) at which pictures of a (width, height) are analysed: whole cells, and never enlarged."""
    scale = min(1.0, (ANALYSIS_AREA / (size[0] * size[1])) ** 0.5)
    width, height = (max(2, round(side * scale / CELL)) * CELL for side in size)
    return width, height


def measure_motion(frames: Iterable[Frame], size: tuple[int, int]) -> Motion:
    """Follow the motion from each frame to the next.

    Args:
        frames: RGB uint8 (height, width, 3), all of one size; one is held at a time.
        size: (width, height) of the analysis, as `analysis_size` gives it.
    """
    # A DIS object keeps buffers of its last size, so each clip has its own.
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grid = (size[0] // CELL, size[1] // CELL)
    flows: list[NDArray[np.float16]] = []
    edges: list[NDArray[np.float16]] = []
    changes: list[NDArray[np.float16]] = []
    before: Bytes | None = None
    for frame in frames:
        small: Bytes = frame if frame.shape[:2] == size[::-1] else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        gray: Bytes = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (0, 0), GRAIN)
        if before is None:
            flow, change = np.zeros((grid[1], grid[0], 2), np.float32), np.zeros(grid[::-1], np.float32)
        else:
            change = _per_cell(cv2.absdiff(gray, before).astype(np.float32), grid)
            # From this frame back, so that motion is where things are now; negated it points forward.
            flow = -_per_cell(dis.calc(gray, before, np.zeros((*gray.shape, 2), np.float32)), grid)
            flow *= _reliability(change)[..., None]
        flows.append(flow.astype(np.float16))
        edges.append(_edges(gray, grid))
        changes.append(change.astype(np.float16))
        before = gray
    motion = np.stack(flows)
    speed = np.percentile(np.linalg.norm(motion.astype(np.float32), axis=-1), FASTEST, axis=(1, 2))
    return Motion(motion, np.stack(edges), np.stack(changes), speed.astype(np.float32))


def soft_flow(flow: Floats, soft_speed: float) -> NDArray[np.float32]:
    """Motion with its length on a logarithmic scale, its direction kept.

    Args:
        flow: Shape (frames, rows, columns, 2), in pixels a frame.
        soft_speed: Speed from which it counts by its logarithm, in pixels a frame.
    """
    exact = flow.astype(np.float32)
    speed = np.linalg.norm(exact, axis=-1, keepdims=True)
    return exact * (np.log1p(speed / soft_speed) / np.maximum(speed, 1e-6))


def _per_cell(picture: Floats, grid: tuple[int, int]) -> Floats:
    return cv2.resize(picture, grid, interpolation=cv2.INTER_AREA)


def _reliability(differs: Floats) -> Floats:
    """How far the motion of a cell can be believed, 0-1, by how much the cell differs from the frame before.

    Flow of noise on a plain wall is as large as that of things. What differs least shows the noise.
    """
    noise = np.clip(2 * np.percentile(differs, 5), *NOISE_RANGE)
    square = np.square(differs)
    return square / (square + noise**2)


def _edges(gray: Bytes, grid: tuple[int, int]) -> NDArray[np.float16]:
    across, along = (np.abs(cv2.Sobel(gray, cv2.CV_32F, *order, scale=1 / 8)) for order in ((1, 0), (0, 1)))
    strength = _per_cell(np.dstack([across, along]), grid)
    return (strength / (strength.mean() + 1)).astype(np.float16)
