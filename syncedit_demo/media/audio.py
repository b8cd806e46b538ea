"""The reference's audio over the frames that were edited, for the finished mp4."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

import av
import numpy as np
from av.error import FFmpegError

from syncedit_demo.media.container import decode_packets, read_packets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    AnyPacket = av.Packet[VideoStream] | av.Packet[AudioStream]

COPIED_CODEC = "aac"
AAC_RATES = (32000, 44100, 48000)
AAC_BIT_RATE = 192_000
LARGEST_OVERLAP = Fraction(1, 50)
"""Timestamps of containers with a coarse clock overlap or leave gaps by less than this, in seconds."""

SILENT_BLOCK = 1 << 16
"""Samples of silence that are made at a time."""


@dataclass(frozen=True, slots=True)
class AudioInterval:
    """A stretch of one audio stream.

    Attributes:
        path: The clip.
        stream_index: Index of the stream in the container.
        start: Where it starts, in seconds of the container's clock.
        duration: How long it is, in seconds.
        from_first_frame: Whether it starts where the picture starts, so that coded packets can be copied.
    """

    path: Path
    stream_index: int
    start: Fraction
    duration: Fraction
    from_first_frame: bool


def add_audio(source: InputContainer, interval: AudioInterval, output: OutputContainer) -> Iterator[AnyPacket]:
    """Add an audio stream to `output` and return its packets, time 0 being the interval's start.

    AAC from the start of the clip is copied as it is; anything else is cut to the sample and coded as AAC.

    Args:
        source: The clip, opened for this call alone.
        interval: What to take.
        output: An mp4 that has not been written to yet.

    Returns:
        The packets in order, read and coded as they are asked for.
    """
    stream = source.streams[interval.stream_index]
    assert isinstance(stream, av.AudioStream)
    if stream.codec_context.name == COPIED_CODEC and interval.from_first_frame:
        copy = output.add_stream_from_template(stream)
        return _copied_packets(source, stream, copy, interval)
    rate = stream.codec_context.sample_rate if stream.codec_context.sample_rate in AAC_RATES else AAC_RATES[-1]
    coded = output.add_stream("aac", rate=rate, layout="mono" if stream.codec_context.channels == 1 else "stereo")
    coded.codec_context.bit_rate = AAC_BIT_RATE
    return _coded_packets(_samples(source, stream, interval, coded), coded)


def _copied_packets(
    source: InputContainer, stream: AudioStream, copy: AudioStream, interval: AudioInterval
) -> Iterator[AnyPacket]:
    assert stream.time_base is not None
    offset = round(interval.start / stream.time_base)
    end = offset + interval.duration / stream.time_base
    last: int | None = None
    for packet in read_packets(source, stream):
        # Where files were joined, packets may overlap: an mp4 has room for one at a time.
        if packet.pts is None or (last is not None and packet.pts <= last):
            continue
        if packet.pts + Fraction(packet.duration or 0, 2) >= end:
            break
        last = packet.pts
        packet.pts -= offset
        packet.dts = packet.pts
        packet.stream = copy
        yield packet


def _samples(
    source: InputContainer, stream: AudioStream, interval: AudioInterval, coded: AudioStream
) -> Iterator[NDArray[np.float32]]:
    """Exactly the interval's samples, (channels, count) float32 in -1..1; silence where the source has none."""
    rate = coded.codec_context.sample_rate
    channels = coded.codec_context.channels
    total = round(interval.duration * rate)
    written = 0
    assert stream.time_base is not None
    if not interval.from_first_frame:
        try:
            source.seek(max(0, int(interval.start / stream.time_base)), stream=stream, backward=True, any_frame=False)
        except FFmpegError:
            # A seek that fails may leave the file anywhere.
            source.seek(0)
    for frame in _resampled(decode_packets(stream.codec_context, read_packets(source, stream)), coded):
        if frame.pts is None or frame.time_base is None:
            continue
        samples = frame.to_ndarray().astype(np.float32, copy=False)
        position = round((frame.pts * frame.time_base - interval.start) * rate)
        gap = position - written
        if gap > LARGEST_OVERLAP * rate or (gap > 0 and written == 0):
            silence = min(gap, total - written)
            yield from _silence(channels, silence)
            written += silence
        elif gap < -LARGEST_OVERLAP * rate or (gap < 0 and written == 0):
            samples = samples[:, -gap:]
        samples = samples[:, : total - written]
        if samples.size:
            yield samples
            written += samples.shape[1]
        if written >= total:
            return
    yield from _silence(channels, total - written)


def _silence(channels: int, count: int) -> Iterator[NDArray[np.float32]]:
    """So many samples of silence, in blocks: a file with one short tone may last for days."""
    for start in range(0, count, SILENT_BLOCK):
        yield np.zeros((channels, min(SILENT_BLOCK, count - start)), np.float32)


def _resampled(frames: Iterable[AudioFrame], coded: AudioStream) -> Iterator[AudioFrame]:
    """The frames in the coded stream's layout and rate, whatever theirs are: broadcasts change them on the way."""
    context = coded.codec_context
    for _, alike in groupby(frames, key=lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)):
        resampler = av.AudioResampler(format="fltp", layout=context.layout, rate=context.sample_rate)
        for frame in alike:
            yield from resampler.resample(frame)


def _coded_packets(samples: Iterator[NDArray[np.float32]], coded: AudioStream) -> Iterator[AnyPacket]:
    position = 0
    for block in samples:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format="fltp", layout=coded.codec_context.layout.name
        )
        frame.sample_rate = coded.codec_context.sample_rate
        frame.pts = position
        frame.time_base = Fraction(1, coded.codec_context.sample_rate)
        position += block.shape[1]
        yield from coded.encode(frame)
    yield from coded.encode(None)
