"""Where the content of one picture lies in another picture of the same scene: features, search, refinement, evidence.

Maps are 2x3 matrices that take pixel coordinates of the frame to pixel coordinates of the image, pixel centres at whole
numbers as in OpenCV. Pictures are grey, float32, 0-255. Everything here is deterministic.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from syncedit_demo.frames import size_of
from syncedit_demo.registration.brightness import Level
from syncedit_demo.registration.gray import as_gray, blurred, gradient, shrunk
from syncedit_demo.registration.maps import (
    IDENTITY,
    Displacement,
    compose,
    coverage,
    inverse,
    largest_distance,
    scaling,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from syncedit_demo.registration.gray import Gray
    from syncedit_demo.registration.maps import Matrix

FEATURE_AREA = 640 * 640
"""Area in pixels at which features are found: enough for a start within two pixels, at a fifth of the time."""

FEATURES = 3000
LEAST_FEATURES = 8
"""Features that have to agree on a map: by chance four or five do."""

LEVELS = ((4, 10), (2, 6), (1, 4))
"""Reduction and Gauss-Newton steps of each level of the refinement, coarse to fine."""

STRUCTURE_SIDE = 192
"""Longer side in pixels at which structure is compared: outlines survive a change of style, texture need not."""

SEARCH_ZOOMS = tuple(1 + step / 50 for step in range(-5, 6))
SEARCH_TURNS = (-2.0, -1.0, 0.0, 1.0, 2.0)

MOST_STRETCH = 0.15
"""Logarithm of the stretch up to which a picture of the frame's shape is taken for the same one, stretched."""

VOTE_BLOCKS = 32
"""Blocks along the longer side that each vote for one of two maps."""

LEAST_TEXTURE = 0.1
"""Share of a block's pixels that must have texture for the block to have a say."""

VOTE_MARGIN = 0.02
"""Difference of local correlation from which a block has an opinion."""


class Aligner:
    """Finds and judges maps from one frame to one image.

    The image should show the content at about the frame's scale; it may be of any size.
    """

    def __init__(self, frame: Gray, image: Gray) -> None:
        self.frame = frame
        self.image = image
        self.size = size_of(frame)
        self._levels = [Level(frame, image, reduction) for reduction, _ in LEVELS]
        self._frame_structure = _structure(_at_structure_scale(frame))

    @cached_property
    def _matches(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Points of the frame, and where something alike is in the image, each `(count, 2)`."""
        points, descriptors = _features(self.frame)
        image_points, image_descriptors = _features(self.image)
        if min(len(points), len(image_points)) < LEAST_FEATURES:
            return points[:0], image_points[:0]
        matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, image_descriptors, k=2)
        pairs = [best for best, second in matches if best.distance < 0.85 * second.distance]
        return points[[pair.queryIdx for pair in pairs]], image_points[[pair.trainIdx for pair in pairs]]

    @property
    def _tolerance(self) -> float:
        """By how many pixels a feature may miss a map that it agrees on."""
        return 2.0 * math.sqrt(max(1.0, self.frame.size / FEATURE_AREA))

    def by_features(self) -> list[Matrix]:
        """The similarities on which most features agree, at most three: the scene, and parts that an edit moved."""
        source, target = self._matches
        count = len(source)
        found: list[Matrix] = []
        while len(source) >= LEAST_FEATURES and len(found) < 3:
            # OpenCV seeds this RANSAC itself, the same way each time.
            matrix, inliers = cv2.estimateAffinePartial2D(
                *(source, target),
                method=cv2.RANSAC,
                ransacReprojThreshold=self._tolerance,
                maxIters=2000,
                confidence=0.999,
            )
            if int(inliers.sum()) < max(LEAST_FEATURES, 0.1 * count):
                break
            found.append(np.asarray(matrix, np.float64))
            others = inliers.ravel() == 0
            source, target = source[others], target[others]
        return [matrix for matrix in found if 0.2 < Displacement.from_matrix(matrix, self.size).zoom < 5]

    def by_features_stretched(self) -> Matrix | None:
        """The map on which most features agree that may also stretch, by 15 % at most; None for none."""
        source, target = self._matches
        if len(source) < LEAST_FEATURES:
            return None
        matrix, inliers = cv2.estimateAffine2D(
            *(source, target), method=cv2.RANSAC, ransacReprojThreshold=self._tolerance, maxIters=2000, confidence=0.999
        )
        # OpenCV's stubs do not know that there may be no map.
        if cast("object", matrix) is None or int(inliers.sum()) < max(LEAST_FEATURES, 0.1 * len(source)):
            return None
        affine = np.asarray(matrix, np.float64)
        found = Displacement.from_matrix(affine, self.size)
        if not 0.2 < found.zoom < 5 or abs(math.log(found.stretch)) > MOST_STRETCH:
            return None
        # What is left out is the shear, of which no editor is suspected.
        return found.matrix(self.size)

    def by_structure(self) -> Matrix:
        """The similarity at which outlines agree best, for a change of style; the image is of the frame's size.

        Searched are zooms of 10 %, turns of 2 degrees and shifts of a sixteenth of the longer side, both ways.
        """
        frame, image = _at_structure_scale(self.frame), _at_structure_scale(self.image)
        size = size_of(frame)
        reach = STRUCTURE_SIDE // 16
        spectrum = np.fft.fft2(_structure(image))
        best, found = -math.inf, IDENTITY
        for zoom in SEARCH_ZOOMS:
            for turn in SEARCH_TURNS:
                trial = Displacement(zoom=zoom, turn=turn).matrix(size)
                moved = as_gray(cv2.warpAffine(frame, trial, size, borderMode=cv2.BORDER_REFLECT_101))
                surface = np.fft.ifft2(np.conj(np.fft.fft2(_structure(moved))) * spectrum).real
                near = np.roll(surface, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
                if near.max() > best:
                    best = float(near.max())
                    dy, dx = divmod(int(near.argmax()), 2 * reach + 1)
                    found = compose(np.array([[1.0, 0.0, dx - reach], [0.0, 1.0, dy - reach]]), trial)
        return compose(scaling(size, self.size), compose(found, scaling(self.size, size)))

    def refine(self, matrix: Matrix, *, stretches: bool = False) -> Matrix:
        """The map near `matrix` at which brightness patterns agree best, to a fraction of a pixel.

        It is a similarity of `matrix`, or may also stretch it.

        Gauss-Newton on locally normalised brightness. A local gain takes up relighting, recolouring and inversion, and
        with Tukey's weights leaves out what was edited.
        """
        for level, (_, steps) in zip(self._levels, LEVELS, strict=True):
            reduced = compose(level.image_scaling, compose(matrix, inverse(level.frame_scaling)))
            for _ in range(steps):
                step = level.step(reduced, stretches=stretches)
                reduced = compose(reduced, step)
                if largest_distance(step, IDENTITY, level.size) < 0.01:
                    break
            matrix = compose(inverse(level.image_scaling), compose(reduced, level.frame_scaling))
        return matrix

    def evidence(self, matrix: Matrix) -> float:
        """How far the agreement of outlines under a map stands out from chance, in standard deviations.

        Chance is the same agreement at every other displacement. Pictures of other scenes reach 4, an aligned picture
        in another style 8 and more.
        """
        small = _at_structure_scale(self.frame)
        size = size_of(small)
        reduced = compose(matrix, scaling(size, self.size))
        zoom = max(1.0, math.sqrt(abs(float(np.linalg.det(reduced[:, :2])))))
        smooth = blurred(self.image, zoom / 2)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = as_gray(cv2.warpAffine(smooth, reduced, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
        covered = cv2.erode(coverage(size_of(self.image), reduced, size).astype(np.uint8), np.ones((5, 5), np.uint8))
        structure = _structure(seen) * covered
        surface = np.fft.ifft2(np.conj(np.fft.fft2(self._frame_structure)) * np.fft.fft2(structure)).real
        deviation = float(surface.std())
        return float(np.roll(surface, (1, 1), (0, 1))[:3, :3].max()) / deviation if deviation > 0 else 0.0

    def votes(self, first: Matrix, second: Matrix, agreement: float) -> tuple[int, int]:
        """How many blocks agree clearly better with the one map than with the other, and the reverse.

        Counted are the blocks whose local correlation reaches `agreement` under one of the maps.
        """
        one, other = self._block_agreement(first), self._block_agreement(second)
        opinion = np.maximum(one, other) > agreement
        return int((opinion & (one - other > VOTE_MARGIN)).sum()), int((opinion & (other - one > VOTE_MARGIN)).sum())

    def inliers(self, matrix: Matrix, agreement: float) -> NDArray[np.bool_]:
        """Which blocks of the frame agree with a map, by a local correlation of `agreement`: (rows, columns)."""
        return self._block_agreement(matrix) > agreement

    @cached_property
    def textured_blocks(self) -> int:
        """How many blocks of the frame have texture to be judged by."""
        return int((self._block_means(self._levels[-1].textured.astype(np.float32)) > LEAST_TEXTURE).sum())

    def _block_agreement(self, matrix: Matrix) -> Gray:
        """Mean local correlation, as an absolute value, of the textured pixels of each block; 0 where it has none."""
        finest = self._levels[-1]
        agreement, covered = finest.agreement(matrix)
        used = (finest.textured & covered).astype(np.float32)
        share = self._block_means(used)
        mean = self._block_means(np.abs(agreement) * used) / np.maximum(share, LEAST_TEXTURE)
        return np.where(share > LEAST_TEXTURE, mean, 0)

    def _block_means(self, values: Gray) -> Gray:
        block = -(-max(self.size) // VOTE_BLOCKS)
        width, height = (-(-side // block) for side in self.size)
        pad = (0, height * block - self.size[1], 0, width * block - self.size[0])
        return shrunk(as_gray(cv2.copyMakeBorder(values, *pad, cv2.BORDER_CONSTANT, value=0)), (width, height))

    def textured_share(self) -> float:
        """The share of pixels that have texture, 0 to 1, in the poorer of the two pictures."""
        return self._levels[-1].textured_share()


def _structure(gray: Gray) -> NDArray[np.complex64]:
    """Outlines as complex numbers: the gradient's angle doubled, so that its sign, which a style may turn, is gone.

    Its length is the gradient against the neighbourhood's, limited, so that no single edge decides.
    """
    gx, gy = gradient(blurred(gray, 1.0))
    power = gx * gx + gy * gy
    length = np.minimum(np.sqrt(power / (blurred(power, 8.0) + 4.0)), 1.5)
    slope = gx + 1j * gy
    field = slope * slope / np.maximum(power, 1e-6) * length
    height, width = gray.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]) ** 0.3
    return ((field - field.mean()) * window).astype(np.complex64)


def _at_structure_scale(gray: Gray) -> Gray:
    factor = STRUCTURE_SIDE / max(gray.shape)
    height, width = (max(8, round(side * factor)) for side in gray.shape)
    return shrunk(gray, (width, height))


def _features(gray: Gray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """SIFT key points (count, 2) in the picture's pixels, and their descriptors (count, 128)."""
    width, height = size_of(gray)
    factor = min(1.0, math.sqrt(FEATURE_AREA / gray.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.clip(np.rint(shrunk(gray, size)), 0, 255).astype(np.uint8)
    found, descriptors = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02).detectAndCompute(small, None)
    if not found:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.float32)
    points = np.array([point.pt for point in found], np.float64)
    up = scaling(size, (width, height))
    return (points @ up[:, :2].T + up[:, 2]).astype(np.float32), np.asarray(descriptors, np.float32)
