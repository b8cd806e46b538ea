"""Pictures that change their size on the way: shape kept, and said where."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from syncedit_demo.conform.frames import conform
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.media import Video, numbered, read_corners, read_number, write_clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Size = tuple[int, int]
LANDSCAPE, PORTRAIT, LARGER = (160, 96), (96, 160), (320, 192)
ASPECTS = (Fraction(4, 5), Fraction(16, 15))
"""Samples by which a picture of 160×96 has the shape of 4:3 and 16:9 television."""

FORMATS = {
    "turned.webm": Video(codec="libvpx", options={"g": "5"}),
    "vp9.webm": Video(codec="libvpx-vp9", options={"g": "5", "deadline": "realtime", "cpu-used": "8"}),
    "av1.mkv": Video(codec="libsvtav1", options={"g": "5", "preset": "12"}),
    "h264.ts": Video(options={"g": "5", "bf": "2"}),
    "hevc.ts": Video(codec="libx265", options={"x265-params": "log-level=none:keyint=5"}),
    "jpeg.mkv": Video(codec="mjpeg", pixel_format="yuvj420p", color_range=2),
    "h264.flv": Video(options={"g": "5", "bf": "0"}),
}


def write_parts(path: Path, video: Video, parts: Sequence[Size], count: int = 10, *, then: Video | None = None) -> Path:
    """One stream whose numbered pictures have one size after another, so many of each, `then` for all but the first."""
    with av.open(str(path), "w") as container:
        stream = None
        for index, size in enumerate(parts):
            pictures = [numbered(index * count + number, size) for number in range(count)]
            # Annex B, with the parameter sets in front of each key frame, where the codec has them.
            raw = "mpegts" if path.suffix in (".ts", ".flv") else None
            part = write_clip(path.with_name(f"{index}.{'ts' if raw else 'mkv'}"), pictures, (index and then) or video)
            with av.open(str(part)) as source:
                template = source.streams.video[0]
                stream = stream or container.add_stream_from_template(template, opaque=True)
                first = None
                for packet in source.demux(template):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        first = packet.pts if first is None else first
                        # In frames from the first one on.
                        pts, dts = (round((t - first) * packet.time_base * 25) for t in (packet.pts, packet.dts))
                        packet.stream, packet.time_base, packet.duration = stream, Fraction(1, 25), 1
                        packet.pts, packet.dts = pts + index * count + 5, dts + index * count + 5
                        container.mux(packet)
    return path


def covered(frame: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom end of what is not a black bar."""
    lit = frame.max(axis=2) > 40
    columns, rows = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_phone_that_was_turned_is_not_squeezed(tmp_path: Path, name: str) -> None:
    path = write_parts(tmp_path / name, FORMATS[name], [LANDSCAPE, PORTRAIT])
    clip = probe(path)
    assert (clip.coded_size, clip.frames, clip.average_rate) == (LANDSCAPE, 20, 25)
    assert clip.notes == (
        "The picture changes its size at 0.40 s (frame 10), from 160×96 to 96×160: it is fitted into the first one's "
        "size, and its shape is kept.",
    )
    plan = plan_edit(clip, PlanOptions())
    frames = list(conform(path, clip, replace(plan, crop=(0, 0, 160, 96), width=320, height=192)))
    assert [read_number(frame) for frame in frames[:10]] == list(range(10))
    for frame in frames[10:]:
        # 96×160 in 96 lines is 58 columns wide, in the middle of 160: here twice that.
        left, top, right, bottom = covered(frame)
        assert abs(left - 102) <= 6
        assert abs(right - 218) <= 6
        assert (top <= 3, bottom >= 189) == (True, True)
        inside = np.ascontiguousarray(frame[:, left + 4 : right - 4])
        assert read_corners(inside) == (0, 1, 2, 3)
    assert [read_number(np.ascontiguousarray(frame[:, 104:216])) for frame in frames[10:]] == list(range(10, 20))


@pytest.mark.parametrize("name", ["turned.webm", "h264.ts", "jpeg.mkv"])
def test_a_size_of_the_same_shape_fills_the_picture(tmp_path: Path, name: str) -> None:
    path = write_parts(tmp_path / name, FORMATS[name], [LANDSCAPE, LARGER, LANDSCAPE])
    clip = probe(path)
    assert clip.notes == (
        "The picture changes its size at 0.40 s (frame 10), from 160×96 to 320×192, and once more after that: it is "
        "fitted into the first one's size, and its shape is kept.",
    )
    plan = replace(plan_edit(clip, PlanOptions()), crop=(0, 0, 160, 96), width=320, height=192)
    assert [read_number(frame) for frame in conform(path, clip, plan)] == list(range(30))


def test_what_has_no_clock_is_said_to_change_on_the_way_and_how_often(tmp_path: Path) -> None:
    parts = [
        write_clip(tmp_path / f"{index}.h264", [numbered(index, size)] * 2, Video(options={"bf": "0"})).read_bytes()
        for index, size in enumerate([LANDSCAPE, PORTRAIT, LARGER, LANDSCAPE])
    ]
    (tmp_path / "raw.h264").write_bytes(b"".join(parts))
    clip = probe(tmp_path / "raw.h264")
    assert (clip.frames, clip.coded_size, clip.timed) == (8, LANDSCAPE, False)
    assert clip.notes == (
        "The picture changes its size on the way, from 160×96 to 96×160, and 2 times more after that: it is fitted "
        "into the first one's size, and its shape is kept.",
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_that_keeps_its_size_has_nothing_to_say(tmp_path: Path, name: str) -> None:
    assert probe(write_parts(tmp_path / name, FORMATS[name], [LANDSCAPE, LANDSCAPE])).notes == ()


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "mpeg4"])
@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_a_shape_of_samples_that_changes_is_said_where_the_container_does_not_rule(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    options = {"g": "5", "bf": "0"}
    narrow, wide = (Video(codec=codec, sample_aspect=aspect, options=options) for aspect in ASPECTS)
    changes = probe(write_parts(tmp_path / f"changes.{suffix}", narrow, [LANDSCAPE, LANDSCAPE, LANDSCAPE], then=wide))
    assert (changes.frames, changes.sample_aspect, changes.coded_size) == (30, ASPECTS[0], LANDSCAPE)
    assert changes.notes == (
        (
            "The shape of the samples changes at 0.40 s (frame 10), from 4:5 to 16:15: the first one is used for all, "
            "and what has another looks squeezed or stretched. Cut the clip there to have each part in its shape.",
        )
        if suffix == "ts"
        else ()
    )
    assert probe(write_parts(tmp_path / f"stays.{suffix}", wide, [LANDSCAPE, LANDSCAPE])).notes == ()
