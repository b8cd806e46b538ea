"""A beach ball that rocks and turns on a wooden table: the reference clip, and the same scene with a repainted ball.

A small ray tracer in numpy: one sphere, one plane, one soft light. `python -m examples.scenes.ball` writes
`examples/ball/reference.mp4`, `examples/ball/edited.png` and `examples/ball/truth.mp4`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.render import write_clip, write_png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from syncedit_demo.engines import Frame

    Array = NDArray[np.float32]

SIZE = 512
FRAMES = 81
FRAME_RATE = Fraction(25)
SAMPLES = 2
"""Rays per pixel along each side, for smooth edges."""

LIGHT = np.array([-0.55, 0.9, -0.45], np.float32) / np.linalg.norm([-0.55, 0.9, -0.45])
CAMERA = np.array([0.0, 1.25, -4.2], np.float32)
LOOK_AT = np.array([0.0, 0.85, 0.0], np.float32)

WHITE = np.array([0.93, 0.91, 0.86], np.float32)
REFERENCE_COLORS = np.array([[0.80, 0.10, 0.09], [0.93, 0.91, 0.86]], np.float32)
EDITED_COLORS = np.array([[0.02, 0.42, 0.46], [0.97, 0.72, 0.20]], np.float32)


def render(frame: int, colors: Array) -> Frame:
    """One frame of the scene, RGB uint8 (SIZE, SIZE, 3).

    Args:
        frame: Its index; the movement closes after `FRAMES` frames.
        colors: The two colours of the ball's panels, linear RGB (2, 3).
    """
    turn = 2 * np.pi * frame / FRAMES
    position = np.array([0.42 * np.sin(turn), 0.8, 0.1 * np.cos(turn)], np.float32)
    spin = _rotation((0, 0, 1), -position[0] / 0.8) @ _rotation((0.25, 1, 0), 0.4 * np.sin(turn))
    direction = _rays(SIZE * SAMPLES)
    ball, normal, point = _hit_ball(CAMERA, direction, position)
    color = np.where(ball[..., None], _shade_ball(normal, direction, spin, colors, point[..., 1]), 0).astype(np.float32)
    table = ~ball
    color[table] = _shade_table(direction[table], position, spin, colors)
    exposed = 1 - np.exp(-1.3 * color)
    encoded = 255 * np.clip(exposed, 0, 1) ** (1 / 2.2)
    small = cv2.resize(encoded.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.rint(small).astype(np.uint8)


def frames(colors: Array) -> Iterator[Frame]:
    """The whole clip."""
    for frame in range(FRAMES):
        yield render(frame, colors)


def _rays(size: int) -> Array:
    forward = LOOK_AT - CAMERA
    forward /= np.linalg.norm(forward)
    right = np.cross(np.array([0, 1, 0]), forward)
    up = np.cross(forward, right)
    x, y = np.meshgrid((np.arange(size) + 0.5) / size - 0.5, 0.5 - (np.arange(size) + 0.5) / size)
    rays = forward + 0.78 * (x[..., None] * right + y[..., None] * up)
    return (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).astype(np.float32)


def _hit_ball(
    origin: Array, direction: Array, centre: Array, radius: float = 0.8
) -> tuple[NDArray[np.bool_], Array, Array]:
    """Whether rays hit the ball, and the normal and the point where they do."""
    offset = origin - centre
    half = (direction * offset).sum(-1)
    root = half**2 - ((offset**2).sum(-1) - radius**2)
    distance = -half - np.sqrt(np.maximum(root, 0))
    hit = (root > 0) & (distance > 1e-3)
    point = origin + direction * distance[..., None]
    return hit, ((point - centre) / radius).astype(np.float32), point.astype(np.float32)


def _shade_ball(normal: Array, direction: Array, spin: Array, colors: Array, height: Array) -> Array:
    local = normal @ spin
    longitude = np.arctan2(local[..., 2], local[..., 0])
    panel = np.floor((longitude / (2 * np.pi) + 1) * 8).astype(int) % 2
    seam = np.abs(((longitude / (2 * np.pi) + 1) * 8) % 1 - 0.5)
    paint = colors[panel] * np.where(seam > 0.485, 0.8, 1.0)[..., None]
    paint = paint * (1 + 0.55 * _speckle(local))[..., None]
    cap = local[..., 1] > 0.93
    paint = np.where(cap[..., None], WHITE, paint)
    diffuse = np.clip((normal @ LIGHT) * 0.85 + 0.15, 0, 1)
    ground = np.clip(0.5 - 0.5 * normal[..., 1], 0, 1)
    ambient = 0.30 * (1 - ground[..., None]) * np.array([0.75, 0.85, 1.0]) + 0.22 * ground[..., None] * _WOOD
    contact = np.clip(0.35 + height / 0.7, 0.35, 1)
    half = LIGHT - direction
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    gloss = 0.55 * np.clip((normal * half).sum(-1), 0, 1) ** 90
    edge = 0.18 * (1 - np.clip(-(normal * direction).sum(-1), 0, 1)) ** 4
    lit = paint * (1.1 * diffuse[..., None] + ambient) * contact[..., None]
    return (lit + (gloss + edge)[..., None]).astype(np.float32)


def _speckle(local: Array) -> Array:
    """A printed, slightly worn surface in the ball's own coordinates, -0.5 to 0.5."""
    x, y, z = local[..., 0], local[..., 1], local[..., 2]
    warped = x + 0.21 * np.sin(5.1 * y + 1.3 * z), y + 0.19 * np.sin(4.7 * z + 2.1 * x), z + 0.23 * np.sin(4.3 * x - y)
    coarse = np.sin(13 * warped[0] + 1.7) * np.sin(11 * warped[1]) + np.sin(12 * warped[2]) * np.sin(10 * warped[0])
    fine = np.sin(37 * warped[1] + 0.4) * np.sin(41 * warped[0] + 2.2) * np.sin(33 * warped[2] + 0.9)
    return (0.13 * coarse + 0.24 * np.where(fine > 0.22, -1.0, 0.15)).astype(np.float32)


_WOOD = np.array([0.52, 0.33, 0.19], np.float32)


def _shade_table(direction: Array, centre: Array, spin: Array, colors: Array) -> Array:
    """The table where a ray goes down, the wall behind it elsewhere; (n, 3) for rays (n, 3)."""
    depth = 2.6
    down = direction[:, 1] < -1e-3
    reach = np.where(down, -CAMERA[1] / np.minimum(direction[:, 1], -1e-3), 1e6)
    point = CAMERA + direction * reach[:, None]
    on_table = down & (point[:, 2] < depth)
    wall_reach = (depth - CAMERA[2]) / np.maximum(direction[:, 2], 1e-3)
    wall = CAMERA + direction * wall_reach[:, None]
    glow = np.exp(-((wall[:, 0] + 0.6) ** 2 / 5 + (wall[:, 1] - 1.9) ** 2 / 3))
    back: Array = np.array([0.16, 0.21, 0.27]) * (0.55 + 1.0 * glow[:, None])
    x, z = point[:, 0], point[:, 2]
    plank = np.floor(x / 0.52)
    grain = (
        np.sin(34 * (x + 0.03 * np.sin(2.1 * z + 5 * plank)) + 7 * plank) * 0.5
        + np.sin(91 * (x + 0.02 * np.sin(3.3 * z + plank)) + 3 * plank) * 0.3
    )
    gap = np.abs((x / 0.52) % 1 - 0.5) > 0.488
    tone = 1 + 0.12 * np.sin(12.9 * plank) + 0.09 * grain
    wood = _WOOD * tone[:, None] * np.where(gap, 0.45, 1)[:, None]
    shadow = _shadow(point, centre)
    distance = np.hypot(x - centre[0], z - centre[2])
    contact = 1 - 0.75 * np.exp(-((distance / 0.42) ** 2))
    fall = np.exp(-0.03 * (x**2 + z**2))
    lit = (wood * (0.95 * shadow * fall + 0.30 * contact)[:, None]).astype(np.float32)
    mirrored = direction * np.array([1, -1, 1], np.float32)
    hit, normal, where = _hit_ball(point.astype(np.float32), mirrored, centre)
    gloss = 0.10 + 0.5 * (1 - np.clip(-direction[:, 1], 0, 1)) ** 5
    reflected = np.where(hit[:, None], _shade_ball(normal, mirrored, spin, colors, where[:, 1]), back * 0.9)
    lit = lit * (1 - gloss[:, None]) + gloss[:, None] * reflected
    return np.where(on_table[:, None], lit, back).astype(np.float32)


def _shadow(point: Array, centre: Array) -> Array:
    """The share of a round light that the ball leaves visible, 0 to 1, smooth over its half-shadow."""
    offset = centre - point
    along = np.asarray(offset @ LIGHT, np.float32)
    across = np.linalg.norm(offset - along[:, None] * LIGHT, axis=-1).astype(np.float32)
    softness = 0.10 + 0.16 * np.clip(along, 0, None)
    edge = np.clip((across - 0.8) / softness * 0.5 + 0.5, 0, 1).astype(np.float32)
    return np.where(along > 0, edge * edge * (3 - 2 * edge), 1).astype(np.float32)


def _rotation(axis: tuple[float, float, float], angle: float) -> Array:
    unit = np.array(axis) / np.linalg.norm(axis)
    return cv2.Rodrigues(unit * angle)[0].astype(np.float32)


def main() -> None:
    """Render the example."""
    folder = Path(__file__).parents[1] / "ball"
    folder.mkdir(exist_ok=True)
    write_clip(frames(REFERENCE_COLORS), folder / "reference.mp4", frame_rate=FRAME_RATE, audio=None)
    write_clip(frames(EDITED_COLORS), folder / "truth.mp4", frame_rate=FRAME_RATE, audio=None)
    write_png(render(0, EDITED_COLORS), folder / "edited.png")


if __name__ == "__main__":
    main()
