"""A vinyl figure that talks, nods, blinks and looks about; edited, it has other hair and glasses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from examples.scenes import studio
from examples.scenes.studio import Vector, ease, paint, smooth_path, solid, tube, wave

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpy.types import Material, Object

    Shape = tuple[float, float, float]


@dataclass(frozen=True)
class Colors:
    """What the figure is painted with."""

    skin: str = "#e9a883"
    lids: str = "#dc9874"
    cheeks: str = "#e38f74"
    lips: str = "#c9705f"
    brows: str = "#432619"
    hair: str = "#5a3423"
    wool: str = "#35507f"


HEAD = (0.97, 0.92, 1.1)
"""The head's radii."""
EYE_RADIUS = 0.275
EYES = [(-0.37, -0.69, 0.1), (0.37, -0.69, 0.1)]
MOUTH_HEIGHT = -0.5

BLINKS = (14, 43, 66)
"""Frames at which the eyes are shut."""
GAZE = [(0, 0.0), (18, 0.0), (23, -16.0), (38, -16.0), (44, 15.0), (60, 15.0), (66, 0.0), (80, 0.0)]
"""Degrees to the figure's left at frames."""
SHAPES = {"rest": (0.27, 0.015, 0.10), "a": (0.26, 0.30, 0.02), "e": (0.34, 0.15, 0.10), "o": (0.16, 0.22, 0.0)}
"""Half the width, the opening and the rise of the corners of the mouth."""
SPEECH = "rest 4 e 9 a 14 rest 18 o 23 a 28 e 33 rest 38 a 43 o 48 e 53 rest 58 a 63 e 68 o 72 rest 78"
"""Shapes of the mouth and the frames at which they are reached."""


def build(*, edited: bool) -> None:
    """Put the figure, its lights and the camera into an empty scene."""
    face = figure(Colors(), samples=4)
    if edited:
        bob(face, paint("#1d8f8a", rough=0.38, coat=0.3))
        glasses(face)
    else:
        quiff(face, Colors().hair)


def figure(colors: Colors, samples: int) -> Object:
    """The scene with the figure as it is, but without hair; gives the joint that carries its face."""
    studio.start((512, 512), samples)
    studio.ambient("#cfe0f2", 0.35)
    studio.softbox((-3.4, -4.2, 3.6), (0, 0, 0), 2.6, 330, "#fff1dd")
    studio.softbox((4.2, -2.2, 1.2), (0, 0, 0), 2.5, 90, "#cfe3ff")
    studio.softbox((2.2, 3.0, 3.2), (0, 0, 0.3), 1.6, 260, "#ffe2c4")
    studio.camera((0, -7.9, 0.16), (0, 0, 0.0), lens=76, aperture=0.9)
    room()
    bust(colors)
    head = studio.empty(at=(0, 0, -1.0))
    studio.move(head, "rotation_euler", nod)
    face = studio.empty(head, (0, 0, 1.0))
    features(face, colors)
    return face


def nod(frame: int) -> tuple[float, float, float]:
    """The head's turn in degrees: two nods, a slow look to each side, a little tilt."""
    pitch = 6 * ease(frame, [(8, 0), (14, 1), (20, -0.3), (26, 0.8), (34, 0), (56, 0), (62, 1), (70, 0)])
    return pitch + 1.2 * wave(frame, 27), 4 * wave(frame, 81, 12), 11 * wave(frame, 81, 20) + 6.7


def room() -> None:
    """A wall with a few things out of focus."""
    wall = paint("#e7b48c", rough=0.9)
    studio.backdrop(wall, depth=2.2, floor=-3.5)
    leaf = paint("#5f9b6c", rough=0.5)
    for angle in range(-60, 75, 22):
        lean = math.radians(angle)
        tip = Vector((-2.15 + 1.15 * math.sin(lean), 2.4, -0.5 + 1.6 * math.cos(lean)))
        path = smooth_path([(-2.15, 2.5, -0.9), Vector((-2.15, 2.5, 0)).lerp(tip, 0.5), tip], 12)
        solid(tube(path, [0.03 + 0.2 * math.sin(math.pi * k / 11) for k in range(12)], flat=0.2), leaf)
    solid(studio.cylinder(0.42, 1.4, tip=0.52), paint("#f3efe6", rough=0.4), (-2.15, 2.5, -1.4), bevel=0.05)
    solid(studio.box(3.2, 0.6, 0.1), paint("#b8794f", rough=0.5), (2.7, 3.0, -0.55), bevel=0.03)
    for place, (tint, high) in enumerate((("#36649a", 1.0), ("#e9e0cc", 0.85), ("#d5603f", 1.1), ("#2f8f83", 0.9))):
        solid(studio.box(0.24, 0.5, high), paint(tint), (1.45 + 0.27 * place, 3.0, -0.5 + high / 2), bevel=0.03)
    solid(studio.ball(0.3), paint("#fff0cf", glow=2.2), (2.75, 2.9, -0.2))


def bust(colors: Colors) -> None:
    """Neck and shoulders in a knitted sweater."""
    wool, skin = paint(colors.wool, rough=0.85, sheen=0.5), paint(colors.skin, rough=0.45)
    chest = studio.empty(at=(0, 0.12, -1.15))
    solid(studio.lathe([(0.33, -0.6), (0.31, 0.0), (0.33, 0.5)]), skin, parent=chest)
    outline = [(1.25, -2.0), (1.22, -1.2), (1.08, -0.75), (0.8, -0.45), (0.5, -0.3), (0.38, -0.22)]
    solid(
        studio.lathe([(p.x, p.y) for p in smooth_path([(r, z, 0) for r, z in outline], 30)]),
        wool,
        scale=(1.12, 0.72, 1),
        parent=chest,
    )
    for height in (-0.2, -0.1):
        solid(studio.ring(0.41, 0.085), wool, (0, 0, height), scale=(1, 0.95, 1), parent=chest)


def surface(x: float, z: float, above: float = 0.0) -> Vector:
    """The point of the face, seen from the front, at a place and a height above the skin."""
    wide = cheeks(z)
    inside = 1 - (x / (HEAD[0] * wide)) ** 2 - (z / HEAD[2]) ** 2
    return Vector((x, -HEAD[1] * math.sqrt(max(inside, 0)) - above, z))


def cheeks(z: float) -> float:
    """How much wider than an ellipsoid the head is at a height."""
    return 1 + 0.1 * math.exp(-(((z + 0.42) / 0.38) ** 2)) - 0.06 * math.exp(-(((z - 0.55) / 0.4) ** 2))


def features(face: Object, colors: Colors) -> None:
    """Head, ears, nose, eyes, brows and mouth, with everything in them that moves."""
    skin, blush = paint(colors.skin, rough=0.42, coat=0.15), paint(colors.cheeks, rough=0.5)
    head = studio.ball(1, detail=72)
    for vertex in head.vertices:
        x, y, z = vertex.co
        vertex.co = (x * HEAD[0] * cheeks(z * HEAD[2]), y * HEAD[1], z * HEAD[2])
    solid(head, skin, parent=face)
    solid(studio.ball(), skin, surface(0, -0.17, 0.06), scale=(0.15, 0.15, 0.125), parent=face)
    for side in (-1, 1):
        ear = studio.empty(face, (side * 0.99, 0.05, -0.05))
        solid(studio.ball(), skin, turn=(0, 12 * side, -25 * side), scale=(0.11, 0.21, 0.27), parent=ear)
        solid(
            studio.ball(),
            blush,
            (side * 0.055, -0.06, 0),
            turn=(0, 12 * side, -25 * side),
            scale=(0.075, 0.12, 0.17),
            parent=ear,
        )
        cheek = [surface(side * 0.6 + 0.17 * u, -0.3 + 0.13 * v, 0.004) for u, v in disc()]
        solid(studio.sheet(cheek, disc_faces()), blush, parent=face)
        eyebrow(face, side, colors.brows)
    for place in EYES:
        eye(face, place, colors.lids)
    mouth(face, colors.lips)


def eye(face: Object, place: Sequence[float], lids: str) -> None:
    """An eye that looks about under lids that blink."""
    radius = EYE_RADIUS
    socket, globe = studio.empty(face, place), None
    solid(studio.ball(radius), paint("#fbf8f2", rough=0.12, coat=1), parent=socket)
    globe = studio.empty(socket)
    studio.move(
        globe,
        "rotation_euler",
        lambda frame: (90 + 2 - 5 * ease(frame, [(38, 0), (44, 1), (60, 1), (66, 0)]), 0, ease(frame, GAZE)),
    )
    rings = (("#4b3220", 33.0, 0.0, 1.004), ("#8a5a2d", 28.0, 0.0, 1.008), ("#120c0a", 15.0, 0.0, 1.014))
    for tint, angle, hole, out in rings:
        solid(studio.cap(radius * out, angle, hole=hole), paint(tint, rough=0.1, coat=1), parent=globe)
    glint = studio.empty(globe)
    glint.rotation_euler = (math.radians(14), math.radians(-13), 0)
    solid(studio.cap(radius * 1.022, 5.5), paint("#ffffff", glow=1.5), parent=glint)
    lid_skin, lash = paint(lids, rough=0.42), paint("#2b1a14", rough=0.5)
    upper = studio.empty(socket)
    studio.move(upper, "rotation_euler", lambda frame: (lid(frame), 0, 0))
    solid(studio.cap(radius * 1.05, 90), lid_skin, parent=upper)
    half = [
        (radius * 1.07 * math.cos(a), radius * 1.07 * math.sin(a), 0)
        for a in np.linspace(math.pi * 1.06, math.pi * 1.94, 24)
    ]
    solid(tube(half, [0.012 + 0.014 * math.sin(math.pi * k / 23) for k in range(24)]), lash, parent=upper)
    solid(studio.cap(radius * 1.04, 90), lid_skin, turn=(180 + 34, 0, 0), parent=socket)


def lid(frame: int) -> float:
    """The upper lid's turn in degrees: -38 open, 33 shut; a blink takes 3 frames down and 4 up."""
    shut = max(ease(frame, [(blink - 3, 0), (blink, 1), (blink + 1, 1), (blink + 5, 0)]) for blink in BLINKS)
    return -38 + 71 * shut


def eyebrow(face: Object, side: int, brow: str) -> None:
    """A brow that rises on stressed syllables."""
    joint = studio.empty(face)
    path = smooth_path([surface(side * x, z, 0.05) for x, z in ((0.17, 0.51), (0.38, 0.56), (0.6, 0.46))], 14)
    sizes = [0.022 + 0.04 * math.sin(math.pi * (0.12 + 0.8 * k / 13)) for k in range(14)]
    solid(tube(path, sizes, flat=0.8), paint(brow, rough=0.5), parent=joint)
    studio.move(
        joint,
        "location",
        lambda frame: (
            0,
            0,
            0.075 * ease(frame, [(6, 0), (11, 1), (18, 0.1), (24, 0), (40, 0), (45, 1), (56, 0.7), (62, 0)]),
        ),
    )


def mouth(face: Object, lips: str) -> None:
    """A mouth of lips, teeth and tongue, one mesh each, that passes from shape to shape."""
    parts = (
        (mouth_inside, "#5e1a1e", 0.6),
        (tongue, "#d2605f", 0.35),
        (teeth, "#fdfaf2", 0.2),
    )
    for outline, tint, rough in parts:
        shaped(face, lambda shape, outline=outline: outline(*shape), disc_faces(), paint(tint, rough=rough, coat=0.3))
    count = 40
    rod = tube([surface(*place) for place in lip_line(*SHAPES["rest"], count)], 0.03, closed=True, detail=10)
    faces = [tuple(each.vertices) for each in rod.polygons]
    shaped(
        face,
        lambda shape: studio.tube_points(
            [surface(*each, 0.012) for each in lip_line(*shape, count)], 0.034, closed=True, detail=10
        ),
        faces,
        paint(lips, rough=0.35, coat=0.2),
    )


def shaped(
    face: Object, points: Callable[[Shape], Sequence[Vector]], faces: Sequence[Sequence[int]], material: Material
) -> None:
    """A mesh whose shape keys are the shapes of the mouth, keyed by the speech."""
    thing = solid(studio.sheet(points(SHAPES["rest"]), faces), material, parent=face)
    thing.shape_key_add(name="rest")
    words = SPEECH.split()
    spoken = list(zip(map(int, words[1::2]), words[::2], strict=True))
    for name, shape in list(SHAPES.items())[1:]:
        key = thing.shape_key_add(name=name)
        for target, point in zip(key.data, points(shape), strict=True):
            target.co = point
        weights = [(frame, float(said == name)) for frame, said in spoken]
        studio.move(key, "value", lambda frame, weights=weights: ease(frame, weights))


def lip_line(width: float, opening: float, rise: float, count: int) -> list[tuple[float, float]]:
    """The outline of the opening, x and z, counter-clockwise from the right corner."""
    line = []
    for angle in np.linspace(0, 2 * math.pi, count, endpoint=False):
        across, up = math.cos(angle), math.sin(angle)
        height = opening * (0.35 if up > 0 else 0.65) * math.copysign(abs(up) ** 0.8, up)
        line.append((width * across, MOUTH_HEIGHT + 0.3 * opening + rise * (across**2 - 0.5) + height))
    return line


RINGS, SPOKES = 7, 40


def disc() -> list[tuple[float, float]]:
    """Points of the unit disc for `disc_faces`: the middle, then ring by ring outwards."""
    angles = np.linspace(0, 2 * math.pi, SPOKES, endpoint=False)
    return [
        (0.0, 0.0),
        *((r / RINGS * math.cos(a), r / RINGS * math.sin(a)) for r in range(1, RINGS + 1) for a in angles),
    ]


def disc_faces() -> list[tuple[int, ...]]:
    """The faces between the points of `disc`."""
    faces: list[tuple[int, ...]] = [(0, 1 + k, 1 + (k + 1) % SPOKES) for k in range(SPOKES)]
    for row in range(RINGS - 1):
        low, high = 1 + row * SPOKES, 1 + (row + 1) * SPOKES
        faces += [(low + k, high + k, high + (k + 1) % SPOKES, low + (k + 1) % SPOKES) for k in range(SPOKES)]
    return faces


def mouth_inside(width: float, opening: float, rise: float) -> list[Vector]:
    """The dark of the mouth."""
    middle = MOUTH_HEIGHT + 0.3 * opening
    points = [surface(0, middle, 0.006)]
    edge = lip_line(width, opening, rise, SPOKES)
    for r in range(1, RINGS + 1):
        points += [surface(x * r / RINGS, middle + (z - middle) * r / RINGS, 0.006) for x, z in edge]
    return points


def tongue(width: float, opening: float, rise: float) -> list[Vector]:
    """The tongue: the lower part of the opening, bulging forward."""
    edge = lip_line(width, opening, rise, 400)
    low, high = min(z for _, z in edge), MOUTH_HEIGHT + 0.3 * opening
    return [
        surface(
            0.68 * width * u,
            low + 0.02 * opening + 0.42 * (high - low) * (0.95 + v),
            0.008 + 0.04 * opening * (1 - u * u - v * v),
        )
        for u, v in disc()
    ]


def teeth(width: float, opening: float, rise: float) -> list[Vector]:
    """The upper row of teeth: a band under the upper lip."""
    points = []
    for u, v in disc():
        x = 0.8 * u
        # The upper lip at this place across the mouth, as `lip_line` draws it.
        top = MOUTH_HEIGHT + 0.3 * opening + rise * (x * x - 0.5) + 0.35 * opening * (1 - x * x) ** 0.4
        band = 0.26 * opening * math.sqrt(max(1 - 0.9 * u * u, 0))
        points.append(surface(x * width, top - band * (0.5 - 0.5 * v), 0.012))
    return points


def lock(head: Object, material: Material, points: Sequence[Sequence[float]], size: float, flat: float = 0.62) -> None:
    """A lock of hair through points, thick in the middle and pointed at its end."""
    count = 22
    shares = [k / (count - 1) for k in range(count)]
    sizes = [size * (0.04 + (0.6 + 0.4 * math.sin(math.pi * t)) * math.sqrt(1 - t**5)) for t in shares]
    solid(tube(smooth_path(points, count), sizes, flat=flat, detail=20), material, parent=head)


def scalp(turn: float, rise: float, above: float = 0.05) -> Vector:
    """The point of the head at a compass direction (0 front, 90 the figure's left) and an elevation, in degrees."""
    a, e = math.radians(turn), math.radians(rise)
    z = math.sin(e) * (HEAD[2] + above)
    return Vector(
        (math.sin(a) * math.cos(e) * (HEAD[0] * cheeks(z) + above), -math.cos(a) * math.cos(e) * (HEAD[1] + above), z)
    )


def quiff(face: Object, tint: str) -> None:
    """Short hair: close at the sides, swept up in front."""
    hair = paint(tint, rough=0.42, coat=0.25)
    shell(face, hair, lambda turn: 47 - 0.36 * min(abs(turn), 110) - (8 if abs(turn) > 60 else 0), 0.055)
    for k, turn in enumerate((-56, -38, -20, -3, 14, 31, 48)):
        root, tip = scalp(turn * 1.25, 62, 0.02), scalp(turn * 0.9 + 16, 50, 0.3)
        front = scalp(turn, 46, 0.16)
        lift = Vector((0.12, -0.05, 0.34 + 0.05 * (k % 2)))
        lock(face, hair, [root, front, front.lerp(tip, 0.5) + lift * 0.55, tip + lift], 0.17, 0.7)
    for turn in range(-80, 81, 32):
        lock(
            face,
            hair,
            [scalp(turn + 5, 88, 0.08), scalp(turn, 74, 0.16), scalp(turn - 6, 58, 0.14), scalp(turn - 2, 46, 0.1)],
            0.2,
        )
    for side in (-1, 1):
        for k in range(3):
            turn = side * (72 + 18 * k)
            lock(
                face,
                hair,
                [scalp(turn - side * 10, 52, 0.08), scalp(turn, 30, 0.1), scalp(turn + side * 4, 8, 0.06)],
                0.15,
                0.5,
            )


def bob(face: Object, hair: Material) -> None:
    """Hair to the chin with a side parting and a fringe."""
    shell(
        face,
        hair,
        lambda turn: (
            52 - 0.2 * abs(turn) if abs(turn) < 50 else 36 - 2.2 * (abs(turn) - 50) if abs(turn) < 75 else -19.0
        ),
        0.06,
    )
    parting = scalp(26, 80, 0.12)
    for turn, rise in ((-66, 26), (-48, 33), (-30, 37), (-12, 40), (6, 43), (24, 46)):
        lock(
            face,
            hair,
            [parting, scalp(turn * 0.6 + 12, 66, 0.17), scalp(turn * 0.9, 50, 0.17), scalp(turn - 10, rise, 0.07)],
            0.2,
        )
    for turn, rise in ((66, 28), (50, 36)):
        lock(
            face,
            hair,
            [parting, scalp(turn * 0.8, 66, 0.17), scalp(turn, 50, 0.17), scalp(turn + 10, rise, 0.08)],
            0.18,
        )
    for side in (-1, 1):
        for k in range(5):
            turn = side * (68 + 21 * k)
            low = -0.98 + 0.03 * k
            out = scalp(turn, 2, 0.16)
            tip = Vector((out.x * (0.86 - 0.02 * k) - side * 0.05, out.y * 0.9 - 0.1, low))
            lock(
                face,
                hair,
                [scalp(turn * 0.7, 74, 0.1), scalp(turn, 42, 0.17), out, Vector((out.x * 1.03, out.y, -0.55)), tip],
                0.235,
                0.6,
            )


def shell(face: Object, hair: Material, hairline: Callable[[float], float], above: float) -> None:
    """Hair close to the head, down to an elevation that depends on the direction."""
    turns, rows = np.linspace(-180, 180, 96, endpoint=False), 24
    points, faces = [], []
    for row in range(rows + 1):
        for turn in turns:
            low = hairline(float(turn))
            # The rim is tucked under the skin.
            points.append(
                scalp(turn, low + (90 - low) * row / rows, above if row > 1 else above * row - 0.03 * (1 - row))
            )
    for row in range(rows):
        low, high = row * len(turns), (row + 1) * len(turns)
        faces += [(low + k, low + (k + 1) % 96, high + (k + 1) % 96, high + k) for k in range(96)]
    solid(studio.sheet(points, faces), hair, parent=face)


def glasses(face: Object) -> None:
    """Round wire glasses; the lenses are left out, as the light would hardly notice them."""
    frame = paint("#d99a2b", rough=0.2, metal=1.0)
    for side in (-1, 1):
        solid(studio.ring(0.335, 0.03), frame, (side * 0.385, -1.04, 0.08), turn=(90, 0, 9 * side), parent=face)
        hinge = (side * 0.72, -0.985, 0.12)
        solid(
            tube(
                smooth_path(
                    [hinge, (side * 0.98, -0.75, 0.14), (side * 1.1, -0.2, 0.1), (side * 1.06, 0.15, 0.08)], 16
                ),
                0.026,
            ),
            frame,
            parent=face,
        )
    solid(
        tube(smooth_path([(-0.07, -1.08, 0.13), (0, -1.11, 0.17), (0.07, -1.08, 0.13)], 10), 0.026), frame, parent=face
    )
