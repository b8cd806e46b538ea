"""A windmill turns on a hill by day; edited, it is dusk, and its windows are lit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from examples.scenes import SCENES, studio
from examples.scenes.studio import paint, solid

if TYPE_CHECKING:
    from bpy.types import Material

PERIOD = SCENES["windmill"].period
"""Frames in which the sails turn by a quarter, after which they look the same."""


def build(*, edited: bool) -> None:
    """Put the mill, its hill, lights and camera into an empty scene."""
    studio.start((512, 512))
    if edited:
        studio.ambient("#5a62a8", 0.34)
        studio.softbox((5.2, -1.2, 1.7), (0, 0, 1.0), 1.2, 620, "#ff8a3c")
        studio.softbox((-3.5, 4.5, 4.5), (0, 0, 1), 3, 190, "#7f86e8")
        sky, sun = "#b0647f", "#ffb46b"
    else:
        studio.ambient("#cfe2f7", 0.55)
        studio.softbox((-3.2, -4.0, 5.6), (0, 0, 1), 1.4, 720, "#fff3df")
        studio.softbox((4.5, 2.5, 3.5), (0, 0, 1), 3, 150, "#dcebff")
        sky, sun = "#9cc7e6", "#fff7dd"
    studio.camera((0, -10.2, 2.5), (0, 0, 1.62), lens=70, aperture=1.8)
    solid(
        studio.sheet([(-9, 7, -6), (9, 7, -6), (9, 7, 10), (-9, 7, 10)], [(0, 1, 2, 3)]), paint(sky, rough=1, glow=0.3)
    )
    at = (2.5, 6.5, 1.5) if edited else (-2.4, 6.5, 4.5)
    solid(studio.cylinder(0.7, 0.1), paint(sun, rough=1, glow=1.6), at, turn=(90, 0, 0))
    sails(paint("#7a4d31", rough=0.6), paint("#f7efe0", rough=0.8))
    studio.cast_no_shadows()
    hills()
    mill(lit=edited)


def hills() -> None:
    """Meadows, trees, a fence and clouds."""
    solid(studio.ball(4.0), paint("#7fb069", rough=0.9), (0, 0, -3.62), scale=(1.25, 1, 1))
    for x, y, z, size, tint in (
        (-4.2, 4.2, -1.5, 3.0, "#6aa071"),
        (4.4, 4.6, -1.7, 3.1, "#5c9470"),
        (0.4, 5.4, -2.0, 3.6, "#89b98a"),
    ):
        solid(studio.ball(size), paint(tint, rough=0.9), (x, y, z), scale=(1.3, 1, 1))
    bark = paint("#8a5a3a", rough=0.7)
    for place, (x, y, high) in enumerate(((-1.75, 0.5, 0.9), (-2.25, -0.1, 0.65), (1.75, 0.4, 0.8), (2.35, 0.9, 0.95))):
        ground = math.sqrt(max(16 - (x / 1.25) ** 2 - y * y, 0)) - 3.62
        solid(studio.cylinder(0.06, 0.5), bark, (x, y, ground + 0.2))
        leaves = paint(("#3f8a5c", "#e0933f")[place % 2], rough=0.75)
        for k in range(3):
            solid(
                studio.cylinder((0.42 - 0.1 * k) * high / 0.8, 0.5, tip=0.02),
                leaves,
                (x, y, ground + 0.55 + 0.27 * k * high / 0.8),
                bevel=0.03,
            )
    wood = paint("#e9dcc3", rough=0.7)
    for k in range(9):
        x, y = -1.35 + 0.34 * k, -1.35
        ground = math.sqrt(16 - (x / 1.25) ** 2 - y * y) - 3.62
        solid(studio.box(0.07, 0.05, 0.34), wood, (x, y, ground + 0.15), bevel=0.015)
        solid(
            studio.box(0.38, 0.03, 0.05), wood, (x, y - 0.03, ground + 0.2), turn=(0, 3.4 * (k - 4) / 2, 0), bevel=0.01
        )
    cloud = paint("#fbf4ea", rough=0.95)
    for x, y, z, size in ((1.9, 4.6, 4.2, 0.42), (-2.5, 5.0, 2.9, 0.36)):
        for across, up, share in ((-1.3, 0, 0.7), (-0.45, 0.3, 1.05), (0.6, 0.2, 0.9), (1.4, -0.05, 0.6)):
            solid(studio.ball(size * share), cloud, (x + across * size, y, z + up * size), scale=(1.15, 0.6, 0.85))


def mill(*, lit: bool) -> None:
    """Tower, cap and windows."""
    plaster, roof = paint("#f3e6cf", rough=0.7), paint("#c4513f", rough=0.55)
    timber = paint("#7a4d31", rough=0.6)
    pane = paint("#ffcf6b", glow=4.0) if lit else paint("#42586e", rough=0.15, coat=1)
    solid(studio.cylinder(0.82, 2.0, tip=0.55), plaster, (0, 0, 1.3), bevel=0.03)
    solid(studio.ring(0.73, 0.07), timber, (0, 0, 1.05))
    solid(studio.ring(0.6, 0.07), timber, (0, 0, 2.27))
    solid(studio.lathe([(0.66, 0.0), (0.62, 0.1), (0.44, 0.42), (0.16, 0.66), (0.0, 0.7)]), roof, (0, 0, 2.32))
    solid(studio.box(0.36, 0.1, 0.6), timber, (0, -0.79, 0.6), turn=(-7, 0, 0), bevel=0.03)
    for x, z in ((-0.3, 1.45), (0.3, 1.45), (0, 1.95)):
        y = -math.sqrt((0.82 - 0.135 * (z - 0.3)) ** 2 - x * x) - 0.0
        solid(studio.box(0.26, 0.08, 0.3), timber, (x, y, z), turn=(-7, 0, 25 * x / 0.3), bevel=0.02)
        solid(studio.box(0.19, 0.1, 0.23), pane, (x, y - 0.01, z), turn=(-7, 0, 25 * x / 0.3), bevel=0.01)


def sails(timber: Material, cloth: Material) -> None:
    """Four sails on a shaft."""
    shaft = studio.empty(at=(0, -0.95, 2.5))
    studio.move(shaft, "rotation_euler", lambda frame: (0, 90 * frame / PERIOD + 20, 0))
    solid(studio.cylinder(0.12, 0.9), timber, (0, 0.35, 0), turn=(90, 0, 0), parent=shaft, bevel=0.03)
    solid(studio.ball(0.16), timber, (0, -0.12, 0), parent=shaft)
    for k in range(4):
        arm = studio.empty(shaft)
        arm.rotation_euler = (0, math.pi * k / 2, 0)
        solid(studio.box(0.07, 0.06, 1.5), timber, (0, 0, 0.75), parent=arm, bevel=0.015)
        solid(studio.box(0.34, 0.025, 1.0), cloth, (0.2, 0.03, 0.92), turn=(0, 0, 14), parent=arm, bevel=0.01)
        for row in range(5):
            solid(studio.box(0.36, 0.04, 0.03), timber, (0.2, 0.0, 0.46 + 0.23 * row), turn=(0, 0, 14), parent=arm)
