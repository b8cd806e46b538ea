"""The part of the stored picture that a container asks to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from syncedit_demo.conform.frames import first_frame
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.matroska import ask_for_cropping
from tests.support.media import CORNERS, Video, numbered, read_corners, write_clip

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.media import Picture


def barred(top: int, bottom: int, left: int = 0, right: int = 0) -> Picture:
    """A picture of 160×96 whose bars are of a colour that is nowhere else."""
    picture = np.full((96 + top + bottom, 160 + left + right, 3), (250, 0, 250), np.uint8)
    picture[top : top + 96, left : left + 160] = numbered(5)
    return picture


def remuxed(path: Path, suffix: str) -> Path:
    """The same stream in another container, which is asked for the same part."""
    target = path.with_suffix(f".{suffix}")
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        copy = container.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copy
                container.mux(packet)
    return target


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mkv", "libx264"), ("mp4", "libx264"), ("mov", "libx264"), ("mp4", "libsvtav1"), ("mkv", "mpeg4")],
)
@pytest.mark.parametrize("rotation", [0, -90])
def test_hidden_bars_are_not_in_the_result(tmp_path: Path, suffix: str, codec: str, rotation: int) -> None:
    options = {"preset": "12"} if codec == "libsvtav1" else {}
    video = Video(codec=codec, options=options, rotation=rotation if suffix == "mkv" else 0)
    path = ask_for_cropping(write_clip(tmp_path / "bars.mkv", [barred(32, 16)] * 3, video), top=32, bottom=16)
    path = path if suffix == "mkv" else remuxed(path, suffix)
    clip = probe(path)
    assert (clip.coded_size, clip.shown) == ((160, 144), (0, 32, 160, 96))
    assert clip.display_size == ((96, 160) if clip.rotation else (160, 96))
    assert "The file asks for a part of its pictures to be shown: 160×96 of 160×144 is used." in clip.notes
    frame = first_frame(path, clip, plan_edit(clip, PlanOptions(size=(256, 320) if clip.rotation else (320, 256))))
    assert read_corners(frame) == ((2, 0, 3, 1) if clip.rotation else (0, 1, 2, 3))
    assert not (np.abs(frame.astype(int) - (250, 0, 250)).sum(axis=2) < 90).any()


def test_all_four_sides_are_cropped(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "bars.mkv", [barred(8, 6, 20, 12)], Video(codec="ffv1", pixel_format="yuv444p"))
    clip = probe(ask_for_cropping(path, top=8, bottom=6, left=20, right=12))
    assert (clip.shown, clip.display_size) == ((20, 8, 160, 96), (160, 96))
    frame = first_frame(path, clip, plan_edit(clip, PlanOptions(size=(448, 256))))
    assert np.abs(frame[4, 20].astype(int) - CORNERS[0]).max() < 12


def test_a_cropping_that_leaves_all_is_none(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "all.mkv", [numbered(1)] * 2)
    clip = probe(ask_for_cropping(path, top=0, bottom=0))
    assert (clip.shown, clip.display_size, clip.notes) == (None, (160, 96), ())
