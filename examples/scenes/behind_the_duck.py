"""A rubber duck drifts to and fro in front of a nesting doll; edited, the doll wears another dress."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from examples.scenes import SCENES, studio
from examples.scenes.prints import Sheet
from examples.scenes.studio import paint, printed, smooth_path, solid, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD = SCENES["behind-the-duck"].period
AROUND, HIGH = 4.8, 3.4
"""The unrolled doll: its girth and the length of its outline."""
FACE = (AROUND * 0.75, 2.52)
"""Where her face is on the sheet: to the front, as u 0.75 is -y."""


def build(*, edited: bool) -> None:
    """Put the doll, the duck, lights and camera into an empty scene."""
    studio.start((512, 512))
    studio.ambient("#e4e0f0", 0.35)
    studio.softbox((-3.6, -4.0, 4.6), (0, 0, 1), 2.2, 480, "#fff0dd")
    studio.softbox((4.4, -1.6, 2.2), (0, 0, 1), 2.0, 130, "#d5dcff")
    studio.softbox((2.0, 3.6, 4.6), (0, 0, 1), 2, 330, "#ffd9c0")
    studio.camera((0, -9.4, 2.0), (0.02, 0, 1.2), lens=78, aperture=1.6)
    studio.backdrop(paint("#b9a9d6", rough=0.9), depth=2.6)
    blocks()
    doll = studio.empty()
    studio.move(
        doll,
        "rotation_euler",
        lambda frame: (0, 2.2 * math.cos(4 * math.pi * frame / PERIOD), 14 * math.cos(2 * math.pi * frame / PERIOD)),
    )
    outline = [
        (0.02, 0.0),
        (0.6, 0.0),
        (0.72, 0.1),
        (0.9, 0.7),
        (0.78, 1.28),
        (0.55, 1.58),
        (0.6, 1.95),
        (0.5, 2.32),
        (0.24, 2.5),
        (0.0, 2.53),
    ]
    form = studio.lathe([(max(p.x, 0), p.y) for p in smooth_path([(r, z, 0) for r, z in outline], 90)], 96)
    solid(form, printed(paint("#ffffff", rough=0.2, coat=0.8), doll_print(edited=edited)), parent=doll)
    duck()


def blocks() -> None:
    """Building blocks behind, out of focus."""
    for x, y, z, turn, tint in (
        (-1.9, 1.6, 0.4, 20, "#e9b44c"),
        (-2.1, 1.7, 1.2, -12, "#5fa8a0"),
        (1.8, 1.5, 0.4, -25, "#d9695f"),
        (2.6, 1.9, 0.4, 10, "#f1e6d2"),
        (-2.9, 1.2, 0.4, -30, "#7f8fd0"),
    ):
        solid(studio.box(0.8, 0.8, 0.8), paint(tint, rough=0.5), (x, y, z), turn=(0, 0, turn), bevel=0.07)
    solid(studio.ball(0.42), paint("#5fa8a0", rough=0.35, coat=0.5), (2.0, 1.55, 1.22))


def duck() -> None:
    """A rubber duck that drifts to the right in front and back, bobbing as it goes."""
    joint = studio.empty()
    studio.move(joint, "location", lambda frame: (-1.15 * math.cos(2 * math.pi * frame / PERIOD), -1.5, 0.02))
    studio.move(
        joint,
        "rotation_euler",
        lambda frame: (
            3 * math.cos(8 * math.pi * frame / PERIOD),
            0,
            -52 + 14 * math.cos(2 * math.pi * frame / PERIOD),
        ),
    )
    rubber, beak = paint("#f5c22b", rough=0.25, coat=0.6), paint("#e8742c", rough=0.3, coat=0.4)
    solid(studio.ball(0.42), rubber, (0, 0, 0.36), scale=(1.15, 0.9, 0.82), parent=joint)
    tail = smooth_path([(-0.25, 0, 0.42), (-0.48, 0, 0.5), (-0.6, 0, 0.72)], 14)
    solid(tube(tail, [0.24 * math.sqrt(1 - (k / 13.5) ** 2) for k in range(14)], flat=0.9), rubber, parent=joint)
    for side in (-1, 1):
        solid(
            studio.ball(0.24), rubber, (-0.05, 0.36 * side, 0.42), turn=(0, 12, 0), scale=(1.2, 0.4, 0.7), parent=joint
        )
    solid(studio.ball(0.29), rubber, (0.25, 0, 0.86), parent=joint)
    solid(studio.ball(0.16), beak, (0.54, 0, 0.82), scale=(1, 0.9, 0.42), parent=joint)
    for side in (-1, 1):
        solid(studio.ball(0.05), paint("#241a18", rough=0.1, coat=1), (0.44, 0.18 * side, 0.94), parent=joint)


def doll_print(*, edited: bool) -> NDArray[Any]:
    """Her paint: a face and a shawl, in one of two dresses."""
    dress, shawl, light, dark = (
        ("#1f6f78", "#f0b23c", "#f6ecd9", "#12414a") if edited else ("#b8323a", "#e8d9bd", "#f2b84a", "#6e1a2a")
    )
    sheet = Sheet(AROUND, HIGH, dress)
    x, high = FACE
    sheet.band(2.02, 3.4, shawl)
    sheet.band(1.9, 2.08, dark, waves=14, swing=0.03)
    for k in range(24):
        sheet.flower((AROUND * k / 24, 2.0), 0.04, light, petals=0)
    for k in range(14):
        sheet.flower((AROUND * (k + 0.5) / 14, 3.02), 0.09, dress, turn=k)
    sheet.flower((x, high), 0.47, dark, petals=0)
    sheet.flower((x, high), 0.43, "#f3c9a5", petals=0)
    for side in (-1, 1):
        sheet.leaf((x + 0.02 * side, high + 0.44), 0.5, "#4a2a1c", -math.pi / 2 + side * 0.95)
        sheet.flower((x + 0.24 * side, high - 0.13), 0.085, "#e88f7c", petals=0)
        sheet.flower((x + 0.15 * side, high + 0.02), 0.075, "#ffffff", petals=0)
        sheet.flower((x + 0.15 * side, high + 0.02), 0.05, "#2a1d1a", petals=0)
        sheet.flower((x + 0.165 * side, high + 0.04), 0.016, "#ffffff", petals=0)
    sheet.leaf((x - 0.13, high - 0.19), 0.26, "#b5323a", 0.0)
    sheet.band(0.55, 0.9, dark, waves=6, swing=0.05)
    for k in range(12):
        sheet.flower((AROUND * k / 12, 0.72), 0.07, light, petals=0)
    if edited:
        for k in range(10):
            for row in range(3):
                at = (AROUND * (k + row % 2 / 2) / 10, 1.12 + 0.26 * row)
                sheet.ring(at, 0.1, 0.035, shawl)
                sheet.flower(at, 0.04, light, petals=0)
    else:
        for k in range(6):
            at = (AROUND * (k + 0.5) / 6, 1.38)
            for turn in range(4):
                sheet.leaf(at, 0.36, "#4f7a4a", 0.78 + turn * math.pi / 2)
            sheet.flower(at, 0.24, light, turn=0.5)
            sheet.flower(at, 0.1, dark, petals=0)
    return sheet.picture
