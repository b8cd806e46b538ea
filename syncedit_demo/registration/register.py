"""The edited frame brought to the plan: registered to the true frame 0, resampled once, and described.

Image editors, generative ones above all, shift, zoom or crop what they were given by a few pixels. The model takes
frame 0 as the truth about where everything is, so such a displacement is measured and undone; an edit that is aligned
is never moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.frames import as_frame, size_of
from syncedit_demo.registration.edited_pixels import edited_pixels, has_same_tone
from syncedit_demo.registration.maps import Displacement, compose, coverage, scaling
from syncedit_demo.registration.position import find_position, flipped, resized, same_aspect
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.registration.maps import Matrix
    from syncedit_demo.registration.position import Found

LEAST_COVERAGE = 0.65
"""Share of frame 0 that the edited frame has to show; what is missing is filled in."""

UNDER_TRANSPARENCY = 128
"""Level of the plain grey that stands under transparent parts while the opaque ones are looked for."""

FILL_RADIUS = 8.0
"""Sigma in pixels over which frame 0 is matched to the edit beside an uncovered border."""

FILL_DEVIATION = 24.0
"""Levels by which an edit may differ from frame 0 at a border before frame 0 is of no use there."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """The edited frame on frame 0's grid, and how it got there.

    Attributes:
        frame: The edited frame at frame 0's size, RGB uint8 `(height, width, 3)`; the given pixels themselves where
            size and position were right.
        transform: How the content of the edited frame was displaced, in pixels of frame 0, as far as it was measured;
            no displacement where it could not be. Where it was mirrored, how its mirror image is.
        mirrored: Whether it was mirrored, left to right.
        corrected: Whether displacement and mirroring were undone.
        edited_share: Share of pixels that differ from frame 0 by more than compression and resampling explain, 0 to 1.
        notes: What was found and done, as sentences for the user.
    """

    frame: Frame
    transform: Displacement
    mirrored: bool
    corrected: bool
    edited_share: float
    notes: tuple[str, ...]


def register(first_frame: Frame, image: Frame, opacity: NDArray[np.uint8] | None = None) -> Registration:
    """Bring an edited frame to frame 0: size and position.

    The displacement is measured on what was not edited. It is undone when unedited parts show it beyond doubt (or, for
    a frame in another style, when its outlines do) and a pixel anywhere is displaced by more than one pixel.

    Args:
        first_frame: The true frame 0, RGB uint8 `(height, width, 3)`.
        image: The edited frame, RGB uint8, of any size.
        opacity: How opaque its pixels are, uint8 `(height, width)`; what is not shows frame 0. None where all are.

    Returns:
        The frame for the engine, and the report on it. The same input always gives the same result.

    Raises:
        EditedFrameError: The image evidently shows another scene, or too little of this one.
    """
    size, image_size = size_of(first_frame), size_of(image)
    if opacity is None:
        found = find_position(first_frame, image)
    else:
        found = _find_opaque_parts(first_frame, image, opacity)
        image = _premultiplied(image, opacity)
    if found.mirrored:
        image = flipped(image)
    matrix = found.position.matrix
    if matrix is None:
        transform, fill_note = Displacement(), None
        frame = found.picture if opacity is None else _laid_over(first_frame, resized(image, size))
    else:
        _check_coverage(size_of(found.picture), matrix, size)
        frame, fill_note = _straightened(first_frame, image, compose(found.onto, matrix))
        transform = Displacement.from_matrix(matrix, size)
    edited_share = float(edited_pixels(first_frame, frame).mean())
    same = not edited_share and has_same_tone(first_frame, frame)
    notes: list[str] = []
    if found.mirrored:
        notes.append("Mirrored left to right: turned back.")
    if size != image_size and matrix is None:
        notes.append(f"Resized from {describe_size(image_size)} to {describe_size(size)}.")
    # Whether the position of the very same picture could be measured is nobody's question.
    if found.position.note and (matrix is not None or not same):
        notes.append(found.position.note)
    if fill_note:
        notes.append(fill_note)
    if opacity is not None:
        notes.append("Transparent parts of the edited frame show the first frame.")
    notes.append(_describe_edit(edited_share, same=same))
    corrected = found.mirrored or matrix is not None
    return Registration(frame, transform, found.mirrored, corrected, edited_share, tuple(notes))


def _describe_edit(edited_share: float, *, same: bool) -> str:
    """How much was edited; `same` where not even the tone was."""
    if edited_share:
        return f"{_percent(edited_share)} of the frame is edited."
    if same:
        return "Nothing was edited: it is the same as the first frame."
    return "Only the colours were edited, and only slightly."


def _find_opaque_parts(first_frame: Frame, image: Frame, opacity: NDArray[np.uint8]) -> Found:
    """Find frame 0 in an edited frame of which parts are transparent.

    A displacement is believed only where what is opaque shows it: with nothing in the transparent parts that could
    agree with either place. Otherwise frame 0 shines through them, and they lie in their place.

    Raises:
        EditedFrameError: It is not there.
    """
    alone = _laid_over(np.full_like(image, UNDER_TRANSPARENCY), _premultiplied(image, opacity))
    try:
        found = find_position(first_frame, alone)
        if found.mirrored or found.position.matrix is not None:
            return found
    except EditedFrameError:
        if not same_aspect(size_of(first_frame), size_of(image)):
            raise
    shining = resized(first_frame, size_of(image))
    return find_position(first_frame, _laid_over(shining, _premultiplied(image, opacity)))


def _premultiplied(image: Frame, opacity: NDArray[np.uint8]) -> Frame:
    """Colours times their opacity, and the opacity as a fourth channel: what can be resampled without a fringe."""
    colours = (image.astype(np.uint16) * opacity[..., None] + 127) // 255
    return np.dstack([colours.astype(np.uint8), opacity])


def _laid_over(below: Frame, layer: Frame) -> Frame:
    """A premultiplied layer of four channels over a picture of its size."""
    shine = 255 - layer[..., 3:].astype(np.uint16)
    return np.minimum(layer[..., :3] + (below * shine + 127) // 255, 255).astype(np.uint8)


def _check_coverage(picture_size: Size, matrix: Matrix, size: Size) -> None:
    """Refuse a picture that shows too little of frame 0, which is of `size`."""
    if (share := float(coverage(picture_size, matrix, size).mean())) < LEAST_COVERAGE:
        message = (
            f"This looks like another crop: it shows only {100 * share:.0f} % of the first frame. Edit the whole frame "
            "that you were given, without cropping or zooming in."
        )
        raise EditedFrameError(message)


def _straightened(first_frame: Frame, image: Frame, matrix: Matrix) -> tuple[Frame, str | None]:
    """The image seen through a map onto frame 0's grid, resampled once; what it does not cover is filled in, and said.

    An image of four channels is premultiplied, and comes out over frame 0. Where frame 0 resembles the image beside an
    uncovered border, that is filled from there, and else by repeating the edge.
    """
    size = size_of(first_frame)
    covered = coverage(size_of(image), matrix, size)
    shrink = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if shrink > 1:
        width, height = size_of(image)
        reduced = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        matrix = compose(scaling((width, height), reduced), matrix)
        image = as_frame(cv2.resize(image, reduced, interpolation=cv2.INTER_AREA))
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    frame = as_frame(cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
    if frame.shape[2] == 4:
        frame = _laid_over(first_frame, frame)
    if covered.all():
        return frame, None
    known = covered.astype(np.float32)
    difference = frame.astype(np.float32) - first_frame
    weight = _spread(known)
    offset = _spread(difference * known[..., None]) / weight[..., None]
    deviation = _spread(np.abs(difference).mean(axis=2) * known) / weight
    usable = (deviation < FILL_DEVIATION) & ~covered
    frame[usable] = np.clip(np.rint(first_frame[usable] + offset[usable]), 0, 255).astype(np.uint8)
    from_first = float(usable.sum()) / float((~covered).sum())
    source = (
        "the first frame"
        if from_first > 0.95
        else "repeating its edge"
        if from_first < 0.05
        else "the first frame and repeating its edge"
    )
    uncovered = _percent(1 - float(known.mean()))
    return frame, f"The border this uncovered ({uncovered} of the frame) was filled from {source}."


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values averaged over a neighbourhood that also reaches far ones, faintly, so that it is nowhere empty."""
    height, width = values.shape[:2]
    small = cv2.resize(values, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    near, far = (cv2.GaussianBlur(small, (0, 0), radius / 8) for radius in (FILL_RADIUS, 8 * FILL_RADIUS))
    return np.asarray(cv2.resize(near + 1e-3 * far + 1e-6 * small.mean(), (width, height)), np.float32)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "Less than 1 %"
