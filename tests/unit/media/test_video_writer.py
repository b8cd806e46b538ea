"""Frames to mp4: what is in the file is what was asked for, and no file is ever half-written."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from syncedit_demo.errors import OutputError
from syncedit_demo.media.video_writer import VideoFile, finish, read_frames, write_clip
from tests.support.flat import flat, ramp
from tests.support.limits import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.frames import Frame

NTSC_30 = Fraction(30000, 1001)


@pytest.mark.parametrize("count", [*range(1, 18), *range(24, 30), 50, 81])
def test_every_frame_comes_back_in_order_at_the_exact_rate(tmp_path: Path, count: int) -> None:
    target = tmp_path / "out.mp4"
    write_clip(ramp(count), target, frame_rate=NTSC_30, audio=None)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate) == (count, NTSC_30)
        assert stream.duration is not None
        assert stream.time_base is not None
        # An mp4's edit list counts in milliseconds.
        assert abs(stream.duration * stream.time_base - count / NTSC_30) < Fraction(1, 1000)
        assert stream.start_time == 0
        assert not container.streams.audio
    levels = [float(frame.mean()) for frame in read_frames(target)]
    assert levels == pytest.approx([3 * index for index in range(count)], abs=1.5)


def test_the_file_is_what_every_player_expects(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    write_clip(ramp(5), target, frame_rate=Fraction(25), audio=None)
    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
    boxes = target.read_bytes()
    assert 0 < boxes.index(b"moov") < boxes.index(b"mdat")


@pytest.mark.parametrize(
    "color", [(200, 30, 30), (30, 200, 30), (30, 30, 200), (255, 255, 255), (0, 0, 0), (128, 64, 32)]
)
def test_colours_come_back(tmp_path: Path, color: tuple[int, int, int]) -> None:
    target = tmp_path / "out.mp4"
    write_clip([flat(color)] * 3, target, frame_rate=Fraction(25), audio=None)
    for frame in read_frames(target):
        assert np.abs(frame[8:-8, 8:-8].astype(int) - color).max() <= 3


def test_what_fails_half_way_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"what was there")

    def broken() -> Iterator[Frame]:
        yield from ramp(10)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_clip(broken(), target, frame_rate=Fraction(25), audio=None)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(8)]
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"out\.mp4 cannot be written"):
        write_clip(frames, tmp_path / "out.mp4", frame_rate=Fraction(25), audio=None)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_only_at_the_end_is_said_too(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with VideoFile(tmp_path / "video.mp4", Fraction(25), target) as video:
        for frame in ramp(8):
            video.write(frame)
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"out\.mp4 cannot be written"):
        finish(
            tmp_path / "video.mp4", tmp_path / "finished.mp4", target, audio=None, tags={"comment": "long " * 50_000}
        )


def test_the_encoder_holds_a_bounded_number_of_frames(tmp_path: Path) -> None:
    """Written bytes follow the frames while they come, so nothing waits for the end."""
    rng = np.random.default_rng(1)
    with VideoFile(tmp_path / "video.mp4", Fraction(25), tmp_path / "out.mp4") as video:
        for _ in range(240):
            video.write(rng.integers(0, 256, (64, 96, 3), dtype=np.uint8))
        assert (tmp_path / "video.mp4").stat().st_size > 100_000
