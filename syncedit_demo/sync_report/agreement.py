"""How much of the motion of two clips agrees, when and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from syncedit_demo.sync_report.features import soft_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

    Floats = NDArray[Any]

SOFT_SPEED = 0.5
"""Speed in pixels a frame from which motion counts by its logarithm."""

NOISE = 0.05
"""Square of what is noise in the motion of a cell: differences below it count for nothing."""

EXTRA_WEIGHT = 0.15
"""How much motion that only the result has counts: an edit may add things that move by themselves."""

MOST_EXTRA = 0.3
"""Most that it counts for against all motion of the reference, which may be a mouth only."""

EVERY = slice(None)

Turn = Literal["mirrored left to right", "played backwards"]

CLEARLY = 0.15
"""How much better a result has to agree with the reference turned round to be called turned round."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Agreement of motion, 1 where it is the same, 0 where one has nothing to do with the other, -1 where opposite.

    Attributes:
        weight: How much motion there is to agree on; shape (frames, 3, 3), thirds of the picture from the top left.
        agreed: How much of it agrees, likewise.
    """

    weight: NDArray[np.float64]
    agreed: NDArray[np.float64]

    def share(self, frames: NDArray[np.bool_] | slice = EVERY) -> float:
        """Over the whole picture and some of the frames."""
        return float(self.agreed[frames].sum() / self.weight[frames].sum())

    def around(self, frames: int) -> NDArray[np.float64]:
        """For each frame over as many frames around it, shape (frames,)."""
        window = np.ones(min(frames, len(self.weight)))
        agreed, weight = (np.convolve(part.sum(axis=(1, 2)), window, "same") for part in (self.agreed, self.weight))
        return agreed / weight


def agree(reference: NDArray[np.float16], result: NDArray[np.float16]) -> Agreement:
    """Compare motion as vectors, cell by cell, weighted by how much there is of it.

    With r and s the two, a cell agrees by 2 r·s / (|r|² + |s|²): direction and speed both count.

    Args:
        reference: Motion per cell, shape (frames, rows, columns, 2).
        result: The same of the result.
    """
    one, other = (soft_flow(_smooth(flow), SOFT_SPEED) for flow in (reference, result))
    energy, other_energy = np.square(one).sum(axis=-1), np.square(other).sum(axis=-1)
    alike = (2 * (one * other).sum(axis=-1) + NOISE) / (energy + other_energy + NOISE)
    extra = min(EXTRA_WEIGHT, MOST_EXTRA * float(energy.sum()) / max(float(other_energy.sum()), 1e-6))
    weight = energy + extra * other_energy + 1e-4
    return Agreement(_thirds(weight), _thirds(weight * alike))


def turned_round(reference: Motion, result: Motion, agreement: float) -> Turn | None:
    """Whether the result follows the reference mirrored left to right, or played backwards.

    A head that nods in the middle nods mirrored, too, so the pictures' edges take part in the comparison.

    Args:
        reference: Motion of the reference.
        result: Motion of the result.
        agreement: How well it agrees with the reference as it is, its timing made up for.
    """
    mirrored = reference.flow[:, :, ::-1] * np.array((-1, 1), np.float16)
    agreed = agree(mirrored, result.flow).share()
    gain = likeness(reference.edges[:, :, ::-1], result.edges) - likeness(reference.edges, result.edges)
    if agreed > agreement - CLEARLY and agreed + gain > agreement + CLEARLY:
        return "mirrored left to right"
    # Motion since the frame before belongs to the frame after when played backwards, and points the other way.
    backwards = np.concatenate([reference.flow[:1], -reference.flow[:0:-1]])
    return "played backwards" if agree(backwards, result.flow).share() > agreement + CLEARLY else None


def likeness(reference: NDArray[np.float16], result: NDArray[np.float16]) -> float:
    """Correlation of where two clips have edges, over their time: 1 for one picture, 0 for two that share nothing.

    Args:
        reference: Edges per cell, shape (frames, rows, columns, 2).
        result: The same of the result.
    """
    pictures: list[Floats] = [edges.astype(np.float32).mean(axis=0).ravel() for edges in (reference, result)]
    one, other = (picture - picture.mean() for picture in pictures)
    scale = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / scale if scale else 0.0


def _smooth(flow: NDArray[np.float16]) -> Floats:
    """Over three frames, binomially, and over neighbouring cells: noise is independent there, motion is not."""
    exact = flow.astype(np.float32)
    padded = np.concatenate([exact[:1], exact, exact[-1:]])
    smooth: list[Floats] = [
        cv2.GaussianBlur((before + 2 * now + after) / 4, (0, 0), 1.0)
        for before, now, after in zip(padded[:-2], padded[1:-1], padded[2:], strict=True)
    ]
    return np.stack(smooth)


def _thirds(cells: Floats) -> NDArray[np.float64]:
    thirds: list[Floats] = [cv2.resize(frame, (3, 3), interpolation=cv2.INTER_AREA) for frame in cells]
    return np.stack(thirds).astype(np.float64)
