"""Edits that the draft engine cannot carry, told before they are tried."""

from __future__ import annotations

from contextlib import closing

import cv2
import numpy as np
import pytest

from syncedit_demo.edits.beyond import is_beyond_draft
from syncedit_demo.frames import as_frame
from syncedit_demo.media.image_file import read_image
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.ui.visits.examples import EXAMPLES


@pytest.mark.parametrize(
    ("name", "beyond"),
    [
        ("balloon", False),
        ("new-colours", False),
        ("toy-train", False),
        ("windmill", False),
        ("bear-with-hat", True),
        ("behind-the-duck", True),
        ("talking-face", True),
        ("turning-vase", True),
    ],
)
def test_the_examples_that_it_fails_with_are_told_from_those_it_carries(name: str, beyond: bool) -> None:
    with closing(read_frames(EXAMPLES / name / "reference.mp4")) as frames:
        first = next(frames)
    assert is_beyond_draft(first, read_image(EXAMPLES / name / "edited.png").pixels) == beyond


def disc() -> np.ndarray:
    """A red disc on grey."""
    picture = np.full((256, 320, 3), 128, np.uint8)
    return as_frame(cv2.circle(picture, (160, 140), 60, (200, 40, 40), -1))


def test_only_what_lies_across_an_outline_is_a_new_shape() -> None:
    first = disc()
    assert not is_beyond_draft(first, first)
    logo = cv2.rectangle(first.copy(), (140, 120), (180, 160), (30, 60, 220), -1)
    assert not is_beyond_draft(first, as_frame(logo)), "a logo on it moves with it"
    recoloured = np.where((first == (200, 40, 40)).all(axis=2)[..., None], np.array((40, 160, 60), np.uint8), first)
    assert not is_beyond_draft(first, as_frame(recoloured))
    hat = cv2.rectangle(first.copy(), (110, 40), (210, 120), (30, 60, 220), -1)
    assert is_beyond_draft(first, as_frame(hat)), "a hat covers where it ends"
