"""A toy bear nods and sways; edited, it wears a party hat and a bow tie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from examples.scenes import SCENES, studio
from examples.scenes.prints import Sheet
from examples.scenes.studio import paint, printed, solid

if TYPE_CHECKING:
    from bpy.types import Object

PERIOD = SCENES["bear-with-hat"].period
FUR = "#b9743f"


def build(*, edited: bool) -> None:
    """Put the bear, lights and camera into an empty scene."""
    studio.start((512, 512))
    studio.ambient("#e6e9f2", 0.35)
    studio.softbox((-3.6, -4.2, 4.6), (0, 0, 1.2), 2.4, 500, "#fff0dd")
    studio.softbox((4.4, -1.8, 2.4), (0, 0, 1.2), 2.2, 150, "#d0e2ff")
    studio.softbox((2.2, 3.6, 4.6), (0, 0, 1.4), 2, 420, "#ffdcb8")
    studio.camera((0, -9.6, 1.9), (0, 0, 1.72), lens=70, aperture=1.4)
    studio.backdrop(paint("#e9a3a0", rough=0.9), depth=2.6)
    party()
    body()
    neck = studio.empty(at=(0, 0, 1.32))
    studio.move(neck, "rotation_euler", sway)
    head(neck)
    if edited:
        hat(neck)
        tie()


def sway(frame: int) -> tuple[float, float, float]:
    """The head's turn in degrees; it rests at frames 0 and 40, where the movement turns back."""
    t = 2 * math.pi * frame / PERIOD
    return 5 - 8 * math.cos(2 * t), 7 * math.cos(t), 14 * math.cos(t)


def party() -> None:
    """Balloons and presents behind, out of focus."""
    for x, y, z, tint in (
        (-2.3, 1.8, 2.5, "#f0c14b"),
        (-1.75, 2.2, 3.05, "#5fb0ab"),
        (2.1, 1.9, 2.75, "#7d8fd6"),
        (2.6, 2.3, 2.1, "#f3ead8"),
    ):
        solid(studio.ball(0.42), paint(tint, rough=0.25, coat=0.5), (x, y, z), scale=(1, 1, 1.18))
        solid(studio.cylinder(0.012, 2.4), paint("#f3ead8"), (x, y, z - 1.65))
    for x, y, size, turn, tint, ribbon in (
        (-1.9, 1.1, 0.7, 18, "#4f9c97", "#f3ead8"),
        (1.95, 1.0, 0.85, -14, "#f0c14b", "#d9554f"),
    ):
        present = studio.empty(at=(x, y, size / 2))
        present.rotation_euler = (0, 0, math.radians(turn))
        solid(studio.box(size, size, size), paint(tint, rough=0.5), parent=present, bevel=0.04)
        for wide, deep in ((0.18, 1.02), (1.02, 0.18)):
            solid(
                studio.box(size * wide, size * deep, size * 1.03), paint(ribbon, rough=0.4), parent=present, bevel=0.01
            )


def body() -> None:
    """Belly, arms and legs of a sitting bear."""
    fur, light = paint(FUR, rough=0.8, sheen=0.7), paint("#e8c79a", rough=0.8, sheen=0.6)
    solid(studio.ball(0.82), fur, (0, 0, 0.72), scale=(1, 0.9, 1.05))
    solid(studio.ball(0.6), light, (0, -0.28, 0.72), scale=(0.9, 0.85, 1.05))
    for side in (-1, 1):
        solid(studio.ball(0.33), fur, (0.86 * side, -0.22, 0.82), turn=(25, 40 * side, 0), scale=(0.8, 0.85, 1.45))
        solid(studio.ball(0.4), fur, (0.66 * side, -0.72, 0.32), turn=(0, 0, 22 * side), scale=(0.85, 1.25, 0.82))
        solid(studio.ball(0.27), light, (0.75 * side, -1.1, 0.34), turn=(0, 0, 22 * side), scale=(0.9, 0.5, 0.9))


def head(neck: Object) -> None:
    """Head, ears, muzzle and eyes."""
    fur, light = paint(FUR, rough=0.8, sheen=0.7), paint("#e8c79a", rough=0.8, sheen=0.6)
    dark = paint("#2b1c18", rough=0.15, coat=1)
    solid(studio.ball(0.86), fur, (0, 0, 0.72), scale=(1.1, 0.96, 0.98), parent=neck)
    solid(studio.ball(0.4), light, (0, -0.72, 0.52), scale=(1.1, 0.72, 0.82), parent=neck)
    solid(studio.ball(0.13), dark, (0, -1.02, 0.66), scale=(1.25, 0.7, 0.85), parent=neck)
    smile = studio.smooth_path(
        [(-0.17, -0.965, 0.45), (-0.08, -1.0, 0.38), (0, -1.015, 0.42), (0.08, -1.0, 0.38), (0.17, -0.965, 0.45)], 20
    )
    solid(studio.tube(smile, 0.02), dark, parent=neck)
    for side in (-1, 1):
        solid(studio.ball(0.29), fur, (0.72 * side, 0.02, 1.34), scale=(1, 0.6, 1), parent=neck)
        solid(studio.ball(0.19), light, (0.73 * side, -0.12, 1.34), scale=(1, 0.5, 1), parent=neck)
        solid(studio.ball(0.115), dark, (0.34 * side, -0.76, 0.86), parent=neck)
        solid(studio.ball(0.032, detail=16), paint("#ffffff", glow=1), (0.34 * side - 0.035, -0.865, 0.91), parent=neck)
        solid(
            studio.ball(0.12), paint("#dd8f6a", rough=0.8), (0.56 * side, -0.65, 0.6), scale=(1, 0.35, 0.7), parent=neck
        )


def hat(neck: Object) -> None:
    """A striped party hat that sits a little to one side."""
    band = Sheet(2.4, 1.2, "#2f8f8a")
    for k in range(4):
        band.band(0.06 + 0.3 * k, 0.2 + 0.3 * k, "#f6e7c6", waves=6, swing=0.04)
    joint = studio.empty(neck, (0.1, -0.12, 1.48))
    joint.rotation_euler = (math.radians(9), math.radians(9), 0)
    solid(
        studio.lathe([(0.5 * (1 - k / 24), 0.95 * k / 24) for k in range(25)]),
        printed(paint("#ffffff", rough=0.35, coat=0.4), band.picture),
        parent=joint,
    )
    solid(studio.ring(0.5, 0.06), paint("#f0c14b", rough=0.7, sheen=0.5), parent=joint)
    solid(studio.ball(0.15), paint("#e2584f", rough=0.8, sheen=0.8), (0, 0, 0.98), parent=joint)


def tie() -> None:
    """A bow tie."""
    cloth = paint("#2f6fb0", rough=0.6, sheen=0.4)
    for side in (-1, 1):
        solid(
            studio.cylinder(0.07, 0.36, tip=0.24),
            cloth,
            (0.19 * side, -0.84, 1.3),
            turn=(-12, 90 * side, 0),
            scale=(1, 0.55, 1),
            bevel=0.03,
        )
    solid(studio.ball(0.1), paint("#244f86", rough=0.6), (0, -0.87, 1.3))
