"""How well registration finds, leaves and refuses: random edits and displacements on pictures of your own.

    python benchmarks/registration.py PICTURE PICTURE ... [--trials N] [--seed N]

Each picture is brought to 1024x1024 or the like, a third of it is replaced, it is displaced by up to 40 px, 10 % and 2
degrees, and compressed as JPEG 90 every other time. Errors are the largest over the frame, in pixels. Then the same
edits in place, which must come back bit for bit, and every picture as an edit of every other, which must be refused.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.media.image_file import read_image
from syncedit_demo.registration.maps import Displacement, largest_distance
from syncedit_demo.registration.position import ALIGNED_WITHIN
from syncedit_demo.registration.register import register

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]


def at_full_size(picture: Frame, width: int = 0, height: int = 0) -> Frame:
    """The picture cut and scaled to a size, or to its own aspect at about 1024x1024 in multiples of 64."""
    if not width:
        scale = 1024 / math.sqrt(picture.shape[0] * picture.shape[1])
        height, width = (max(256, 64 * round(side * scale / 64)) for side in picture.shape[:2])
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    scaled = np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8
    )
    y, x = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[y : y + height, x : x + width])


def third_edited(frame: Frame, other: Frame, random: np.random.Generator) -> Frame:
    """The frame with a box or an ellipse of a third of its area recoloured, painted over, or showing something else."""
    height, width = frame.shape[:2]
    mask = np.zeros((height, width), np.float32)
    side, aspect = math.sqrt(height * width / 3), float(random.uniform(0.75, 1.3))
    w, h = min(int(side * aspect), width * 19 // 20), min(int(side / aspect), height * 19 // 20)
    x, y = (int(place) for place in random.random(2) * (width - w, height - h))
    if random.random() < 0.5:
        mask[y : y + h, x : x + w] = 1
    else:
        cv2.ellipse(mask, (x + w // 2, y + h // 2), (int(w * 0.56), int(h * 0.56)), 0, 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2), np.float32)[..., None]
    paint = np.full_like(frame, random.integers(0, 256, 3))
    edit = (frame[..., [2, 0, 1]], paint, at_full_size(other, width, height))[int(random.integers(3))]
    return (frame * (1 - soft) + edit * soft).astype(np.uint8)


def displacement(random: np.random.Generator) -> Displacement:
    """A shift, a zoom, a turn, all of them, or all of them but a tenth as large."""
    kind = int(random.integers(5))
    size = 0.1 if kind == 4 else 1.0
    dx, dy = random.uniform(-40, 40, 2) * size if kind in (0, 3, 4) else (0.0, 0.0)
    zoom = 1 + random.uniform(-0.1, 0.1) * size if kind in (1, 3, 4) else 1.0
    turn = random.uniform(-2, 2) * size if kind in (2, 3, 4) else 0.0
    return Displacement(float(dx), float(dy), zoom, turn)


def displaced(frame: Frame, by: Displacement, random: np.random.Generator) -> Frame:
    size = (frame.shape[1], frame.shape[0])
    border = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT)[int(random.integers(3))]
    return np.asarray(cv2.warpAffine(frame, by.matrix(size), size, flags=cv2.INTER_CUBIC, borderMode=border), np.uint8)


def jpeg(frame: Frame) -> Frame:
    data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    paths: list[Path] = arguments.pictures
    frames = [at_full_size(read_image(path).pixels) for path in paths]
    random = np.random.default_rng(arguments.seed)
    errors: list[float] = []
    seconds: list[float] = []
    moved = refused = failed = 0
    for trial in range(arguments.trials):
        index = trial % len(frames)
        frame, other = frames[index], frames[(index + 1 + int(random.integers(max(1, len(frames) - 1)))) % len(frames)]
        edited, truth = third_edited(frame, other, random), displacement(random)
        image = displaced(edited, truth, random)
        size = (frame.shape[1], frame.shape[0])
        start = time.perf_counter()
        try:
            found = register(frame, jpeg(image) if trial % 2 else image)
            in_place = register(frame, jpeg(edited) if trial % 2 else edited)
        except EditedFrameError as error:
            refused += 1
            print(f"{paths[index].name}: refused, {truth}: {error}")
            continue
        seconds.append((time.perf_counter() - start) / 2)
        moved += in_place.corrected
        errors.append(largest_distance(found.transform.matrix(size), truth.matrix(size), size))
        if errors[-1] > 0.3 and truth.largest_displacement(size) > ALIGNED_WITHIN:
            failed += 1
            print(f"{paths[index].name}: {errors[-1]:.2f} px, {truth}: {found.notes[0]}")
    median, worst = np.quantile(errors, (0.5, 0.95))
    print(f"{arguments.trials} displaced edits: {failed} off by more than 0.3 px, {refused} refused")
    print(f"largest error over the frame: median {median:.3f} px, 95 % below {worst:.3f} px")
    print(f"aligned edits moved: {moved} of {len(errors)}")
    print(f"seconds: best {min(seconds):.2f}, median {np.median(seconds):.2f}")
    accepted = 0
    for index, frame in enumerate(frames):
        for other in (*frames[:index], *frames[index + 1 :]):
            try:
                register(frame, at_full_size(other, frame.shape[1], frame.shape[0]))
            except EditedFrameError:
                continue
            accepted += 1
    print(f"other scenes accepted: {accepted} of {len(frames) * (len(frames) - 1)}")


if __name__ == "__main__":
    main()
