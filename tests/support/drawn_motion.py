"""Motion as it is measured, drawn instead: of no pictures, so that much of it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from syncedit_demo.sync_report.features import Motion

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 9, 12


def wandering(frames: int, seed: int = 1) -> NDArray[np.float16]:
    """Flow that is smooth over cells and frames and repeats nowhere, shape (frames, 9, 12, 2)."""
    noise = np.random.default_rng(seed).normal(size=(frames + 8, ROWS, COLUMNS, 2)).astype(np.float32)
    blurred: list[NDArray[Any]] = [cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in noise]
    smooth = np.stack(blurred)
    smooth = (smooth[:-4] + 4 * smooth[1:-3] + 6 * smooth[2:-2] + 4 * smooth[3:-1] + smooth[4:]) / 16
    return (2 * smooth / smooth.std())[2 : 2 + frames].astype(np.float16)


def picture(seed: int = 1) -> NDArray[Any]:
    """Edges of a still picture, shape (9, 12, 2)."""
    return np.abs(np.random.default_rng(seed).normal(1, 0.6, (ROWS, COLUMNS, 2)))


def motion(flow: NDArray[Any], *, edges: NDArray[Any] | None = None, change: NDArray[Any] | None = None) -> Motion:
    """A clip that moves so.

    Args:
        flow: Shape (frames, 9, 12, 2).
        edges: Of each frame, or of all of them; of one picture that gives way a little to what moves if left out.
        change: Levels, shape (frames, 9, 12); if left out, five in the middle of each frame that moves at all.
    """
    exact = flow.astype(np.float32)
    speed = np.linalg.norm(exact, axis=-1)
    seen = picture() + 0.05 * exact if edges is None else np.broadcast_to(edges, exact.shape)
    changed = np.zeros_like(speed) if change is None else change
    if change is None:
        changed[speed.any(axis=(1, 2)), 3:7, 4:9] = 5
    largest = speed.max(axis=(1, 2)).astype(np.float32)
    return Motion(exact.astype(np.float16), seen.astype(np.float16), changed.astype(np.float16), largest)


def following(flow: NDArray[Any], shown: NDArray[np.int64]) -> NDArray[np.float16]:
    """The flow of a clip whose frames are, one after the other, those of another clip by their numbers."""
    places = np.cumsum(flow.astype(np.float32), axis=0)[shown]
    moved = np.zeros_like(places)
    moved[1:] = places[1:] - places[:-1]
    return moved.astype(np.float16)
