"""How the faces of two clips move, curve by curve: how alike, and by how many frames one is late."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from syncedit_demo.wording import lag_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[Any]

CURVES = MappingProxyType(
    {
        "yaw": "Head turn",
        "pitch": "Head nod",
        "roll": "Head tilt",
        "mouth": "Mouth opening",
        "blink": "Blink",
        "gaze_x": "Gaze sideways",
        "gaze_y": "Gaze up and down",
    }
)
"""What is followed of a face, in the order of a track's columns, and what people call it."""

LEAST_MOVEMENT = MappingProxyType(
    {name: 0.75 if name in ("yaw", "pitch", "roll") else 0.02 for name in CURVES},
)
"""Standard deviation below which a curve counts as noise, in degrees or as a score; chosen by hand."""

LEAST_FRAMES = 16
"""Frames with a face in both that it takes to tell."""

MAX_LAG = 8
"""Frames that a face may be late or early."""

NEAREST = 0.002
"""What each frame of lag costs: of the equal peaks of a movement that repeats, the nearest is taken."""

FOLLOWS = 0.5
"""Correlation below which one face does not follow the other, so that its lag means nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """The face of a clip over its frames.

    Attributes:
        values: A row a frame, a column for each of `CURVES`, shape (frames, 7): the head in degrees, positive where it
            turns to the picture's right, nods down and tilts to its left; mouth and blink from 0 to 1; the gaze from -1
            (the picture's left, down) to 1. NaN where there is no face.
    """

    values: NDArray[np.float64]

    @property
    def has_face(self) -> bool:
        """Whether any frame shows a face."""
        return bool(np.isfinite(self.values).any())


@dataclass(frozen=True, slots=True)
class FaceCurve:
    """One thing that a face does, in the clip and in the result.

    Attributes:
        reference: One value a frame of the clip; None where it shows no face.
        result: The same of the result.
        correlation: Of the two at the lag where they fit best, -1 to 1; None where one of them does not move enough to
            tell, or too few frames show a face.
        lag_frames: That lag: frames that the result is late, negative where it is early; None likewise.
    """

    reference: tuple[float | None, ...]
    result: tuple[float | None, ...]
    correlation: float | None
    lag_frames: int | None

    @property
    def in_words(self) -> str:
        """How alike they are and how late the result is."""
        if self.correlation is None or self.lag_frames is None:
            return "too little of it to tell"
        if self.correlation < FOLLOWS:
            return f"does not follow (correlation {self.correlation:.2f})"
        return f"{lag_in_words(self.lag_frames)} (correlation {self.correlation:.2f})"


def describe_face(matrix: Floats, scores: Mapping[str, float]) -> list[float]:
    """One row of a `FaceTrack`.

    Args:
        matrix: Facial transformation, shape (4, 4), from the canonical face to the camera's space, where x is to the
            right, y up and z towards the camera. Its rotation is turn · nod · tilt.
        scores: Blend shape scores by name, 0 to 1, as ARKit names them; left and right are the person's own.
    """
    across, up = matrix[:3, 2], matrix[1, :2]
    yaw = np.arctan2(across[0], across[2])
    pitch = np.arctan2(-across[1], np.hypot(across[0], across[2]))
    roll = np.arctan2(up[0], up[1])

    def both(name: str) -> float:
        return (scores[f"{name}Left"] + scores[f"{name}Right"]) / 2

    # The picture's right is the person's left.
    right = scores["eyeLookOutLeft"] + scores["eyeLookInRight"]
    left = scores["eyeLookInLeft"] + scores["eyeLookOutRight"]
    head = np.degrees([yaw, pitch, roll]).tolist()
    gaze = [(right - left) / 2, both("eyeLookUp") - both("eyeLookDown")]
    return [*head, scores["jawOpen"], both("eyeBlink"), *gaze]


def compare_faces(reference: FaceTrack, result: FaceTrack) -> dict[str, FaceCurve]:
    """Hold what the face of a result does against what that of the reference does.

    Args:
        reference: The face of the reference.
        result: The face of the result, as many frames.

    Returns:
        A curve for each of `CURVES`.
    """
    return {
        name: _compare(reference.values[:, column], result.values[:, column], LEAST_MOVEMENT[name])
        for column, name in enumerate(CURVES)
    }


def _compare(reference: Floats, result: Floats, least: float) -> FaceCurve:
    found: list[tuple[float, int]] = []
    for lag in range(-MAX_LAG, MAX_LAG + 1):
        correlation = _correlation(_part(reference, -lag), _part(result, lag), least)
        if correlation is not None:
            found.append((correlation, lag))
    best, lag = max(found, key=lambda each: each[0] - NEAREST * abs(each[1]), default=(None, None))
    return FaceCurve(_curve(reference), _curve(result), None if best is None else round(best, 3), lag)


def _part(values: Floats, lag: int) -> Floats:
    """The frames of one that have a frame of the other `lag` frames before."""
    return values[max(0, lag) : len(values) + min(0, lag)]


def _correlation(one: Floats, other: Floats, least: float) -> float | None:
    """Pearson's, over the frames where both are there; None where there are too few, or one hardly moves."""
    there = np.isfinite(one) & np.isfinite(other)
    one, other = one[there], other[there]
    if len(one) < LEAST_FRAMES or min(one.std(), other.std()) < least:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _curve(values: Floats) -> tuple[float | None, ...]:
    return tuple(round(value, 3) if np.isfinite(value) else None for value in values.tolist())
