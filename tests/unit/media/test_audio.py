"""What is heard with a result is the clip's own sound, where it lay."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from syncedit_demo.media.audio import AudioInterval, add_audio, readable
from syncedit_demo.media.video_writer import read_frames, write_clip
from tests.support.flat import ramp

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE_RATE = 48000
CLICKS = (0.25, 0.75, 1.5)
"""Seconds at which the test sound clicks."""


def write_clicks(
    path: Path, codec: str, seconds: float = 2.0, *, layout: str = "mono", start: int = 0
) -> AudioInterval:
    """A file with a sound that clicks, its clock at `start`; the interval covers all of it from its first sample."""
    samples = np.zeros((2 if layout == "stereo" else 1, round(seconds * SAMPLE_RATE)), np.float32)
    for click in (each for each in CLICKS if each < seconds):
        first = round(click * SAMPLE_RATE)
        samples[:, first : first + 240] = 0.8 * np.sin(np.arange(240) * 0.6)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = layout
        form = stream.codec_context.format.name
        resampler = av.AudioResampler(form, layout, SAMPLE_RATE, frame_size=stream.codec_context.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start * SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return AudioInterval(path, 0, Fraction(start), Fraction(round(1000 * seconds), 1000), from_first_frame=True)


def read_sound(path: Path) -> NDArray[np.float32]:
    """The sound of an mp4 as its player hears it: placed by its timestamps, sample 0 at time 0."""
    heard = np.zeros(20 * SAMPLE_RATE, np.float32)
    end = 0
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
        for whole in container.decode(audio=0):
            for part in resampler.resample(whole):
                assert part.pts is not None
                assert part.time_base is not None
                at = round(part.pts * part.time_base * SAMPLE_RATE)
                block = part.to_ndarray()[0]
                heard[max(at, 0) : at + block.size] = block[max(-at, 0) :]
                end = at + block.size
    return heard[:end]


def click_times(sound: NDArray[np.float32]) -> list[float]:
    """Seconds at which the sound begins to be loud after a silence."""
    loud = np.flatnonzero(np.abs(sound) > 0.25)
    starts = loud[np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 20]
    return [float(start) / SAMPLE_RATE for start in starts]


@pytest.mark.parametrize(
    ("codec", "suffix"), [("aac", "mp4"), ("libopus", "webm"), ("pcm_s16le", "mov"), ("mp3", "mkv")]
)
def test_the_sound_of_the_interval_lies_where_it_lay(tmp_path: Path, codec: str, suffix: str) -> None:
    whole = write_clicks(tmp_path / f"sound.{suffix}", codec)
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=whole)
    assert click_times(read_sound(target)) == pytest.approx(CLICKS, abs=0.002)
    later = AudioInterval(whole.path, 0, Fraction(6, 10), Fraction(12, 10), from_first_frame=False)
    write_clip(ramp(30), target, frame_rate=Fraction(25), audio=later)
    sound = read_sound(target)
    assert click_times(sound) == pytest.approx([0.15, 0.9], abs=0.002)
    assert sound.size / SAMPLE_RATE == pytest.approx(1.2, abs=0.022)


def test_aac_from_the_first_frame_is_copied_and_not_coded_again(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mp4", "aac")
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=whole)
    with av.open(str(whole.path)) as source, av.open(str(target)) as made:
        originals = {bytes(packet) for packet in source.demux(audio=0) if packet.size}
        copies = [bytes(packet) for packet in made.demux(audio=0) if packet.size]
    assert len(copies) > 90
    assert set(copies) <= originals


def test_aac_packets_that_overlap_where_files_were_joined_leave_the_sound_in_its_place(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mp4", "aac")
    # Matroska has no times before 0: AAC's first packet, which comes before the sound, moves all others.
    start = Fraction(1024, SAMPLE_RATE)
    joined = AudioInterval(tmp_path / "joined.mkv", 0, start, whole.duration, from_first_frame=True)
    with av.open(str(whole.path)) as source, av.open(str(joined.path), "w") as container:
        copy = container.add_stream_from_template(source.streams.audio[0])
        for number, packet in enumerate(source.demux(audio=0)):
            if packet.dts is not None:
                packet.stream = copy
                for _ in range(2 if number == 50 else 1):
                    container.mux(packet)
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=joined)
    assert click_times(read_sound(target)) == pytest.approx(CLICKS, abs=0.002)


def test_sound_may_change_its_layout_on_the_way(tmp_path: Path) -> None:
    first = write_clicks(tmp_path / "stereo.ts", "mp2", layout="stereo")
    second = write_clicks(tmp_path / "mono.ts", "mp2", layout="mono", start=2)
    path = tmp_path / "both.ts"
    path.write_bytes(first.path.read_bytes() + second.path.read_bytes())
    target = tmp_path / "out.mp4"
    write_clip(ramp(100), target, frame_rate=Fraction(25), audio=AudioInterval(path, 0, Fraction(0), Fraction(4), True))
    assert click_times(read_sound(target)) == pytest.approx([*CLICKS, *(2 + click for click in CLICKS)], abs=0.02)


def test_sound_of_a_file_in_which_nothing_can_be_looked_up_is_read_from_its_start(tmp_path: Path) -> None:
    path = write_clicks(tmp_path / "sound.vob", "ac3").path
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        start = (stream.start_time or 0) * (stream.time_base or 0)
        with pytest.raises(PermissionError):
            container.seek(round((start + 1) / (stream.time_base or 1)), stream=stream)
    target = tmp_path / "out.mp4"
    later = AudioInterval(path, 0, start + Fraction(6, 10), Fraction(12, 10), from_first_frame=False)
    write_clip(ramp(30), target, frame_rate=Fraction(25), audio=later)
    assert click_times(read_sound(target)) == pytest.approx([0.15, 0.9], abs=0.01)


def test_sound_that_ends_early_or_starts_late_is_filled_with_silence(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mov", "pcm_s16le", seconds=1.0)
    target = tmp_path / "out.mp4"
    interval = AudioInterval(whole.path, 0, Fraction(-1, 2), Fraction(3), from_first_frame=False)
    write_clip(ramp(75), target, frame_rate=Fraction(25), audio=interval)
    sound = read_sound(target)
    assert click_times(sound) == pytest.approx([0.75, 1.25], abs=0.002)
    assert sound.size / SAMPLE_RATE == pytest.approx(3, abs=0.022)


def damage(path: Path, share: float) -> None:
    """Overwrite parts of the sound in a transport stream, all but its first packets."""
    random = np.random.default_rng(1)
    data = bytearray(path.read_bytes())
    sound = [n for n in range(0, len(data), 188) if data[n + 1] & 0x1F == 1 and data[n + 2] == 0]
    for place in sound[10:]:
        if random.random() < share:
            data[place + 12 : place + 188] = random.bytes(176)
    path.write_bytes(data)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("later", [False, True])
def test_damaged_aac_is_silent_where_it_cannot_be_read_and_that_is_said(
    tmp_path: Path, share: float, later: bool
) -> None:
    whole = write_clicks(tmp_path / "sound.ts", "aac")
    with av.open(str(whole.path)) as container:
        stream = container.streams.audio[0]
        assert stream.start_time is not None
        assert stream.time_base is not None
        start = stream.start_time * stream.time_base
    damage(whole.path, share)
    wait = Fraction(1, 5) if later else Fraction(0)
    interval = AudioInterval(whole.path, 0, start + wait, Fraction(3, 2), from_first_frame=not later)
    found, notes = readable(interval)
    assert notes == ["Parts of the clip's sound are damaged and cannot be read: it is silent there."]
    assert found == replace(interval, damaged=True)
    target = tmp_path / "out.mp4"
    write_clip(ramp(38), target, frame_rate=Fraction(25), audio=interval)
    assert read_sound(target).size / SAMPLE_RATE == pytest.approx(1.5, abs=0.05)
    assert len(list(read_frames(target))) == 38


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "ac3"), ("mkv", "flac")])
def test_sound_of_which_nothing_can_be_read_is_left_out_and_that_is_said(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    random = np.random.default_rng(1)
    whole = AudioInterval(tmp_path / f"sound.{suffix}", 0, Fraction(0), Fraction(1), from_first_frame=True)
    with av.open(str(whole.path), "w") as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout="stereo")
        container.start_encoding()
        for number in range(40):
            packet = av.Packet(random.bytes(200))
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, SAMPLE_RATE), 1024
            packet.pts = packet.dts = number * 1024
            container.mux(packet)
    found, notes = readable(whole)
    assert (found, notes) == (None, ["The sound of the clip cannot be read and is left out."])
    target = tmp_path / "out.mp4"
    write_clip(ramp(10), target, frame_rate=Fraction(25), audio=whole)
    with av.open(str(target)) as container:
        assert not container.streams.audio
        assert container.streams.video[0].frames == 10


def test_sound_that_is_whole_is_not_spoken_of(tmp_path: Path) -> None:
    for suffix, codec in (("mp4", "aac"), ("ts", "aac"), ("webm", "libopus"), ("mkv", "mp3")):
        whole = write_clicks(tmp_path / f"sound.{suffix}", codec)
        assert readable(whole) == (whole, [])


def test_sound_that_is_not_there_takes_no_memory(tmp_path: Path) -> None:
    """A tone of half a second in a clip that lasts for hours, coded and not copied."""
    tone = write_clicks(tmp_path / "tone.mka", "pcm_s16le", 0.5)
    long = replace(tone, duration=Fraction(36_000), from_first_frame=False)
    with av.open(str(long.path)) as source, av.open(str(tmp_path / "out.mp4"), "w") as output:
        packets = add_audio(source, long, output)
        tracemalloc.start()
        try:
            assert len(list(islice(packets, 100))) == 100
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()
