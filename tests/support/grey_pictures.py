"""Small grey pictures to align, and what displaces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.registration.gray import as_gray, blurred

if TYPE_CHECKING:
    from syncedit_demo.registration.gray import Gray
    from syncedit_demo.registration.maps import Displacement, Matrix

WIDTH, HEIGHT = 200, 160
SIZE = (WIDTH, HEIGHT)


def textured(seed: int = 1) -> Gray:
    """A picture with texture everywhere, of 200×160, which looks like no other seed's."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 236, (HEIGHT // 5, WIDTH // 5)).astype(np.float32)
    fine = blurred(random.normal(size=(HEIGHT, WIDTH)).astype(np.float32), 1.2)
    enlarged = as_gray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC))
    return np.clip(enlarged + 36 * fine, 0, 255)


def flat() -> Gray:
    """A picture of one grey."""
    return np.full((HEIGHT, WIDTH), 128, np.float32)


def displaced(picture: Gray, by: Displacement) -> tuple[Gray, Matrix]:
    """The picture with its content displaced, and the map that took it there."""
    matrix = by.matrix(SIZE)
    moved = cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return as_gray(moved), matrix
