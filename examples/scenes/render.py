"""Render the scenes: `python -m examples.scenes.render [NAME …]`, in an environment with `bpy`.

Pictures are PNGs under `renders/NAME/reference` and `renders/NAME/truth`. Those that are there already are kept, so a
rendering that was stopped goes on where it was. Only the scene's window, in which everything that moves stays, is
rendered at every frame; `python -m examples.scenes.encode` lays it over frame 0 and makes the clips.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys

from examples.scenes import SCENES, Scene


def main() -> None:
    """Render what is missing, reference and truth of a scene side by side on two cores."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    parser.add_argument("--version", choices=("reference", "truth"), help="render one of the two, in this process")
    arguments = parser.parse_args()
    for name in arguments.names or SCENES:
        if arguments.version:
            render(SCENES[name], arguments.version)
            continue
        command = [sys.executable, "-m", "examples.scenes.render", name, "--version"]
        parts = [subprocess.Popen([*command, version]) for version in ("reference", "truth")]
        statuses = [part.wait() for part in parts]
        if any(statuses):
            sys.exit(f"{name} was not rendered")


def render(scene: Scene, version: str) -> None:
    """Render the missing pictures of one version of a scene: frame 0 whole, and the window of the others."""
    # Blender loads for seconds, so only when there is something to do.
    missing = [frame for frame in scene.poses if not scene.picture(version, frame).exists()]
    if not missing:
        return
    import bpy  # noqa: PLC0415

    importlib.import_module(f"examples.scenes.{scene.name.replace('-', '_')}").build(edited=version == "truth")
    settings = bpy.context.scene.render
    settings.threads_mode, settings.threads = "FIXED", 1
    settings.use_crop_to_border = True
    left, top, right, bottom = scene.window
    settings.border_min_x, settings.border_max_x = left / settings.resolution_x, right / settings.resolution_x
    settings.border_min_y, settings.border_max_y = 1 - bottom / settings.resolution_y, 1 - top / settings.resolution_y
    for frame in missing:
        path = scene.picture(version, frame)
        unfinished = path.with_name(f"unfinished-{path.name}")
        settings.use_border = frame > 0
        bpy.context.scene.frame_set(frame)
        settings.filepath = str(unfinished)
        bpy.ops.render.render(write_still=True)
        unfinished.rename(path)


if __name__ == "__main__":
    main()
