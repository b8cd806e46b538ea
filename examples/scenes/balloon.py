"""A hot-air balloon bobs in a plain studio; edited, it floats over paper mountains in the evening."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from examples.scenes import SCENES, studio
from examples.scenes.prints import Sheet
from examples.scenes.studio import paint, printed, sheet, smooth_path, solid, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD = SCENES["balloon"].period


def build(*, edited: bool) -> None:
    """Put the balloon, what is behind it, lights and camera into an empty scene."""
    studio.start((512, 512))
    studio.ambient("#dbe6f2", 0.4)
    studio.softbox((-3.6, -4.2, 4.2), (0, 0, 1.6), 2.2, 460, "#fff0dd")
    studio.softbox((4.2, -2.0, 1.4), (0, 0, 1.4), 2.2, 160, "#ffd9cf")
    studio.camera((0, -9.6, 1.6), (0, 0, 1.62), lens=66, aperture=2.0)
    balloon()
    # It flies far in front of what is behind it.
    studio.cast_no_shadows()
    if edited:
        mountains()
    else:
        studio.backdrop(paint("#8fb8c9", rough=0.9), depth=3.5, floor=-0.9)
        studio.softbox((0, 1.0, 5.5), (0, 5, 1.5), 2, 160, "#fff4e4")


def balloon() -> None:
    """Striped envelope, ropes and basket."""
    joint = studio.empty()
    studio.move(
        joint,
        "location",
        lambda frame: (
            -0.42 * math.cos(2 * math.pi * frame / PERIOD),
            0,
            -0.12 * math.cos(4 * math.pi * frame / PERIOD),
        ),
    )
    studio.move(
        joint,
        "rotation_euler",
        lambda frame: (0, 3.5 * math.cos(4 * math.pi * frame / PERIOD), 22 * math.cos(2 * math.pi * frame / PERIOD)),
    )
    outline = [(0.22, 0.98), (0.34, 1.16), (0.72, 1.62), (0.98, 2.16), (0.9, 2.7), (0.5, 3.08), (0.0, 3.18)]
    profile = [(max(p.x, 0), p.y) for p in smooth_path([(r, z, 0) for r, z in outline], 48)]
    # Each gore bulges a little.
    form = studio.lathe(profile, 144)
    for vertex in form.vertices:
        bulge = 1 + 0.035 * abs(math.sin(6 * math.atan2(vertex.co.y, vertex.co.x)))
        vertex.co.x, vertex.co.y = vertex.co.x * bulge, vertex.co.y * bulge
    solid(form, printed(paint("#ffffff", rough=0.42, coat=0.2), envelope()), parent=joint)
    wicker, rope = paint("#b07a45", rough=0.7), paint("#6e4a30", rough=0.7)
    solid(studio.box(0.4, 0.4, 0.32), wicker, (0, 0, 0.5), parent=joint, bevel=0.05)
    for height in (0.37, 0.5, 0.66):
        solid(studio.box(0.44, 0.44, 0.045), rope, (0, 0, height), parent=joint, bevel=0.02)
    for x, y in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        solid(tube([(0.19 * x, 0.19 * y, 0.64), (0.17 * x, 0.17 * y, 1.02)], 0.014), rope, parent=joint)


def envelope() -> NDArray[Any]:
    """Stripes from foot to crown, and a belt of dots."""
    print_ = Sheet(5.4, 2.6, "#f4e9d2")
    for k in range(6):
        # A leaf longer than the sheet is a stripe.
        print_.ring((5.4 * (k + 0.5) / 6, 1.3), 0.0, 0.0, "#d9553f")
        for step in range(27):
            print_.flower((5.4 * (k + 0.5) / 6, 0.1 * step), 0.225, "#d9553f", petals=0)
    print_.band(1.2, 1.62, "#274b73")
    for k in range(12):
        print_.flower((5.4 * k / 12, 1.41), 0.13, "#f0b83f", petals=5)
    print_.band(0.0, 0.14, "#274b73")
    return print_.picture


def mountains() -> None:
    """Layers of cut paper, a low sun and clouds."""
    backs = (
        (6.4, "#f2b98a", 3.1, 0.7, 1.1),
        (5.4, "#cf7f80", 2.2, 0.8, 1.7),
        (4.2, "#8a5a83", 1.4, 0.7, 2.2),
        (3.0, "#4c4374", 0.55, 0.55, 2.9),
    )
    solid(
        sheet([(-9, 8, -6), (9, 8, -6), (9, 8, 10), (-9, 8, 10)], [(0, 1, 2, 3)]), paint("#f8d9a8", rough=1, glow=0.35)
    )
    solid(studio.cylinder(1.05, 0.1), paint("#fff1c9", rough=1, glow=1.4), (1.6, 7.6, 3.1), turn=(90, 0, 0))
    for depth, tint, level, swing, phase in backs:
        count = 60
        top = [
            level + swing * (0.7 * math.sin(0.9 * x + phase) + 0.4 * math.sin(2.3 * x + 2 * phase))
            for x in (16 * k / count - 8 for k in range(count + 1))
        ]
        points = [(16 * k / count - 8, depth, z) for k in range(count + 1) for z in (-6, top[k])]
        layer = solid(
            sheet(points, [(2 * k, 2 * k + 2, 2 * k + 3, 2 * k + 1) for k in range(count)]), paint(tint, rough=0.95)
        )
        layer.modifiers.new("card", "SOLIDIFY").thickness = 0.08
    cloud = paint("#fbeede", rough=0.95)
    for x, y, z, size in ((-2.2, 3.6, 2.9, 0.34), (2.0, 2.4, 1.6, 0.3), (-1.9, 2.0, 0.7, 0.26)):
        for k, (across, up, share) in enumerate(
            ((-1.3, 0, 0.7), (-0.45, 0.3, 1.05), (0.6, 0.2, 0.9), (1.4, -0.05, 0.6))
        ):
            solid(
                studio.ball(size * share),
                cloud,
                (x + across * size, y + 0.02 * k, z + up * size),
                scale=(1.15, 0.35, 0.85),
            )
