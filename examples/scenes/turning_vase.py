"""A stoneware vase on a turntable; edited, it is porcelain painted with flowers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from examples.scenes import SCENES, studio
from examples.scenes.prints import Sheet
from examples.scenes.studio import paint, printed, smooth_path, solid, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD = SCENES["turning-vase"].period
AROUND, HIGH = 5.2, 3.0
"""The unrolled vase: its girth and the length of its outline."""


def build(*, edited: bool) -> None:
    """Put the vase, what stands around it, lights and camera into an empty scene."""
    studio.start((512, 512))
    studio.ambient("#dfe6ee", 0.3)
    studio.softbox((-3.6, -3.6, 4.4), (0, 0, 1.2), 2.2, 420, "#fff0dd")
    studio.softbox((4.4, -1.0, 2.4), (0, 0, 1.2), 2.0, 150, "#d5e4ff")
    studio.softbox((1.5, 4, 5), (0, 0, 1), 2, 300, "#ffe0bb")
    studio.camera((0, -9.2, 2.55), (0, 0, 1.24), lens=90, aperture=1.2)
    studio.backdrop(paint("#c9b7a6", rough=0.9), depth=3.0)
    still_life()
    table = studio.empty()
    studio.move(table, "rotation_euler", lambda frame: (0, 0, 34 * math.cos(2 * math.pi * frame / PERIOD)))
    solid(studio.cylinder(1.12, 0.16), paint("#8b5e3c", rough=0.5), (0, 0, 0.08), parent=table, bevel=0.04)
    outline = [
        (0.05, 0.0),
        (0.5, 0.0),
        (0.54, 0.06),
        (0.86, 0.55),
        (0.95, 1.1),
        (0.72, 1.62),
        (0.4, 1.95),
        (0.36, 2.2),
        (0.5, 2.42),
    ]
    profile = [(p.x, p.y) for p in smooth_path([(r, z, 0) for r, z in outline], 72)]
    inside = [(0.46, 2.42), (0.32, 2.2), (0.34, 2.0)]
    glaze = printed(paint("#ffffff", rough=0.16 if edited else 0.34, coat=0.7), porcelain() if edited else stoneware())
    solid(studio.lathe(profile, 96), glaze, (0, 0, 0.16), parent=table)
    solid(
        studio.lathe([profile[-1], *inside], 96),
        paint("#e9e0d0" if edited else "#6d4a35", rough=0.3),
        (0, 0, 0.16),
        parent=table,
    )


def still_life() -> None:
    """A bowl with fruit, a book and a brush jar, out of focus."""
    solid(studio.box(1.7, 1.2, 0.16), paint("#3f6d74", rough=0.6), (-2.0, 1.5, 0.08), turn=(0, 0, 14), bevel=0.03)
    solid(studio.box(1.5, 1.1, 0.14), paint("#e3d7bf", rough=0.7), (-1.95, 1.5, 0.23), turn=(0, 0, 6), bevel=0.03)
    for x, y, tint in ((-2.2, 1.4, "#d97b34"), (-1.65, 1.6, "#d99a2b")):
        solid(studio.ball(0.33), paint(tint, rough=0.45), (x, y, 0.6))
    solid(studio.cylinder(0.36, 0.9, tip=0.4), paint("#a5604a", rough=0.5), (1.9, 1.7, 0.45), bevel=0.05)
    for k, tint in enumerate(("#c98a4b", "#a86b3a", "#dcae6e")):
        path = [(1.9, 1.7, 0.4), (1.75 + 0.2 * k, 1.7 + 0.1 * k, 1.75 + 0.15 * k)]
        solid(tube(smooth_path(path, 4), 0.045), paint(tint), parent=None)
        solid(studio.ball(0.1), paint("#4a332a"), path[1], scale=(0.8, 0.8, 1.9))


def stoneware() -> NDArray[Any]:
    """A cream glaze with speckles, waves and rings in rust."""
    sheet = Sheet(AROUND, HIGH, "#dccbb0")
    sheet.speckles("#9a7a58", 500, 0.022, 3)
    sheet.band(0.0, 0.62, "#8a4d33")
    sheet.band(0.62, 0.68, "#5f3424", waves=9, swing=0.05)
    for k in range(3):
        sheet.band(1.0 + 0.2 * k, 1.06 + 0.2 * k, "#a4603c", waves=11, swing=0.07)
    for k in range(16):
        sheet.ring((AROUND * k / 16, 1.86), 0.1, 0.035, "#5f3424")
    sheet.band(2.3, 3.0, "#8a4d33")
    sheet.speckles("#3f2a20", 260, 0.02, 4)
    return sheet.picture


def porcelain() -> NDArray[Any]:
    """White, painted in blue with a touch of coral."""
    blue, light, coral = "#1f3f8f", "#5f86c9", "#e0664f"
    sheet = Sheet(AROUND, HIGH, "#f4f3ee")
    sheet.band(0.42, 0.58, blue)
    for k in range(26):
        sheet.flower((AROUND * (k + 0.5) / 26, 0.5), 0.05, "#f4f3ee", petals=0)
        sheet.leaf((AROUND * k / 26, 0.6), 0.26, light if k % 2 else blue, math.pi / 2)
    for k in range(8):
        x, y = AROUND * k / 8, 1.42 + (0.24 if k % 2 else -0.12)
        for turn in range(4):
            sheet.leaf((x, y), 0.42, light if turn % 2 else blue, 0.5 + turn * math.pi / 2 + 0.4 * (k % 2))
        sheet.flower((x, y), 0.23, blue, turn=0.3 * k)
        sheet.flower((x, y), 0.15, coral if k % 2 else light, turn=0.3 * k + 0.6)
        sheet.flower((x, y), 0.05, "#f4d9a0", petals=0)
    for k in range(32):
        sheet.flower((AROUND * k / 32, 2.15 + 0.05 * (k % 2)), 0.035, blue, petals=0)
    sheet.band(2.3, 2.36, blue)
    for k in range(14):
        sheet.leaf((AROUND * k / 14, 2.42), 0.3, blue, math.pi / 2)
    sheet.band(2.84, 3.0, blue)
    return sheet.picture
