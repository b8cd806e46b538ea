"""First frames to edit, and what an editor does to them: parts replaced, content displaced, files compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from hypothesis import strategies as st

from syncedit_demo.registration.maps import Displacement

if TYPE_CHECKING:
    from syncedit_demo.frames import Frame

WIDTH, HEIGHT = 512, 448
SIZE = (WIDTH, HEIGHT)


similarities = st.builds(
    Displacement,
    dx=st.floats(-40, 40),
    dy=st.floats(-40, 40),
    zoom=st.floats(0.9, 1.1),
    turn=st.floats(-2, 2),
)


def busy_scene(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Frame:
    """Shapes of all sizes over a soft texture."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(128, 60, (height // 4, width // 4, 3)).astype(np.float32)
    scene = np.clip(cv2.resize(cv2.GaussianBlur(noise, (0, 0), 3), (width, height)) * 1.5 - 64, 0, 255).astype(np.uint8)
    for _ in range(60):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        radius = int(rng.integers(4, 40))
        if rng.random() < 0.5:
            cv2.circle(scene, (x, y), radius, colour, -1, cv2.LINE_AA)
        else:
            corner = (x + radius, y + int(rng.integers(4, 40)))
            cv2.rectangle(scene, (x, y), corner, colour, -1)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.8), np.uint8)


def plain_scene() -> Frame:
    """A figure before a wall: hardly any texture, as in a studio portrait."""
    wall = np.linspace(190, 225, WIDTH)[None, :, None] * np.ones((HEIGHT, 1, 3))
    scene = wall.astype(np.uint8)
    cv2.ellipse(scene, (256, 448), (150, 170), 0, 0, 360, (60, 70, 120), -1, cv2.LINE_AA)
    cv2.ellipse(scene, (256, 180), (75, 100), 0, 0, 360, (205, 160, 135), -1, cv2.LINE_AA)
    cv2.ellipse(scene, (256, 120), (85, 60), 0, 150, 390, (50, 35, 25), -1, cv2.LINE_AA)
    for x in (226, 286):
        cv2.circle(scene, (x, 175), 8, (40, 40, 60), -1, cv2.LINE_AA)
    cv2.ellipse(scene, (256, 232), (28, 10), 0, 0, 180, (150, 60, 60), -1, cv2.LINE_AA)
    cv2.line(scene, (256, 300), (256, 448), (220, 220, 230), 3, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.8), np.uint8)


def displaced(frame: Frame, by: Displacement) -> Frame:
    size = (frame.shape[1], frame.shape[0])
    moved = cv2.warpAffine(frame, by.matrix(size), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def third_edited(frame: Frame, seed: int) -> Frame:
    """The frame with a third of it replaced by something else."""
    height, width = frame.shape[:2]
    edited = frame.copy()
    x = (seed * 97) % (width // 2)
    region = np.s_[height // 6 : height // 6 + 2 * height // 3, x : x + width // 2]
    edited[region] = busy_scene(1000 + seed, width, height)[region]
    return edited


def jpeg(frame: Frame, quality: int) -> Frame:
    _, data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def resized(frame: Frame, width: int, height: int) -> Frame:
    how = cv2.INTER_AREA if width < frame.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(frame, (width, height), interpolation=how), np.uint8)
