"""A wooden train shunts to and fro past some trees; edited, its engine is painted another colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from examples.scenes import SCENES, studio
from examples.scenes.studio import paint, solid

if TYPE_CHECKING:
    from bpy.types import Material, Object

PERIOD = SCENES["toy-train"].period
SLOPE = -13.0
"""Degrees by which the track runs towards the camera."""
WHEEL = 0.25


def build(*, edited: bool) -> None:
    """Put the train, its landscape, lights and camera into an empty scene."""
    studio.start((640, 448))
    studio.ambient("#d6e6f5", 0.4)
    studio.softbox((-4, -4.5, 6), (0, 0, 0.5), 2.6, 620, "#fff0da")
    studio.softbox((5, 3.5, 4), (0, 0, 0.5), 3, 330, "#ffd9b0")
    studio.camera((0.3, -10.6, 3.3), (0.05, 0, 0.84), lens=63, aperture=1.4)
    studio.backdrop(paint("#9fcfc0", rough=0.9), depth=3.6, bend=3.5)
    landscape()
    world = studio.empty()
    world.rotation_euler = (0, 0, math.radians(SLOPE))
    track(world)
    train = studio.empty(world)
    studio.move(train, "location", lambda frame: (travel(frame), 0, 0.006 * math.cos(16 * math.pi * frame / PERIOD)))
    body = "#2f55c8" if edited else "#c8312b"
    engine(train, paint(body, rough=0.3, coat=0.6))
    wagon(train, -1.78, paint("#efb23a", rough=0.35, coat=0.4), ("#d9774a", "#6aa9a2", "#f1e5cf"))
    wagon(train, -3.28, paint("#e9dcc3", rough=0.35, coat=0.4), ("#8fb35d", "#d9774a", "#efb23a"))


def travel(frame: int) -> float:
    """How far along the track the train is."""
    return 0.25 - 0.9 * math.cos(2 * math.pi * frame / PERIOD)


def landscape() -> None:
    """Hills and toy trees, out of focus."""
    for x, y, radius, tint in ((-4.6, 5.2, 2.4, "#84bda6"), (-0.2, 6.2, 2.9, "#8fc7b2"), (4.6, 5.4, 2.2, "#7cb59b")):
        solid(studio.ball(radius), paint(tint, rough=0.9), (x, y, -0.9), scale=(1.2, 1, 0.9))
    bark = paint("#a8693f", rough=0.6)
    for place, (x, y, high) in enumerate(
        ((-3.3, 2.4, 1.5), (-1.9, 2.9, 1.9), (0.5, 2.8, 1.6), (2.1, 2.3, 2.0), (3.5, 2.9, 1.5))
    ):
        solid(studio.cylinder(0.09, 0.6), bark, (x, y, 0.3))
        leaves = paint(("#3f8a63", "#d98a3d", "#5aa06a")[place % 3], rough=0.7)
        if place % 2:
            for k in range(3):
                size = 0.62 - 0.15 * k
                solid(studio.cylinder(size, 0.75, tip=0.04), leaves, (x, y, 0.75 + 0.38 * k * high / 1.6), bevel=0.04)
        else:
            solid(studio.ball(0.55), leaves, (x, y, 0.5 + high / 2), scale=(1, 1, 1.15))
    for x, y in ((-2.6, -1.7), (2.9, -1.5), (3.4, -1.2)):
        solid(studio.ball(0.16), paint("#cfc6b4", rough=0.8), (x, y, 0.05), scale=(1.3, 1, 0.7))


def track(world: Object) -> None:
    """Rails on sleepers."""
    wood, rail = paint("#c08a57", rough=0.6), paint("#8e6a4c", rough=0.45)
    for k in range(-16, 17):
        solid(studio.box(0.2, 1.35, 0.08), wood, (0.42 * k, 0, 0.04), parent=world, bevel=0.02)
    for side in (-1, 1):
        solid(studio.box(16, 0.09, 0.09), rail, (0, 0.42 * side, 0.12), parent=world, bevel=0.02)


def wheels(train: Object, x: float, size: float = WHEEL) -> None:
    """A pair of wheels that roll."""
    axle = studio.empty(train, (x, 0, 0.16 + size))
    studio.move(axle, "rotation_euler", lambda frame: (0, math.degrees(travel(frame) / size), 0))
    tyre, hub = paint("#3d3a45", rough=0.4, coat=0.3), paint("#efb23a", rough=0.35, coat=0.4)
    for side in (-1, 1):
        solid(studio.cylinder(size, 0.13), tyre, (0, 0.45 * side, 0), turn=(90, 0, 0), parent=axle, bevel=0.025)
        solid(studio.cylinder(size * 0.36, 0.18), hub, (0, 0.45 * side, 0), turn=(90, 0, 0), parent=axle, bevel=0.02)
        for k in range(4):
            angle = math.pi * k / 2
            spot = (0.66 * size * math.cos(angle), 0.52 * side, 0.66 * size * math.sin(angle))
            solid(studio.ball(0.14 * size, detail=16), hub, spot, parent=axle)


def engine(train: Object, body: Material) -> None:
    """The locomotive, in the paint of `body`."""
    black, brass = paint("#35323c", rough=0.4, coat=0.3), paint("#efb23a", rough=0.3, coat=0.5)
    cream = paint("#f3ead8", rough=0.4)
    solid(studio.box(1.7, 0.72, 0.16), black, (0, 0, 0.46), parent=train, bevel=0.04)
    solid(studio.cylinder(0.36, 1.05), body, (0.28, 0, 0.9), turn=(0, 90, 0), parent=train, bevel=0.05)
    solid(studio.cylinder(0.385, 0.08), brass, (0.1, 0, 0.9), turn=(0, 90, 0), parent=train, bevel=0.02)
    solid(studio.cylinder(0.385, 0.08), brass, (0.55, 0, 0.9), turn=(0, 90, 0), parent=train, bevel=0.02)
    solid(studio.cylinder(0.3, 0.1), black, (0.82, 0, 0.9), turn=(0, 90, 0), parent=train, bevel=0.03)
    solid(studio.ball(0.12), paint("#fff2cf", glow=3), (0.9, 0, 0.98), scale=(0.6, 1, 1), parent=train)
    solid(
        studio.lathe([(0.0, 0.0), (0.12, 0.0), (0.11, 0.2), (0.2, 0.42), (0.2, 0.46), (0.14, 0.46), (0.08, 0.25)]),
        black,
        (0.55, 0, 1.2),
        parent=train,
    )
    solid(studio.ball(0.17), brass, (0.1, 0, 1.22), scale=(1, 1, 0.95), parent=train)
    solid(studio.box(0.62, 0.78, 1.0), body, (-0.52, 0, 1.02), parent=train, bevel=0.06)
    solid(studio.box(0.36, 0.80, 0.34), cream, (-0.52, 0, 1.22), parent=train, bevel=0.03)
    solid(studio.box(0.28, 0.82, 0.26), paint("#5b7f9c", rough=0.1, coat=1), (-0.52, 0, 1.22), parent=train, bevel=0.03)
    solid(studio.box(0.82, 0.95, 0.1), black, (-0.52, 0, 1.56), parent=train, bevel=0.045)
    solid(studio.box(0.2, 0.7, 0.22), body, (0.92, 0, 0.42), turn=(0, 28, 0), parent=train, bevel=0.05)
    wheels(train, 0.5)
    wheels(train, -0.05)
    wheels(train, -0.56, 0.31)


def wagon(train: Object, x: float, body: Material, cargo: tuple[str, str, str]) -> None:
    """An open wagon with balls in it."""
    solid(studio.box(1.2, 0.72, 0.14), paint("#35323c", rough=0.4), (x, 0, 0.46), parent=train, bevel=0.04)
    solid(studio.box(1.22, 0.8, 0.42), body, (x, 0, 0.74), parent=train, bevel=0.06)
    solid(studio.box(0.4, 0.1, 0.07), paint("#8e6a4c"), (x + 0.8, 0, 0.46), parent=train, bevel=0.02)
    for k, tint in enumerate(cargo):
        solid(
            studio.ball(0.26),
            paint(tint, rough=0.35, coat=0.5),
            (x - 0.38 + 0.38 * k, 0.08 * (k - 1), 1.0),
            parent=train,
        )
    wheels(train, x - 0.36)
    wheels(train, x + 0.36)
