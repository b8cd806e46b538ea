"""Where frame 0 lies in the edited frame, as several judges find it: by what was not edited, or by outlines alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.frames import as_frame, size_of
from syncedit_demo.registration.aligner import Aligner
from syncedit_demo.registration.maps import IDENTITY, Displacement, largest_distance, scaling
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.registration.maps import Matrix

    Judges = tuple[Callable[["_Comparison"], "Position | None"], ...]

ALIGNED_WITHIN = 1.0
"""Largest displacement in pixels that is left as it is."""

REFINED_WITHIN = 8.0
"""Distance in pixels over which the refinement finds its way: starts nearer than that end in the same place."""

STRETCH_SUSPECTED = 0.75
"""Distance in pixels between what features say with a stretch and without, up to which there is none."""

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

CLEARLY_MIRRORED = 1.3
"""Factor of evidence by which the mirror image has to beat a frame in another style for that to count as mirrored.

Seen were 1.4 and more for what was mirrored, 0.7 and less for what was not, of near-symmetric scenes too.
"""

COARSE_DISPLACEMENT = 0.01
"""Displacement, as a share of the diagonal, from which one found by outlines alone is worth undoing."""

RICH = 0.05
"""Share of textured pixels from which a picture has enough outlines to be told from another scene."""

MAX_EXTENSION = 4
"""How many times its area a picture of another shape may have, once it is as large as covers frame 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where frame 0 lies in a picture that should show it.

    Attributes:
        matrix: The map from frame 0 to the picture, None where the picture is left in its place.
        note: What there is to say about that, None for nothing.
    """

    matrix: Matrix | None
    note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The edited frame at a size that suits frame 0, and where frame 0 lies in it.

    Attributes:
        picture: The edited frame, RGB uint8 `(height, width, 3)`; the given pixels themselves where their size is
            frame 0's.
        onto: The map from the picture to the edited frame as it was given, or to its mirror image.
        position: Where frame 0 lies in the picture.
        mirrored: Whether the picture is the mirror image, left to right, of what was given.
    """

    picture: Frame
    onto: Matrix
    position: Position
    mirrored: bool = False


def find_position(first_frame: Frame, image: Frame) -> Found:
    """Find frame 0 in an edited frame of any size.

    Raises:
        EditedFrameError: It is not there.
    """
    size, image_size = size_of(first_frame), size_of(image)
    if not same_aspect(size, image_size):
        return _find_in_other_shape(first_frame, image)
    picture = image if size == image_size else resized(image, size)
    onto = scaling(size, image_size)
    comparison = _Comparison(first_frame, picture)
    position = _ask(JUDGES_BY_UNEDITED_PARTS, comparison)
    if not comparison.is_certain:
        mirrored = _Comparison(first_frame, flipped(picture))
        if mirrored.is_certain and mirrored.unedited_blocks >= CERTAIN_RATIO * comparison.unedited_blocks:
            found = _ask(JUDGES_BY_UNEDITED_PARTS, mirrored)
            if found is not None:
                return Found(flipped(picture), onto, found, mirrored=True)
        if position is None and mirrored.evidence >= max(SAME_SCENE_ELSEWHERE, CLEARLY_MIRRORED * comparison.evidence):
            found = _ask(JUDGES_BY_OUTLINES, mirrored)
            if found is not None:
                return Found(flipped(picture), onto, found, mirrored=True)
    position = position or _ask(JUDGES_BY_OUTLINES, comparison)
    if position is not None:
        return Found(picture, onto, position)
    message = (
        "This does not look like your clip's first frame: nothing in it lies where it does there. "
        "Edit the first frame that you were given, and keep the picture's framing."
    )
    raise EditedFrameError(message)


def flipped(picture: Frame) -> Frame:
    """The mirror image of a picture, left to right."""
    return np.ascontiguousarray(picture[:, ::-1])


class _Comparison:
    """Frame 0 and a picture of its size, and what the judges ask about the two."""

    def __init__(self, first_frame: Frame, picture: Frame) -> None:
        self.size = size_of(first_frame)
        self.aligner = Aligner(_gray(first_frame), _gray(picture))

    def displacement(self, matrix: Matrix) -> float:
        """The longest way, in pixels, by which a map displaces a pixel of the frame."""
        return largest_distance(matrix, IDENTITY, self.size)

    @cached_property
    def candidates(self) -> list[Matrix]:
        """The maps that features suggest, refined, and what lies near no displacement if none of them does."""
        found = [self.aligner.refine(start) for start in self.aligner.by_features()]
        if all(self.displacement(each) > REFINED_WITHIN for each in found):
            found.append(self.aligner.refine(IDENTITY))
        return found

    @cached_property
    def by_unedited_parts(self) -> list[tuple[Matrix, NDArray[np.bool_]]]:
        """The candidates that unedited blocks agree with, each with those blocks; none if they are too few.

        An edit may have moved a part that has more texture than the rest, so one with fewer blocks than the best may be
        the scene's.
        """
        inliers = [(each, self.aligner.inliers(each, UNEDITED_AGREEMENT)) for each in self.candidates]
        most = max(int(blocks.sum()) for _, blocks in inliers)
        if most < CERTAIN_BLOCKS:
            return []
        return [(each, blocks) for each, blocks in inliers if blocks.sum() >= most / CERTAIN_RATIO]

    @cached_property
    def stretched(self) -> Matrix | None:
        """The map that also stretches, where unedited blocks clearly agree with that better than with a similarity."""
        start = self.aligner.by_features_stretched()
        if start is None:
            if not self.by_unedited_parts:
                return None
            start = max(self.by_unedited_parts, key=lambda each: _reach(each[1]))[0]
        elif self._distance_to_candidates(start) <= STRETCH_SUSPECTED:
            return None
        matrix = self.aligner.refine(start, stretches=True)
        if self._distance_to_candidates(matrix) <= ALIGNED_WITHIN:
            return None
        for rival in self.candidates:
            speak_for, speak_against = self.aligner.votes(matrix, rival, UNEDITED_AGREEMENT)
            if speak_for < max(CERTAIN_BLOCKS, CERTAIN_RATIO * speak_against):
                return None
        return matrix

    def _distance_to_candidates(self, matrix: Matrix) -> float:
        return min(largest_distance(matrix, each, self.size) for each in self.candidates)

    @cached_property
    def unedited_blocks(self) -> int:
        """How many blocks agree with the map that most agree with."""
        maps = (*self.candidates, *([] if self.stretched is None else [self.stretched]))
        return max(int(self.aligner.inliers(each, UNEDITED_AGREEMENT).sum()) for each in maps)

    @property
    def is_certain(self) -> bool:
        """Whether so much is unedited that it leaves no doubt."""
        return self.unedited_blocks >= max(CERTAIN_BLOCKS, CERTAIN_SHARES[0][1] * self.aligner.textured_blocks)

    @cached_property
    def best_by_outlines(self) -> Matrix:
        """The map at which outlines agree best."""
        coarse = self.aligner.by_structure()
        return max((*self.candidates, coarse, self.aligner.refine(coarse)), key=self.aligner.evidence)

    @cached_property
    def evidence(self) -> float:
        """How far outlines agree there, in standard deviations of chance."""
        return self.aligner.evidence(self.best_by_outlines)

    @cached_property
    def evidence_in_place(self) -> float:
        """How far outlines agree where the picture is, in standard deviations of chance."""
        return self.aligner.evidence(IDENTITY)


def _stretched_by_unedited_parts(comparison: _Comparison) -> Position | None:
    """Displaced and wider or higher than it was, where enough unedited parts say so."""
    matrix = comparison.stretched
    if matrix is None or not comparison.is_certain:
        return None
    return Position(matrix, _describe_displacement(matrix, comparison.size))


def _aligned_by_unedited_parts(comparison: _Comparison) -> Position | None:
    """In place, where unedited parts lie within a pixel of theirs."""
    if any(comparison.displacement(each) <= ALIGNED_WITHIN for each, _ in comparison.by_unedited_parts):
        return Position(None)
    return None


def _displaced_by_unedited_parts(comparison: _Comparison) -> Position | None:
    """Displaced, where enough unedited parts say so and hardly any says otherwise."""
    if not comparison.by_unedited_parts:
        return None
    # The scene is what reaches across the frame.
    best, _ = max(comparison.by_unedited_parts, key=lambda each: _reach(each[1]))
    aligner = comparison.aligner
    for agreement, share in CERTAIN_SHARES:
        unedited = float(aligner.inliers(best, agreement).sum()) / aligner.textured_blocks
        speak_for, speak_against = aligner.votes(best, IDENTITY, agreement)
        if unedited >= share and speak_for >= max(CERTAIN_BLOCKS, CERTAIN_RATIO * speak_against):
            return Position(best, _describe_displacement(best, comparison.size))
    return None


def _displaced_by_outlines(comparison: _Comparison) -> Position | None:
    """Displaced by much, where outlines agree there clearly better than in place: a frame in another style."""
    best = comparison.best_by_outlines
    needed = max(SAME_SCENE_ELSEWHERE, CLEARLY_BETTER * comparison.evidence_in_place)
    worth_undoing = COARSE_DISPLACEMENT * math.hypot(*comparison.size)
    if comparison.evidence < needed or comparison.displacement(best) <= worth_undoing:
        return None
    return Position(
        best,
        _describe_displacement(best, comparison.size)
        + " The frame is in another style, so this is approximate: compare it with the first frame.",
    )


def _aligned_by_outlines(comparison: _Comparison) -> Position | None:
    """In place, where outlines agree as those of the same scene do."""
    if comparison.evidence_in_place < SAME_SCENE:
        return None
    return Position(
        None, "Too much is redrawn to measure the place to a pixel. Outlines agree, so the frame is left where it is."
    )


def _unmeasurable(comparison: _Comparison) -> Position | None:
    """In place for want of anything better, unless both pictures have the outlines to show that the scenes differ."""
    if comparison.evidence_in_place < OTHER_SCENE and comparison.aligner.textured_share() >= RICH:
        return None
    return Position(
        None,
        "Too little of the first frame is left to measure whether the edited frame is aligned: it is used as it is.",
    )


JUDGES_BY_UNEDITED_PARTS: Judges = (
    _stretched_by_unedited_parts,
    _aligned_by_unedited_parts,
    _displaced_by_unedited_parts,
)
JUDGES_BY_OUTLINES: Judges = (_displaced_by_outlines, _aligned_by_outlines, _unmeasurable)
"""Asked one after the other, the surest first, until one knows a position. If none does, it is another scene."""


def _ask(judges: Judges, comparison: _Comparison) -> Position | None:
    return next(filter(None, (judge(comparison) for judge in judges)), None)


def _reach(blocks: NDArray[np.bool_]) -> float:
    """How widely blocks are spread over the frame: the area of their scatter, in blocks."""
    cells = np.argwhere(blocks).astype(np.float64)
    return float(np.linalg.det(np.cov(cells.T)))


def _find_in_other_shape(first_frame: Frame, image: Frame) -> Found:
    """Find frame 0 in an image of another aspect: it was stretched, or else it was cropped or extended."""
    size, image_size = size_of(first_frame), size_of(image)
    factor = max(size[0] / image_size[0], size[1] / image_size[1])
    cover = (round(image_size[0] * factor), round(image_size[1] * factor))
    if cover[0] * cover[1] > MAX_EXTENSION * size[0] * size[1]:
        raise _other_shape(size, image_size)
    gray = _gray(first_frame)
    evidence, picture, matrix = _likeliest_of(gray, image, (size, cover))
    mirrored = _likeliest_of(gray, flipped(image), (size, cover))
    if is_mirrored := mirrored[0] >= max(SAME_SCENE_ELSEWHERE, CLEARLY_MIRRORED * evidence):
        evidence, picture, matrix = mirrored
    if evidence < SAME_SCENE:
        raise _other_shape(size, image_size)
    how = "stretched" if size_of(picture) == size else "cropped or extended"
    shape = f"{describe_size(image_size)} instead of {describe_size(size)}"
    note = f"The edited frame has another shape ({shape}), {how}: corrected."
    return Found(picture, scaling(size_of(picture), image_size), Position(matrix, note), is_mirrored)


def _likeliest_of(gray: NDArray[np.float32], image: Frame, sizes: tuple[Size, Size]) -> tuple[float, Frame, Matrix]:
    """The likeliest of a picture at several sizes, as `_likeliest` gives it."""
    return max((_likeliest(gray, resized(image, size)) for size in sizes), key=lambda each: each[0])


def _likeliest(gray: NDArray[np.float32], picture: Frame) -> tuple[float, Frame, Matrix]:
    """The evidence for the best map from frame 0 to a picture of another size; the picture; the map."""
    (width, height), (picture_width, picture_height) = size_of(gray), size_of(picture)
    aligner = Aligner(gray, _gray(picture))
    centred = np.array([[1, 0, (picture_width - width) / 2], [0, 1, (picture_height - height) / 2]])
    starts = (*aligner.by_features(), centred)
    best = max([centred, *(aligner.refine(start) for start in starts)], key=aligner.evidence)
    return aligner.evidence(best), picture, best


def _other_shape(size: Size, image_size: Size) -> EditedFrameError:
    return EditedFrameError(
        f"The edited frame is {describe_size(image_size)}, the first frame is {describe_size(size)}, and it could not "
        "be found how one lies in the other. Edit the first frame that you were given, and keep its shape."
    )


def _describe_displacement(matrix: Matrix, size: Size) -> str:
    """What was wrong with the place of the content, in words."""
    found = Displacement.from_matrix(matrix, size)
    parts: list[str] = []
    if (shift := math.hypot(found.dx, found.dy)) >= 0.5:
        parts.append(f"shifted by {shift:.1f} px".replace(".0 px", " px"))
    if abs(found.stretch - 1) >= 0.0005:
        wide, high = (found.zoom * found.stretch**power for power in (0.5, -0.5))
        parts.append(f"stretched by {wide:.3f} in width and {high:.3f} in height")
    elif abs(found.zoom - 1) >= 0.0005:
        parts.append(f"zoomed by {found.zoom:.3f}")
    if abs(found.turn) >= 0.05:
        parts.append(f"turned by {abs(found.turn):.1f}°")
    text = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "displaced"
    return f"{text[0].upper()}{text[1:]}: corrected."


def same_aspect(size: Size, other: Size) -> bool:
    """Whether one size is the other one scaled, give or take a pixel of rounding."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= max(*size, *other)


def resized(image: Frame, size: Size) -> Frame:
    """A picture at another size (width, height)."""
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    return as_frame(cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4))


def _gray(picture: Frame) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)
