"""Makes the picture that moves on top of the README: an example's clip and its result, side by side.

`python -m examples.moving_picture` writes docs/moving.webp.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
from PIL import Image

from syncedit_demo.edits.record import load_record
from syncedit_demo.media.side_by_side import side_by_side
from syncedit_demo.media.video_writer import read_frames

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "toy-train"
PICTURE = ROOT / "docs" / "moving.webp"

WIDTH = 800
"""Width of the picture in pixels: as wide as a README is shown."""

EVERY = 2
"""Every how many frames of the clip one is shown; the picture has half its frame rate."""

QUALITY = 75
"""Of the WebP encoder, from 0 to 100: the file stays below 1.5 MB."""


def main() -> None:
    """Write the picture."""
    record = load_record(EXAMPLE / "output.mp4")
    labels = ("The clip", f"One frame painted blue: {record.engine.title}")
    both = side_by_side(read_frames(EXAMPLE / "reference.mp4"), read_frames(EXAMPLE / "output.mp4"), labels)
    pictures: list[Image.Image] = []
    for frame in itertools.islice(both, None, None, EVERY):
        height = round(frame.shape[0] * WIDTH / frame.shape[1])
        pictures.append(Image.fromarray(cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA)))
    milliseconds = round(1000 * EVERY / record.plan.frame_rate)
    pictures[0].save(
        PICTURE, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0, quality=QUALITY, method=6
    )
    print(f"{PICTURE}: {len(pictures)} pictures, {PICTURE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
