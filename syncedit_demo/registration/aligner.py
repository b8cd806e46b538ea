"""Where the content of one picture lies in another picture of the same scene: features, search, refinement, evidence.

Maps are 2x3 matrices that take pixel coordinates of the frame to pixel coordinates of the image, pixel centres at whole
numbers as in OpenCV. Pictures are grey, float32, 0-255. Everything here is deterministic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.frames import size_of

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from syncedit_demo.frames import Size

    # Always float32: NumPy's stubs lose that in every product with a number.
    Gray = NDArray[np.floating[Any]]
    Matrix = NDArray[np.float64]

FEATURE_AREA = 640 * 640
"""Area in pixels at which features are found: enough for a start within two pixels, at a fifth of the time."""

FEATURES = 3000
LEAST_FEATURES = 8
"""Features that have to agree on a map: by chance four or five do."""

CONTRAST_RADIUS = 6.0
"""Sigma in pixels of the neighbourhood against which brightness and contrast are taken."""

CONTRAST_FLOOR = 5.0
"""Grey levels of contrast below which a neighbourhood counts as flat, above the noise of JPEG at quality 85."""

TEXTURED = 0.2
"""Mean square of the normalised brightness (0 to 1) from which a neighbourhood has texture."""

LEVELS = ((4, 10), (2, 6), (1, 4))
"""Reduction and Gauss-Newton steps of each level of the refinement, coarse to fine."""

STRUCTURE_SIDE = 192
"""Longer side in pixels at which structure is compared: outlines survive a change of style, texture need not."""

SEARCH_ZOOMS = tuple(1 + step / 50 for step in range(-5, 6))
SEARCH_TURNS = (-2.0, -1.0, 0.0, 1.0, 2.0)

VOTE_BLOCKS = 32
"""Blocks along the longer side that each vote for one of two maps."""

LEAST_TEXTURE = 0.1
"""Share of a block's pixels that must have texture for the block to have a say."""

VOTE_MARGIN = 0.02
"""Difference of local correlation from which a block has an opinion."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """How content is displaced: turned and zoomed about the centre of the frame, then shifted.

    Attributes:
        dx: Shift to the right, in pixels.
        dy: Shift down, in pixels.
        zoom: Factor; above 1 the content is larger than in the frame.
        turn: Clockwise turn in degrees.
    """

    dx: float = 0.0
    dy: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0

    @classmethod
    def from_matrix(cls, matrix: Matrix, size: Size) -> Similarity:
        """The displacement that a similarity matrix makes on a frame of `size` (width, height)."""
        centre = _centre(size)
        dx, dy = matrix @ (*centre, 1.0) - centre
        a, b = matrix[:, 0]
        return cls(float(dx), float(dy), math.hypot(a, b), math.degrees(math.atan2(b, a)))

    def matrix(self, size: Size) -> Matrix:
        """The matrix from frame coordinates to displaced coordinates for a frame of `size` (width, height)."""
        angle = math.radians(self.turn)
        a, b = self.zoom * math.cos(angle), self.zoom * math.sin(angle)
        linear = np.array([[a, -b], [b, a]])
        centre = _centre(size)
        return np.column_stack([linear, centre - linear @ centre + np.array([self.dx, self.dy])])

    def largest_displacement(self, size: Size) -> float:
        """The longest way a pixel of the frame is displaced, in pixels: always at a corner."""
        return largest_distance(self.matrix(size), IDENTITY, size)


IDENTITY: Matrix = np.eye(2, 3)


def largest_distance(first: Matrix, second: Matrix, size: Size) -> float:
    """How far apart two maps take a pixel of a frame of `size` at most: at a corner, as their difference is affine."""
    w, h = size[0] - 1, size[1] - 1
    corners = np.array([[0, 0, 1], [w, 0, 1], [0, h, 1], [w, h, 1]], np.float64)
    return float(np.linalg.norm(corners @ (first - second).T, axis=1).max())


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The map that applies `inner` first and `outer` to its result."""
    return outer @ np.vstack([inner, (0.0, 0.0, 1.0)])


def scaling(source: Size, target: Size) -> Matrix:
    """The map between the pixel grids of one picture at two sizes (width, height)."""
    sx, sy = target[0] / source[0], target[1] / source[1]
    return np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2]])


def inverse(matrix: Matrix) -> Matrix:
    """The map back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def coverage(image_size: Size, matrix: Matrix, size: Size) -> NDArray[np.bool_]:
    """Which pixels of a frame of `size` lie on the image (its outermost half pixels included)."""
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    tolerance = 0.5 + 1e-6
    return (
        (u >= -tolerance)
        & (v >= -tolerance)
        & (u <= image_size[0] - 1 + tolerance)
        & (v <= image_size[1] - 1 + tolerance)
    )


class Aligner:
    """Finds and judges maps from one frame to one image.

    The image should show the content at about the frame's scale; it may be of any size.
    """

    def __init__(self, frame: Gray, image: Gray) -> None:
        self.frame = frame
        self.image = image
        self.size = size_of(frame)
        self._levels = [_Level(frame, image, reduction) for reduction, _ in LEVELS]
        self._frame_structure = _structure(_at_structure_scale(frame))

    def by_features(self) -> list[Matrix]:
        """The similarities on which most features agree, at most three: the scene, and parts that an edit moved."""
        points, descriptors = _features(self.frame)
        image_points, image_descriptors = _features(self.image)
        if min(len(points), len(image_points)) < LEAST_FEATURES:
            return []
        matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, image_descriptors, k=2)
        pairs = [best for best, second in matches if best.distance < 0.85 * second.distance]
        source = points[[pair.queryIdx for pair in pairs]]
        target = image_points[[pair.trainIdx for pair in pairs]]
        tolerance = 2.0 * math.sqrt(max(1.0, self.frame.size / FEATURE_AREA))
        found: list[Matrix] = []
        while len(source) >= LEAST_FEATURES and len(found) < 3:
            # OpenCV seeds this RANSAC itself, the same way each time.
            matrix, inliers = cv2.estimateAffinePartial2D(
                source, target, method=cv2.RANSAC, ransacReprojThreshold=tolerance, maxIters=2000, confidence=0.999
            )
            if int(inliers.sum()) < max(LEAST_FEATURES, 0.1 * len(pairs)):
                break
            found.append(np.asarray(matrix, np.float64))
            others = inliers.ravel() == 0
            source, target = source[others], target[others]
        return [matrix for matrix in found if 0.2 < Similarity.from_matrix(matrix, self.size).zoom < 5]

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
                trial = Similarity(zoom=zoom, turn=turn).matrix(size)
                moved = _gray(cv2.warpAffine(frame, trial, size, borderMode=cv2.BORDER_REFLECT_101))
                surface = np.fft.ifft2(np.conj(np.fft.fft2(_structure(moved))) * spectrum).real
                near = np.roll(surface, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
                if near.max() > best:
                    best = float(near.max())
                    dy, dx = divmod(int(near.argmax()), 2 * reach + 1)
                    found = compose(np.array([[1.0, 0.0, dx - reach], [0.0, 1.0, dy - reach]]), trial)
        return compose(scaling(size, self.size), compose(found, scaling(self.size, size)))

    def refine(self, matrix: Matrix) -> Matrix:
        """The similarity near `matrix` at which brightness patterns agree best, to a fraction of a pixel.

        Gauss-Newton on locally normalised brightness. A local gain takes up relighting, recolouring and inversion, and
        with Tukey's weights leaves out what was edited.
        """
        for level, (_, steps) in zip(self._levels, LEVELS, strict=True):
            reduced = compose(level.image_scaling, compose(matrix, inverse(level.frame_scaling)))
            for _ in range(steps):
                step = level.step(reduced)
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
        smooth = _blurred(self.image, zoom / 2)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = _gray(cv2.warpAffine(smooth, reduced, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
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
        return _shrunk(_gray(cv2.copyMakeBorder(values, *pad, cv2.BORDER_CONSTANT, value=0)), (width, height))

    def textured_share(self) -> float:
        """The share of pixels that have texture, 0 to 1, in the poorer of the two pictures."""
        return self._levels[-1].textured_share()


class _Level:
    """Frame and image, locally normalised, at one reduction."""

    def __init__(self, frame: Gray, image: Gray, reduction: int) -> None:
        frame_small, image_small = _reduced(frame, reduction), _reduced(image, reduction)
        self.size = size_of(frame_small)
        self.frame_scaling = scaling(size_of(frame), self.size)
        self.image_scaling = scaling(size_of(image), size_of(image_small))
        self._frame = _normalised(frame_small)
        self._image = _normalised(image_small)
        self.textured = _blurred(self._frame**2, CONTRAST_RADIUS) > TEXTURED
        self._gradient = _gradient(self._frame)
        # Coordinates about the centre in half diagonals, so that the normal equations are well scaled.
        width, height = self.size
        self._unit = math.hypot(width, height) / 2
        self._x = np.broadcast_to((np.arange(width, dtype=np.float32) - (width - 1) / 2) / self._unit, (height, width))
        y = (np.arange(height, dtype=np.float32) - (height - 1) / 2) / self._unit
        self._y = np.broadcast_to(y[:, None], (height, width))

    def textured_share(self) -> float:
        return min(
            float((_blurred(picture**2, CONTRAST_RADIUS) > TEXTURED).mean()) for picture in (self._frame, self._image)
        )

    def agreement(self, matrix: Matrix) -> tuple[Gray, NDArray[np.bool_]]:
        """The local correlation (-1 to 1) under a map, and where it is defined."""
        seen, covered = self._seen(matrix)
        return _local_gain(self._frame, seen), covered

    def step(self, matrix: Matrix) -> Matrix:
        """One Gauss-Newton step: the small similarity of the frame to be applied before `matrix`."""
        seen, covered = self._seen(matrix)
        gain = _local_gain(self._frame, seen)
        residual = self._frame - gain * seen
        trust = np.clip((np.abs(gain) - 0.5) / 0.4, 0, 1) ** 2
        used = covered & self.textured & (trust > 0)
        if int(used.sum()) < 64:
            return IDENTITY
        seen_gradient = _gradient(seen)
        gx, gy = (
            (own[used] + gain[used] * other[used]) / 2 for own, other in zip(self._gradient, seen_gradient, strict=True)
        )
        x, y, r = self._x[used], self._y[used], residual[used]
        jacobian = np.stack([gx, gy, gx * x + gy * y, gy * x - gx * y], axis=1)
        scale = 4.685 * 1.4826 * float(np.median(np.abs(r))) + 1e-3
        weight = trust[used] * np.clip(1 - (r / scale) ** 2, 0, 1) ** 2
        weighted = jacobian * weight[:, None]
        normal = (weighted.T @ jacobian).astype(np.float64)
        normal += np.eye(4) * 1e-4 * np.trace(normal)
        solution = np.asarray(np.linalg.solve(normal, (weighted.T @ r).astype(np.float64)), np.float64)
        grow, turn = (float(value) / self._unit for value in solution[2:])
        linear = np.array([[1 + grow, -turn], [turn, 1 + grow]])
        centre = _centre(self.size)
        return np.column_stack([linear, centre - linear @ centre + solution[:2]])

    def _seen(self, matrix: Matrix) -> tuple[Gray, NDArray[np.bool_]]:
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        seen = _gray(cv2.warpAffine(self._image, matrix, self.size, flags=flags))
        return seen, coverage(size_of(self._image), matrix, self.size)


def _local_gain(frame: Gray, seen: Gray) -> Gray:
    """Local correlation of two normalised pictures: the factor on `seen` that fits `frame` symmetrically."""
    both = _blurred(frame * seen, CONTRAST_RADIUS)
    power = _blurred(frame * frame + seen * seen, CONTRAST_RADIUS)
    return 2 * both / (power + 0.05)


def _normalised(gray: Gray) -> Gray:
    """Brightness against the neighbourhood's mean, in units of the neighbourhood's contrast."""
    smooth = _blurred(gray, 0.7)
    deviation = smooth - _blurred(smooth, CONTRAST_RADIUS)
    variance = _blurred(deviation * deviation, CONTRAST_RADIUS)
    return deviation / np.sqrt(variance + CONTRAST_FLOOR**2)


def _gradient(picture: Gray) -> tuple[Gray, Gray]:
    """Central differences along x and y, per pixel."""
    kernel = np.array([[-0.5, 0, 0.5]], np.float32)
    return _gray(cv2.filter2D(picture, -1, kernel)), _gray(cv2.filter2D(picture, -1, kernel.T))


def _structure(gray: Gray) -> NDArray[np.complex64]:
    """Outlines as complex numbers: the gradient's angle doubled, so that its sign, which a style may turn, is gone.

    Its length is the gradient against the neighbourhood's, limited, so that no single edge decides.
    """
    gx, gy = _gradient(_blurred(gray, 1.0))
    power = gx * gx + gy * gy
    length = np.minimum(np.sqrt(power / (_blurred(power, 8.0) + 4.0)), 1.5)
    gradient = gx + 1j * gy
    field = gradient * gradient / np.maximum(power, 1e-6) * length
    height, width = gray.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]) ** 0.3
    return ((field - field.mean()) * window).astype(np.complex64)


def _at_structure_scale(gray: Gray) -> Gray:
    factor = STRUCTURE_SIDE / max(gray.shape)
    height, width = (max(8, round(side * factor)) for side in gray.shape)
    return _shrunk(gray, (width, height))


def _features(gray: Gray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """SIFT key points (count, 2) in the picture's pixels, and their descriptors (count, 128)."""
    width, height = size_of(gray)
    factor = min(1.0, math.sqrt(FEATURE_AREA / gray.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.clip(np.rint(_shrunk(gray, size)), 0, 255).astype(np.uint8)
    found, descriptors = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02).detectAndCompute(small, None)
    if not found:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.float32)
    points = np.array([point.pt for point in found], np.float64)
    up = scaling(size, (width, height))
    return (points @ up[:, :2].T + up[:, 2]).astype(np.float32), np.asarray(descriptors, np.float32)


def _gray(picture: object) -> Gray:
    """OpenCV's result with the type it has."""
    return np.asarray(picture, np.float32)


def _blurred(picture: Gray, sigma: float) -> Gray:
    return _gray(cv2.GaussianBlur(picture, (0, 0), sigma))


def _shrunk(picture: Gray, size: Size) -> Gray:
    return _gray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _reduced(gray: Gray, reduction: int) -> Gray:
    height, width = gray.shape
    size = (max(1, round(width / reduction)), max(1, round(height / reduction)))
    return _shrunk(gray, size)


def _centre(size: Size) -> NDArray[np.float64]:
    return np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
