"""What the scenes share: a small photo studio for toys, as functions over Blender's data.

Lengths are in Blender's units with z up; the camera looks along +y. Colours are sRGB hex strings such as "#e8b04a".
Everything that moves is a function of the frame's index (0 to `FRAMES` - 1), keyed at every frame, so a scene built
twice moves the same way twice.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

# Blender's other modules are there once bpy is.
import bpy  # isort: split

import bmesh
import numpy as np
from mathutils import Vector

from examples.scenes import FRAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bmesh.types import BMesh
    from bpy.types import Material, Mesh, NodeInputs, Object, ShapeKey
    from numpy.typing import NDArray

    Point = Sequence[float]
    Motion = Callable[[int], float | Point]


def start(size: tuple[int, int], samples: int = 2) -> None:
    """Empty Blender and set the renderer: Cycles on the CPU, few samples, denoised by what the surfaces look like.

    Args:
        size: Width and height of the picture in pixels.
        samples: Rays per pixel. The denoiser knows the surfaces, so that two look like a hundred.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 0, FRAMES - 1
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.engine = "CYCLES"
    scene.render.use_persistent_data = True
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    cycles = scene.cycles
    cycles.device = "CPU"
    # One seed for every frame: what stands still is the same picture, so only what moves changes.
    cycles.seed, cycles.use_animated_seed = 7, False
    cycles.samples, cycles.use_adaptive_sampling = samples, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
    cycles.denoising_quality = "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 3, 2, 2, 2
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    scene.world = bpy.data.worlds.new("world")


def color(hexadecimal: str) -> tuple[float, float, float, float]:
    """The linear RGBA of an sRGB colour such as "#e8b04a"."""
    levels = [int(hexadecimal[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in levels)
    return red, green, blue, 1.0


def paint(
    base: str, *, rough: float = 0.45, coat: float = 0.0, metal: float = 0.0, sheen: float = 0.0, glow: float = 0.0
) -> Material:
    """A material of one colour.

    Args:
        base: Its colour.
        rough: 0 mirrors, 1 is chalk.
        coat: How much clear lacquer lies on it, 0 to 1.
        metal: 1 for bare metal.
        sheen: The velvet edge of cloth and felt, 0 to 1.
        glow: Light that it gives off itself.
    """
    material = bpy.data.materials.new(base)
    material.use_nodes = True
    surface = shader(material)
    surface["Base Color"].default_value = color(base)
    surface["Roughness"].default_value = rough
    surface["Metallic"].default_value = metal
    surface["Coat Weight"].default_value = coat
    surface["Coat Roughness"].default_value = 0.08
    surface["Sheen Weight"].default_value = sheen
    surface["Emission Color"].default_value = color(base)
    surface["Emission Strength"].default_value = glow
    return material


def shader(material: Material) -> NodeInputs:
    """The inputs of the material's one surface shader, by name."""
    return material.node_tree.nodes["Principled BSDF"].inputs


def printed(material: Material, picture: NDArray[Any]) -> Material:
    """The material with a picture printed on it by the object's UV map.

    Args:
        material: A material made by `paint`.
        picture: Linear RGB float (height, width, 3), top row first.
    """
    height, width, _ = picture.shape
    image = bpy.data.images.new("print", width, height, float_buffer=True)
    image.colorspace_settings.name = "Linear Rec.709"
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = picture[::-1]
    image.pixels.foreach_set(pixels.ravel())
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    material.node_tree.links.new(node.outputs["Color"], shader(material)["Base Color"])
    return material


def empty(parent: Object | None = None, at: Point = (0, 0, 0)) -> Object:
    """A joint: nothing to see, but children move with it."""
    return _placed(bpy.data.objects.new("joint", None), at, (0, 0, 0), (1, 1, 1), parent)


def solid(
    form: Mesh,
    material: Material,
    at: Point = (0, 0, 0),
    *,
    turn: Point = (0, 0, 0),
    scale: Point = (1, 1, 1),
    parent: Object | None = None,
    bevel: float = 0.0,
) -> Object:
    """An object in the scene.

    Args:
        form: A mesh, as the functions below make them.
        material: What it is made of.
        at: Where its origin is.
        turn: Degrees about x, y and z.
        scale: Factors along its own axes.
        parent: The joint or the object that carries it.
        bevel: Radius by which its edges are rounded.
    """
    if not form.materials:
        form.materials.append(material)
    form.polygons.foreach_set("use_smooth", [True] * len(form.polygons))
    thing = _placed(bpy.data.objects.new("solid", form), at, turn, scale, parent)
    if bevel:
        rounding = thing.modifiers.new("bevel", "BEVEL")
        rounding.width, rounding.segments, rounding.harden_normals = bevel, 3, False
        rounding.limit_method, rounding.angle_limit = "ANGLE", math.radians(40)
        thing.modifiers.new("normals", "WEIGHTED_NORMAL").keep_sharp = True
    return thing


def _placed(thing: Object, at: Point, turn: Point, scale: Point, parent: Object | None) -> Object:
    bpy.context.scene.collection.objects.link(thing)
    thing.location, thing.scale = at, scale
    thing.rotation_euler = [math.radians(angle) for angle in turn]
    thing.parent = parent
    return thing


def ball(radius: float = 1.0, *, detail: int = 48) -> Mesh:
    """A sphere about the origin."""
    return lathe(
        [(radius * math.sin(a), -radius * math.cos(a)) for a in np.linspace(0, math.pi, detail // 2 + 1)], detail
    )


def cap(radius: float, angle: float, *, detail: int = 40, hole: float = 0.0) -> Mesh:
    """The part of a sphere within `angle` degrees of its +z pole, and outside `hole` degrees."""
    angles = np.radians(np.linspace(angle, hole, detail // 2 + 1))
    return lathe([(radius * math.sin(a), radius * math.cos(a)) for a in angles], detail)


def box(width: float, depth: float, height: float) -> Mesh:
    """A box about the origin; round its edges with a bevel."""
    return _mesh(lambda form: bmesh.ops.create_cube(form, size=1), (width, depth, height))


def cylinder(radius: float, height: float, *, tip: float | None = None, detail: int = 48) -> Mesh:
    """A cylinder or, with another radius at the top, a cone, about the origin and along z."""
    return _mesh(
        lambda form: bmesh.ops.create_cone(
            form,
            cap_ends=True,
            segments=detail,
            radius1=radius,
            radius2=radius if tip is None else tip,
            depth=height,
        )
    )


def ring(radius: float, thickness: float, *, detail: int = 48) -> Mesh:
    """A torus about the z axis; `thickness` is the radius of its tube."""
    angles = np.linspace(0, 2 * math.pi, detail, endpoint=False)
    return tube([(radius * math.cos(a), radius * math.sin(a), 0) for a in angles], thickness, closed=True)


def lathe(profile: Sequence[tuple[float, float]], detail: int = 64) -> Mesh:
    """A surface of revolution about z with a UV map: u goes once around, v from the first point to the last.

    Args:
        profile: (radius, height) from the bottom up.
        detail: Faces around.
    """
    turns = np.linspace(0, 2 * math.pi, detail, endpoint=False)
    vertices = [(r * math.cos(a), r * math.sin(a), z) for r, z in profile for a in turns]
    faces, corners = [], []
    for row in range(len(profile) - 1):
        low, high = row / (len(profile) - 1), (row + 1) / (len(profile) - 1)
        for k in range(detail):
            right = (k + 1) % detail
            faces.append((row * detail + k, row * detail + right, (row + 1) * detail + right, (row + 1) * detail + k))
            corners += [(k / detail, low), ((k + 1) / detail, low), ((k + 1) / detail, high), (k / detail, high)]
    form = sheet(vertices, faces)
    layer = form.uv_layers.new(name="map")
    for corner, place in zip(layer.data, corners, strict=True):
        corner.uv = place
    return form


def sheet(vertices: Sequence[Point], faces: Sequence[Sequence[int]]) -> Mesh:
    """A mesh of these vertices and faces."""
    form = bpy.data.meshes.new("form")
    form.from_pydata([tuple(each) for each in vertices], [], [tuple(each) for each in faces])
    return form


def tube(
    path: Sequence[Point], radius: float | Sequence[float], *, closed: bool = False, flat: float = 1.0, detail: int = 16
) -> Mesh:
    """A round rod along a path, for wires, lips and locks of hair.

    Args:
        path: Its centre line.
        radius: Its radius, or one for each point of the path.
        closed: The end joins the start.
        flat: How thick it is along the normal of its bend, against its width.
        detail: Faces around.
    """
    vertices = tube_points(path, radius, closed=closed, flat=flat, detail=detail)
    count = len(path)
    faces: list[tuple[int, ...]] = []
    for row in range(count if closed else count - 1):
        low, high = row * detail, (row + 1) % count * detail
        faces += [(low + k, low + (k + 1) % detail, high + (k + 1) % detail, high + k) for k in range(detail)]
    if not closed:
        faces += [tuple(range(detail))[::-1], tuple(range((count - 1) * detail, count * detail))]
    return sheet(vertices, faces)


def tube_points(
    path: Sequence[Point], radius: float | Sequence[float], *, closed: bool = False, flat: float = 1.0, detail: int = 16
) -> list[Vector]:
    """The vertices of `tube`, to give the same tube another shape."""
    points = [Vector(each) for each in path]
    radii = [radius] * len(points) if isinstance(radius, int | float) else list(radius)
    points_around = []
    side = Vector((0, 0, 1))
    for place, (point, size) in enumerate(zip(points, radii, strict=True)):
        before = points[place - 1] if closed or place else point
        after = points[(place + 1) % len(points)] if closed or place + 1 < len(points) else point
        along = (after - before).normalized()
        side = (side - along * side.dot(along)).normalized() if place else _across(along)
        other = along.cross(side)
        for k in range(detail):
            angle = 2 * math.pi * k / detail
            points_around.append(point + size * (math.cos(angle) * side + flat * math.sin(angle) * other))
    return points_around


def _across(along: Vector) -> Vector:
    guess = Vector((0, 1, 0)) if abs(along.y) < 0.9 else Vector((1, 0, 0))
    return (guess - along * guess.dot(along)).normalized()


def smooth_path(points: Sequence[Point], count: int = 24) -> list[Vector]:
    """A Catmull-Rom curve through a few points, as many points as asked for."""
    knots = [Vector(each) for each in points]
    knots = [2 * knots[0] - knots[1], *knots, 2 * knots[-1] - knots[-2]]
    path = []
    for t in np.linspace(0, len(knots) - 3 - 1e-9, count):
        k, u = int(t), t - int(t)
        a, b, c, d = knots[k : k + 4]
        path.append(0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u * u + (3 * b - a - 3 * c + d) * u**3))
    return path


def _mesh(make: Callable[[BMesh], object], size: Point = (1, 1, 1)) -> Mesh:
    form = bmesh.new()
    make(form)
    bmesh.ops.scale(form, vec=Vector(size), verts=form.verts)
    mesh = bpy.data.meshes.new("form")
    form.to_mesh(mesh)
    form.free()
    return mesh


def move(thing: Object | ShapeKey, path: str, motion: Motion) -> None:
    """Key a property at every frame.

    Args:
        thing: Whose property it is.
        path: Its name: "location", "rotation_euler" (in degrees here), "scale", "value", …
        motion: The property's value at a frame.
    """
    for frame in range(FRAMES):
        value = motion(frame)
        if path == "rotation_euler":
            value = [math.radians(angle) for angle in value]
        setattr(thing, path, value)
        thing.keyframe_insert(path, frame=frame)


def cast_no_shadows() -> None:
    """Let nothing that is in the scene so far cast a shadow, so that its movement is seen in its own place alone."""
    for thing in bpy.context.scene.objects:
        thing.visible_shadow = False


def ease(frame: float, keys: Sequence[tuple[float, float]]) -> float:
    """A curve through (frame, value) keys that rests at each of them; constant before the first and after the last."""
    for (start_frame, start_value), (end_frame, end_value) in itertools.pairwise(keys):
        if frame < end_frame:
            t = min(max((frame - start_frame) / (end_frame - start_frame), 0), 1)
            return start_value + (end_value - start_value) * t * t * (3 - 2 * t)
    return keys[-1][1]


def wave(frame: float, period: float, phase: float = 0.0) -> float:
    """A sine of the frame: 0 at the phase, in frames, and -1 to 1."""
    return math.sin(2 * math.pi * (frame - phase) / period)


def ambient(sky: str, strength: float) -> None:
    """Even light from everywhere."""
    bpy.context.scene.world.use_nodes = True
    background = bpy.context.scene.world.node_tree.nodes["Background"].inputs
    background["Color"].default_value, background["Strength"].default_value = color(sky), strength


def softbox(at: Point, target: Point, size: float, power: float, tint: str = "#ffffff") -> Object:
    """A square lamp that faces `target`; `power` in watts."""
    lamp = bpy.data.lights.new("softbox", "AREA")
    lamp.size, lamp.energy, lamp.color = size, power, color(tint)[:3]
    thing = _placed(bpy.data.objects.new("softbox", lamp), at, (0, 0, 0), (1, 1, 1), None)
    thing.rotation_euler = (Vector(target) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    return thing


def backdrop(material: Material, *, depth: float = 4.0, bend: float = 2.5, floor: float = 0.0) -> Object:
    """A paper roll: the floor runs back and bends up into the wall, without an edge.

    Args:
        material: Its paper.
        depth: Where the bend begins, along y.
        bend: Its radius.
        floor: Height of the floor.
    """
    turns = np.linspace(0, math.pi / 2, 24)
    profile = [(-14.0, floor), *((depth + bend * math.sin(a), floor + bend * (1 - math.cos(a))) for a in turns)]
    profile.append((depth + bend, floor + 16))
    vertices = [(x, y, z) for y, z in profile for x in (-24, 24)]
    return solid(sheet(vertices, [(2 * k, 2 * k + 1, 2 * k + 3, 2 * k + 2) for k in range(len(profile) - 1)]), material)


def camera(at: Point, target: Point, *, lens: float = 60, aperture: float = 4.0) -> Object:
    """The camera, in focus at `target`.

    Args:
        at: Where it stands.
        target: Where it looks.
        lens: Focal length in mm on a 36 mm sensor.
        aperture: F-number; small blurs what is nearer and farther.
    """
    eye = bpy.data.cameras.new("camera")
    eye.lens = lens
    eye.dof.use_dof, eye.dof.aperture_fstop = True, aperture
    eye.dof.focus_distance = (Vector(target) - Vector(at)).length
    thing = _placed(bpy.data.objects.new("camera", eye), at, (0, 0, 0), (1, 1, 1), None)
    thing.rotation_euler = (Vector(target) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.camera = thing
    return thing
