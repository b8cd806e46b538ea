"""Which frames there are and when, in files that mislead whoever counts their packets."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from syncedit_demo.conform.frames import conform
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.field_coded import write_field_coded
from tests.support.media import Sound, Video, numbered, read_number, write_clip

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.media.probe import ClipInfo

TS_PACKET = 188


def numbers(path: Path, clip: ClipInfo, start: int = 0) -> list[int]:
    plan = plan_edit(clip, PlanOptions(size=(320, 256), start=start))
    return [read_number(frame) for frame in conform(path, clip, replace(plan, crop=(0, 0, *clip.display_size)))]


# Fields


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov", "ts"])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
def test_two_fields_are_one_frame(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    pictures = [numbered(number) for number in range(30)]
    path = write_field_coded(tmp_path / f"fields.{suffix}", pictures, rate)
    with av.open(str(path)) as container:
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == 60
    clip = probe(path)
    assert (clip.frames, clip.average_rate, clip.duration, clip.interlaced) == (30, rate, 30 / rate, True)
    assert clip.notes == ()
    assert numbers(path, clip) == list(range(30))
    assert numbers(path, clip, start=20) == list(range(20, 30))


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_frames_of_two_fields_in_one_packet_are_counted_as_they_are(tmp_path: Path, suffix: str) -> None:
    video = Video(top_field_first=True, options={"bf": "3"})
    clip = probe(write_clip(tmp_path / f"frames.{suffix}", [numbered(number) for number in range(60)], video))
    assert (clip.frames, clip.average_rate, clip.interlaced, clip.notes) == (60, 25, True, ())


# Ends


@pytest.mark.parametrize("rate", [25, 600])
def test_an_avi_whose_last_frame_is_not_filled_up_is_whole(tmp_path: Path, rate: int) -> None:
    """As it is copied from an mp4: the header counts places that no frame has."""
    video = Video(times=[number * rate // 25 for number in range(40)], time_base=Fraction(1, rate), rate=Fraction(rate))
    path = write_clip(tmp_path / "copied.avi", [numbered(number) for number in range(40)], video)
    data = bytearray(path.read_bytes())
    places = data.index(b"strh") + 8 + 32
    data[places : places + 4] = struct.pack("<I", 40 * rate // 25)
    path.write_bytes(data)
    clip = probe(path)
    assert (clip.frames, clip.average_rate, clip.notes) == (40, 25, ())


@pytest.mark.parametrize("reordered", [2, 3])
def test_slow_motion_of_a_phone_is_whole(tmp_path: Path, reordered: int) -> None:
    """Its first frames last longest, and are taken for delay; the table of contents counts that into the duration."""
    times = [*range(0, 80, 8), *range(80, 140)]
    options = {"bf": str(reordered), "b-adapt": "0"}
    video = Video(times=times, time_base=Fraction(1, 240), rate=Fraction(240), options=options)
    path = write_clip(tmp_path / "slow.mp4", [numbered(number) for number in range(len(times))], video)
    path.write_bytes(path.read_bytes().replace(b"edts", b"free"))
    clip = probe(path)
    assert clip.frames == 70
    assert not any("ends early" in note for note in clip.notes)


# Joined and damaged streams


def write_stream(path: Path, first: int = 0, count: int = 20, clock: int = 0) -> bytes:
    video = Video(times=list(range(clock, clock + count)), time_base=Fraction(1, 25), options={"bf": "2"})
    return write_clip(path, [numbered(first + number) for number in range(count)], video).read_bytes()


@pytest.mark.parametrize("clock", [0, 7, 22, 23])
def test_whole_transport_streams_that_were_joined_are_not_damaged(tmp_path: Path, clock: int) -> None:
    """Whether the clock goes on, as in pieces of a live stream, or jumps back."""
    path = tmp_path / "joined.ts"
    parts = [write_stream(tmp_path / "a.ts"), write_stream(tmp_path / "b.ts", 20, clock=clock)]
    path.write_bytes(b"".join(parts))
    clip = probe(path)
    assert clip.frames == 40
    assert not any("damaged" in note or "breaks off" in note for note in clip.notes)
    assert any("clock jumps back" in note for note in clip.notes) == (clock < 22)
    assert clip.average_rate == 25
    # The first part's clock is two frames ahead: there are no times before 0.
    expected = [*range(40)] if clock < 23 else [*range(20), 19, *range(20, 40)]
    assert numbers(path, clip) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_transport_stream_that_lacks_packets_inside_a_frame_is_damaged(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    noisy = [random.integers(0, 256, (96, 160, 3), dtype=np.uint8) for _ in range(30)]
    path = write_clip(tmp_path / "lost.ts", noisy, Video(options={"g": "5"}))
    data = path.read_bytes()
    packets = [data[place : place + TS_PACKET] for place in range(0, len(data), TS_PACKET)]
    # The video's, which do not begin a frame.
    inner = [n for n, p in enumerate(packets) if p[1] & 0x5F == 0x01 and p[2] == 0 and n > 20]
    del packets[int(random.choice(inner))]
    path.write_bytes(b"".join(packets))
    clip = probe(path)
    assert "breaks off or is damaged" in clip.notes[0]
    assert 20 < clip.frames <= 30


def test_lost_sound_does_not_make_the_picture_damaged(tmp_path: Path) -> None:
    pictures = [numbered(number) for number in range(25)]
    path = write_clip(tmp_path / "lost.ts", pictures, sounds=[Sound(codec="mp2")])
    data = path.read_bytes()
    packets = [data[place : place + TS_PACKET] for place in range(0, len(data), TS_PACKET)]
    sound = [number for number, packet in enumerate(packets) if packet[1] & 0x5F == 0x01 and packet[2] == 1]
    del packets[sound[len(sound) // 2]]
    path.write_bytes(b"".join(packets))
    assert (probe(path).frames, probe(path).notes) == (25, ())
