"""Two clips next to each other, whole and labelled."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from syncedit_demo.media.side_by_side import LABEL_HEIGHT, side_by_side
from syncedit_demo.media.video_writer import read_frames, write_clip
from tests.support.flat import flat

if TYPE_CHECKING:
    from pathlib import Path


def test_side_by_side_shows_both_under_their_labels(tmp_path: Path) -> None:
    target = tmp_path / "both.mp4"
    labels = ("Reference", "A label far too long for the little room that there is")
    frames = side_by_side([flat((200, 0, 0))] * 4, [flat((0, 0, 200))] * 4, labels)
    write_clip(frames, target, frame_rate=Fraction(25), audio=None)
    made = list(read_frames(target))
    assert len(made) == 4
    assert made[0].shape == (64 + LABEL_HEIGHT, 192, 3)
    left, right = made[2][LABEL_HEIGHT + 8 :, 8:88], made[2][LABEL_HEIGHT + 8 :, 104:184]
    assert np.abs(left.mean(axis=(0, 1)) - (200, 0, 0)).max() < 6
    assert np.abs(right.mean(axis=(0, 1)) - (0, 0, 200)).max() < 6
    header = made[2][:LABEL_HEIGHT]
    assert (header[:, :96] > 128).any()
    assert (header[:, 96:] > 128).any()


def test_side_by_side_of_clips_of_different_length_is_a_defect() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(side_by_side([flat((0, 0, 0))] * 3, [flat((0, 0, 0))] * 2, ("a", "b")))
