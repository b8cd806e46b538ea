"""Make the examples' clips of the rendered pictures: `python -m examples.scenes.encode [NAME …]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from examples.scenes import FRAME_RATE, FRAMES, SCENES, Scene
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import write_clip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncedit_demo.frames import Frame

EXAMPLES = Path(__file__).parents[1]
EDGE, SEAM = 2, 6
"""Pixels at a window's edge that are left out, as the denoiser sees no further, and over which it is blended in."""


def main() -> None:
    """Write `reference.mp4`, `truth.mp4` and `edited.png` of every scene."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    for name in parser.parse_args().names or SCENES:
        scene, folder = SCENES[name], EXAMPLES / name
        folder.mkdir(exist_ok=True)
        for version in ("reference", "truth"):
            write_clip(frames(scene, version), folder / f"{version}.mp4", frame_rate=FRAME_RATE, audio=None)
        write_png(next(frames(scene, "truth")), folder / "edited.png")


def frames(scene: Scene, version: str) -> Iterator[Frame]:
    """The whole pictures of one version of a scene: frame 0, and on it the window of every other frame."""
    first = read(scene.picture(version, 0))
    left, top, right, bottom = scene.window
    window = (slice(top, bottom), slice(left, right))
    cover = seam(scene, first.shape[:2])
    for frame in range(FRAMES):
        picture = first.copy()
        if pose := scene.pose(frame):
            rendered = read(scene.picture(version, pose))
            picture[window] = np.rint(first[window] + cover * (rendered.astype(np.float32) - first[window]))
        yield picture


def seam(scene: Scene, size: tuple[int, int]) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """How much of the window is taken, 0 to 1: nothing at its edges, but all where it ends with the picture."""
    left, top, right, bottom = scene.window
    inside = np.zeros((size[0] + 2, size[1] + 2), np.uint8)
    inside[top + 1 : bottom + 1, left + 1 : right + 1] = 1
    inside[0], inside[-1], inside[:, 0], inside[:, -1] = inside[1], inside[-2], inside[:, 1], inside[:, -2]
    distance = cv2.distanceTransform(inside, cv2.DIST_L1, 3)[top + 1 : bottom + 1, left + 1 : right + 1, None]
    return np.clip((distance - EDGE) / SEAM, 0, 1).astype(np.float32)


def read(path: Path) -> Frame:
    """A rendered picture, RGB uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    main()
