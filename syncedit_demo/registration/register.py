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
from syncedit_demo.frames import size_of
from syncedit_demo.registration.aligner import (
    IDENTITY,
    Aligner,
    Similarity,
    compose,
    coverage,
    largest_distance,
    scaling,
)
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.registration.aligner import Matrix

ALIGNED_WITHIN = 1.0
"""Largest displacement in pixels that is left as it is."""

REFINED_WITHIN = 8.0
"""Distance in pixels over which the refinement finds its way: starts nearer than that end in the same place."""

CERTAIN_BLOCKS = 8
"""Unedited blocks (of about 32 x 32 along the longer side) on which a map has to rest."""

UNEDITED_AGREEMENT = 0.9
"""Local correlation of what was not edited, only compressed, resampled or relit."""

CERTAIN_SHARES = ((UNEDITED_AGREEMENT, 0.18), (0.85, 0.3))
"""Local correlation, and the share of the textured blocks that have to reach it, for a correction.

The first is for pixels that were kept, the second for a frame that a model drew anew: there shares of 0.24 and 0.4 were
seen for what was displaced. A change of style leaves no more than 0.13 and 0.23, and what agrees there misleads.
"""

CERTAIN_RATIO = 3
"""How many blocks have to speak for a correction for each one against it."""

SAME_SCENE = 6.0
"""Evidence (see `Aligner.evidence`) from which outlines show the same scene in the same place."""

SAME_SCENE_ELSEWHERE = 7.5
"""Evidence from which outlines show the same scene in another place: chance reaches 7 in the best of many."""

OTHER_SCENE = 4.5
"""Evidence below which outlines have nothing in common but chance."""

CLEARLY_BETTER = 1.15
"""Factor of evidence by which a displacement found by outlines alone has to beat leaving the frame in place."""

COARSE_DISPLACEMENT = 0.01
"""Displacement, as a share of the diagonal, from which one found by outlines alone is worth undoing."""

RICH = 0.05
"""Share of textured pixels from which a picture has enough outlines to be told from another scene."""

LEAST_COVERAGE = 0.65
"""Share of frame 0 that the edited frame has to show; what is missing is filled in."""

MAX_EXTENSION = 4
"""How many times its area a picture of another shape may have, once it is as large as covers frame 0."""

EDITED_LEVELS = 12
"""Levels by which an edited pixel lies outside of what its neighbourhood holds: above JPEG noise at quality 85."""

EDITED_TONE = 8.0
"""Levels by which the mean of a neighbourhood changes where it was edited; a generative editor drifts by up to 5."""

SAME_TONE = 2.5
"""Levels within which JPEG and resampling keep the mean of a neighbourhood."""

EDITED_AREA = 24
"""Pixels of the smallest patch that counts as edited."""

FILL_RADIUS = 8.0
"""Sigma in pixels over which frame 0 is matched to the edit beside an uncovered border."""

FILL_DEVIATION = 24.0
"""Levels by which an edit may differ from frame 0 at a border before frame 0 is of no use there."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """The edited frame on frame 0's grid, and how it got there.

    Attributes:
        frame: The edited frame at frame 0's size, RGB uint8 `(height, width, 3)`; the given pixels themselves where
            size and place were right.
        transform: How the content of the edited frame was displaced, in pixels of frame 0, as far as it was measured;
            no displacement where it could not be.
        corrected: Whether that displacement was undone.
        edited_share: Share of pixels that differ from frame 0 by more than compression and resampling explain, 0 to 1.
        notes: What was found and done, as sentences for the user.
    """

    frame: Frame
    transform: Similarity
    corrected: bool
    edited_share: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Placement:
    """Where frame 0 lies in a candidate picture: the map, how sure that is, and the sentence about it."""

    matrix: Matrix
    moved: bool
    evidence: float
    note: str | None = None


def register(first_frame: Frame, image: Frame) -> Registration:
    """Bring an edited frame to frame 0: size and place.

    The displacement is measured on what was not edited. It is undone when unedited parts show it beyond doubt (or, for
    a frame in another style, when its outlines do) and a pixel anywhere is displaced by more than one pixel.

    Args:
        first_frame: The true frame 0, RGB uint8 `(height, width, 3)`.
        image: The edited frame, RGB uint8, of any size.

    Returns:
        The frame for the engine, and the report on it. The same input always gives the same result.

    Raises:
        EditedFrameError: The image evidently shows another scene, or too little of this one.
    """
    size, image_size = size_of(first_frame), size_of(image)
    if _same_aspect(size, image_size):
        plain, onto = image if size == image_size else _resized(image, size), scaling(size, image_size)
        placement = _place(_gray(first_frame), _gray(plain))
        if placement is None:
            message = (
                "This looks like another scene: nothing in the edited frame lies where it does in frame 0 of the clip. "
                "Edit the first frame that you were given, and keep the picture's framing."
            )
            raise EditedFrameError(message)
    else:
        plain, onto, placement = _place_other_shape(first_frame, image)
    fill_notes: list[str] = []
    if placement.moved:
        covered = coverage(size_of(plain), placement.matrix, size)
        if (share := float(covered.mean())) < LEAST_COVERAGE:
            message = (
                f"This looks like another crop: it shows only {100 * share:.0f} % of frame 0. Edit the whole frame "
                "that you were given, without cropping or zooming in."
            )
            raise EditedFrameError(message)
        frame, fill_notes = _straightened(first_frame, image, compose(onto, placement.matrix))
    else:
        frame = plain
    edited_share = float(edited_pixels(first_frame, frame).mean())
    same = not edited_share and _tone(first_frame, frame).max() <= SAME_TONE
    notes: list[str] = []
    if size != image_size and placement.matrix is IDENTITY:
        notes.append(f"Resized from {describe_size(image_size)} to {describe_size(size)}.")
    # Whether the place of the very same picture could be measured is nobody's question.
    if placement.note and (placement.moved or not same):
        notes.append(placement.note)
    notes += fill_notes
    if edited_share:
        notes.append(f"{_percent(edited_share)} of the frame is edited.")
    elif same:
        notes.append("Nothing was edited: the frame is the same as frame 0.")
    else:
        notes.append("Only the colours were edited, and only slightly.")
    transform = Similarity.from_matrix(placement.matrix, size)
    return Registration(frame, transform, placement.moved, edited_share, tuple(notes))


def edited_pixels(first_frame: Frame, frame: Frame) -> NDArray[np.bool_]:
    """Which pixels of an aligned frame were edited: `(height, width)`.

    A pixel counts as edited when it lies outside of the values around it in the other picture, one way or the other, or
    when the mean around it changed; neither JPEG nor resampling does that. Patches of a few pixels do not count.
    """
    window = np.ones((5, 5), np.uint8)
    before, after = (_pixels(cv2.GaussianBlur(picture, (0, 0), 1.2)) for picture in (first_frame, frame))

    def outside(values: Frame, other: Frame) -> NDArray[np.bool_]:
        above = cv2.subtract(values, cv2.dilate(other, window))
        below = cv2.subtract(cv2.erode(other, window), values)
        return _pixels(cv2.max(above, below)).max(axis=2) > EDITED_LEVELS

    toned = _tone(first_frame, frame) > EDITED_TONE
    toned &= _pixels(cv2.absdiff(before, after)).max(axis=2) > EDITED_TONE / 2
    edited = outside(after, first_frame) | outside(before, frame) | toned
    _, labels, stats, _ = cv2.connectedComponentsWithStats(_pixels(edited), connectivity=8)
    large = np.asarray(stats, np.int32)[:, cv2.CC_STAT_AREA] >= EDITED_AREA
    large[0] = False
    return large[np.asarray(labels, np.int32)]


def _tone(first_frame: Frame, frame: Frame) -> NDArray[np.float32]:
    """By how many levels the mean of each pixel's neighbourhood changed, in the channel where it changed most."""
    difference = frame.astype(np.float32) - first_frame
    return np.abs(np.asarray(cv2.blur(difference, (33, 33)), np.float32)).max(axis=2)


def _place(frame: NDArray[np.float32], image: NDArray[np.float32]) -> _Placement | None:
    """Where `frame` lies in an image of its size that should show it in place; None for another scene."""
    size = size_of(frame)
    aligner = Aligner(frame, image)
    in_place = aligner.evidence(IDENTITY)
    candidates = [aligner.refine(start) for start in aligner.by_features()]
    if all(largest_distance(each, IDENTITY, size) > REFINED_WITHIN for each in candidates):
        candidates.append(aligner.refine(IDENTITY))
    supports = [aligner.support(candidate, UNEDITED_AGREEMENT) for candidate in candidates]
    most = max(int(blocks.sum()) for blocks in supports)
    if most >= CERTAIN_BLOCKS:
        # An edit may have moved a part that has more texture than the rest: the scene is what reaches across the frame.
        likely = [each for each in zip(candidates, supports, strict=True) if each[1].sum() >= most / CERTAIN_RATIO]
        if any(largest_distance(each, IDENTITY, size) <= ALIGNED_WITHIN for each, _ in likely):
            return _Placement(IDENTITY, moved=False, evidence=in_place)
        best = max(likely, key=lambda each: _reach(each[1]))[0]
        for agreement, share in CERTAIN_SHARES:
            unedited = float(aligner.support(best, agreement).sum()) / aligner.textured_blocks
            speak_for, speak_against = aligner.votes(best, IDENTITY, agreement)
            if unedited >= share and speak_for >= max(CERTAIN_BLOCKS, CERTAIN_RATIO * speak_against):
                return _Placement(best, moved=True, evidence=aligner.evidence(best), note=_displacement(best, size))
    coarse = aligner.by_structure()
    best = max((*candidates, coarse, aligner.refine(coarse)), key=aligner.evidence)
    evidence = aligner.evidence(best)
    if evidence >= max(SAME_SCENE_ELSEWHERE, CLEARLY_BETTER * in_place) and largest_distance(
        best, IDENTITY, size
    ) > COARSE_DISPLACEMENT * math.hypot(*size):
        note = (
            _displacement(best, size)
            + " The frame is in another style, so this is approximate: compare it with frame 0."
        )
        return _Placement(best, moved=True, evidence=evidence, note=note)
    if in_place >= SAME_SCENE:
        note = "Too much is redrawn to measure the place to a pixel. Outlines agree, so the frame is left where it is."
        return _Placement(IDENTITY, moved=False, evidence=in_place, note=note)
    if in_place < OTHER_SCENE and aligner.textured_share() >= RICH:
        return None
    note = "Too little of frame 0 is left to measure whether the edited frame is aligned: it is used as it is."
    return _Placement(IDENTITY, moved=False, evidence=in_place, note=note)


def _reach(blocks: NDArray[np.bool_]) -> float:
    """How widely blocks are spread over the frame: the area of their scatter, in blocks."""
    places = np.argwhere(blocks).astype(np.float64)
    return float(np.linalg.det(np.cov(places.T)))


def _place_other_shape(first_frame: Frame, image: Frame) -> tuple[Frame, Matrix, _Placement]:
    """The placement of an image of another aspect, as a stretched or as a cropped or extended frame 0.

    Returns:
        The picture that was placed, the map from it to the image, and the placement in it.
    """
    size, image_size = size_of(first_frame), size_of(image)
    factor = max(size[0] / image_size[0], size[1] / image_size[1])
    cover = (round(image_size[0] * factor), round(image_size[1] * factor))
    if cover[0] * cover[1] > MAX_EXTENSION * size[0] * size[1]:
        raise EditedFrameError(_other_shape(size, image_size))
    gray = _gray(first_frame)
    found: list[tuple[Frame, Matrix, _Placement]] = []
    for target in (size, cover):
        picture = _resized(image, target)
        aligner = Aligner(gray, _gray(picture))
        centred = np.array([[1, 0, (target[0] - size[0]) / 2], [0, 1, (target[1] - size[1]) / 2]])
        starts = (*aligner.by_features(), centred)
        best = max([centred, *(aligner.refine(start) for start in starts)], key=aligner.evidence)
        found.append(
            (picture, scaling(target, image_size), _Placement(best, moved=True, evidence=aligner.evidence(best)))
        )
    picture, onto, placement = max(found, key=lambda each: each[2].evidence)
    if placement.evidence < SAME_SCENE:
        raise EditedFrameError(_other_shape(size, image_size))
    how = "stretched" if size_of(picture) == size else "cropped or extended"
    shape = f"{describe_size(image_size)} instead of {describe_size(size)}"
    note = f"The edited frame has another shape ({shape}), {how}: corrected."
    return picture, onto, _Placement(placement.matrix, moved=True, evidence=placement.evidence, note=note)


def _other_shape(size: tuple[int, int], image_size: tuple[int, int]) -> str:
    return (
        f"The edited frame is {describe_size(image_size)}, frame 0 is {describe_size(size)}, and it could not be found "
        "how one lies in the other. Edit the first frame that you were given, and keep its shape."
    )


def _straightened(first_frame: Frame, image: Frame, matrix: Matrix) -> tuple[Frame, list[str]]:
    """The image seen through a map onto frame 0's grid, resampled once, what it does not cover filled in."""
    size = size_of(first_frame)
    covered = coverage(size_of(image), matrix, size)
    shrink = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if shrink > 1:
        width, height = size_of(image)
        reduced = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        matrix = compose(scaling((width, height), reduced), matrix)
        image = _pixels(cv2.resize(image, reduced, interpolation=cv2.INTER_AREA))
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    frame = _pixels(cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
    if covered.all():
        return frame, []
    known = covered.astype(np.float32)
    difference = frame.astype(np.float32) - first_frame
    weight = _spread(known)
    offset = _spread(difference * known[..., None]) / weight[..., None]
    deviation = _spread(np.abs(difference).mean(axis=2) * known) / weight
    usable = (deviation < FILL_DEVIATION) & ~covered
    frame[usable] = np.clip(np.rint(first_frame[usable] + offset[usable]), 0, 255).astype(np.uint8)
    from_first = float(usable.sum()) / float((~covered).sum())
    source = (
        "frame 0"
        if from_first > 0.95
        else "repeating its edge"
        if from_first < 0.05
        else "frame 0 and repeating its edge"
    )
    return frame, [
        f"The border this uncovered ({_percent(1 - float(known.mean()))} of the frame) was filled from {source}."
    ]


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values averaged over a neighbourhood that also reaches far ones, faintly, so that it is nowhere empty."""
    height, width = values.shape[:2]
    small = cv2.resize(values, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    near, far = (cv2.GaussianBlur(small, (0, 0), radius / 8) for radius in (FILL_RADIUS, 8 * FILL_RADIUS))
    return np.asarray(cv2.resize(near + 1e-3 * far + 1e-6 * small.mean(), (width, height)), np.float32)


def _displacement(matrix: Matrix, size: tuple[int, int]) -> str:
    """What was wrong with the place of the content, in words."""
    found = Similarity.from_matrix(matrix, size)
    parts: list[str] = []
    if (shift := math.hypot(found.dx, found.dy)) >= 0.5:
        parts.append(f"shifted by {shift:.1f} px".replace(".0 px", " px"))
    if abs(found.zoom - 1) >= 0.0005:
        parts.append(f"zoomed by {found.zoom:.3f}")
    if abs(found.turn) >= 0.05:
        parts.append(f"turned by {abs(found.turn):.1f}°")
    text = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "displaced"
    return f"{text[0].upper()}{text[1:]}: corrected."


def _same_aspect(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one size is the other one scaled, give or take a pixel of rounding."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= max(*size, *other)


def _resized(image: Frame, size: tuple[int, int]) -> Frame:
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    return _pixels(cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4))


def _pixels(picture: object) -> Frame:
    """OpenCV's result with the type it has."""
    return np.asarray(picture, np.uint8)


def _gray(picture: Frame) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "Less than 1 %"
