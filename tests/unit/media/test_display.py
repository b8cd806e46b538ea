"""How pictures are meant to be shown, where files carry more about them than there are names for."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.filter import Graph
from PIL import ExifTags, Image

from syncedit_demo.conform.frames import conform, first_frame
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.media import Video, numbered, read_corners, write_clip
from tests.support.side_data import add_enhancement, add_views

if TYPE_CHECKING:
    from pathlib import Path

ORIENTATIONS = {
    None: (0, False),
    1: (0, False),
    2: (0, True),
    3: (180, False),
    4: (180, True),
    5: (90, True),
    6: (90, False),
    7: (270, True),
    8: (270, False),
}
"""Rotation and mirroring for each orientation that Exif has."""


def write_camera_jpegs(path: Path, orientation: int | None, count: int = 12) -> Path:
    """Motion JPEG as cameras write it: each frame with an Exif block, which has a kind of side data of its own."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=12)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        container.start_encoding()
        for number in range(count):
            exif = Image.Exif()
            exif[ExifTags.Base.Make] = "Camera"
            if orientation is not None:
                exif[ExifTags.Base.Orientation] = orientation
            data = io.BytesIO()
            Image.fromarray(numbered(number)).save(data, "jpeg", exif=exif, quality=90)
            packet = av.Packet(data.getvalue())
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 12), number, number
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mov", "avi", "mkv"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_inside_motion_jpeg_turns_the_picture(tmp_path: Path, suffix: str, orientation: int | None) -> None:
    path = write_camera_jpegs(tmp_path / f"camera.{suffix}", orientation)
    with av.open(str(path)) as container, pytest.raises(ValueError, match="not a valid Type"):
        next(container.decode(video=0)).side_data.keys()
    clip = probe(path)
    rotation, mirrored = ORIENTATIONS[orientation]
    assert (clip.frames, clip.average_rate, clip.rotation, clip.mirrored) == (12, 12, rotation, mirrored)
    upright = np.array([[0, 1], [2, 3]])
    turned = np.rot90(upright, -rotation // 90)
    expected = turned[:, ::-1] if mirrored else turned
    size = (256, 320) if rotation in (90, 270) else (320, 256)
    frame = first_frame(path, clip, plan_edit(clip, PlanOptions(size=size)))
    assert read_corners(frame) == tuple(expected.ravel().tolist())


LCEVC, VIEW_ID, EXIF = 28, 29, 31
"""Kinds of side data by ffmpeg's numbers, without names in PyAV; the one between them is in no stream made here."""


def write_unnamed(folder: Path, kind: int) -> Path:
    """A clip whose first frame has side data of a kind without a name."""
    pictures = [numbered(number) for number in range(12)]
    if kind == LCEVC:
        return add_enhancement(write_clip(folder / "clip.h264", pictures))
    if kind == VIEW_ID:
        plain = Video(codec="libx265", options={"x265-params": "log-level=none"})
        return add_views(write_clip(folder / "clip.hevc", pictures, plain), (160, 96))
    return write_camera_jpegs(folder / "clip.mov", None)


@pytest.mark.parametrize("kind", [LCEVC, VIEW_ID, EXIF])
def test_side_data_without_a_name_does_no_harm(tmp_path: Path, kind: int) -> None:
    path = write_unnamed(tmp_path, kind)
    with av.open(str(path)) as container:
        stream, graph = container.streams.video[0], Graph()
        frame = next(container.decode(stream))
        with pytest.raises(ValueError, match="not a valid Type"):
            frame.side_data.keys()
        only = graph.add("sidedata", f"mode=select:type={kind}")
        graph.link_nodes(graph.add_buffer(stream), only, graph.add("buffersink")).configure()
        graph.vpush(frame)
        assert graph.vpull().width == 160
    clip = probe(path)
    assert (clip.frames, clip.rotation, clip.mirrored, clip.coded_size) == (12, 0, False, (160, 96))
    shown = list(conform(path, clip, plan_edit(clip, PlanOptions(size=(320, 256), max_frames=9))))
    assert len(shown) == 9
    assert all(read_corners(frame) == (0, 1, 2, 3) for frame in shown)
