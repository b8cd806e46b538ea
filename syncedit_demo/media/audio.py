"""The reference's audio over the frames that were edited, for the finished mp4."""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.error import FFmpegError

from syncedit_demo.media.container import decode_packets, open_container, read_packets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    AnyPacket = av.Packet[VideoStream] | av.Packet[AudioStream]

logger = logging.getLogger(__name__)

COPIED_CODEC = "aac"
AAC_RATES = (32000, 44100, 48000)
OPUS, OPUS_RATES = "libopus", (48000,)
BIT_RATES = {COPIED_CODEC: 192_000, OPUS: 128_000}
"""Of the encoders that lose something."""

STREAMED_FORMAT = "mpegts"
"""The container whose sound has gaps only where it is damaged or pieces were joined."""

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
        damaged: Whether parts of it cannot be read, so that it has to be coded anew.
    """

    path: Path
    stream_index: int
    start: Fraction
    duration: Fraction
    from_first_frame: bool
    damaged: bool = False


def readable(interval: AudioInterval) -> tuple[AudioInterval | None, list[str]]:
    """What of an interval can be read, None if nothing, and a sentence where that is not all of it.

    It is decoded to the end to see that, and packed as it would be if it were copied: what is wrong with it shows
    before anything is written.
    """
    with open_container(interval.path) as source:
        stream = source.streams[interval.stream_index]
        assert isinstance(stream, av.AudioStream)
        streamed = source.format.name == STREAMED_FORMAT
        failures = frames = 0
        end: Fraction | None = None

        def count_failure() -> None:
            nonlocal failures
            failures += 1

        def counted(decoded: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
            nonlocal failures, frames, end
            for frame in decoded:
                frames += 1
                if frame.pts is not None and frame.time_base is not None:
                    start = frame.pts * frame.time_base
                    # What is damaged there need not come as a packet at all.
                    failures += streamed and end is not None and start - end > LARGEST_OVERLAP
                    end = start + Fraction(frame.samples, frame.sample_rate)
                yield frame

        with av.open(io.BytesIO(), "w", format="mp4") as nowhere, suppress(FFmpegError, ValueError):
            coded = _add_coded(nowhere, stream)
            _find_start(source, stream, interval)
            decoded = decode_packets(stream.codec_context, read_packets(source, stream), count_failure)
            for _ in _samples(counted(decoded), interval, coded):
                pass
    if not frames:
        return None, ["The sound of the clip cannot be read and is left out."]
    if failures:
        note = "Parts of the clip's sound are damaged and cannot be read: it is silent there."
        return replace(interval, damaged=True), [note]
    return replace(interval, damaged=not _can_be_taken(interval)), []


def _can_be_taken(interval: AudioInterval) -> bool:
    """Whether what is copied fits into an mp4; what is coded does."""
    with open_container(interval.path) as source, av.open(io.BytesIO(), "w", format="mp4") as nowhere:
        stream = source.streams[interval.stream_index]
        assert isinstance(stream, av.AudioStream)
        if not _is_copied(stream, interval):
            return True
        try:
            for packet in add_audio(source, interval, nowhere):
                nowhere.mux(packet)
        except (FFmpegError, ValueError) as error:
            logger.info("The sound cannot be copied: %s", error)
            return False
    return True


def add_audio(
    source: InputContainer, interval: AudioInterval, output: OutputContainer, codec: str = COPIED_CODEC
) -> Iterator[AnyPacket]:
    """Add an audio stream to `output` and return its packets, time 0 being the interval's start.

    Where AAC is asked for, AAC from the start of the clip is copied as it is; anything else is cut to the sample and
    coded.

    Args:
        source: The clip, opened for this call alone.
        interval: What to take.
        output: A file that has not been written to yet.
        codec: ffmpeg's name of the encoder.

    Returns:
        The packets in order, read and coded as they are asked for.
    """
    stream = source.streams[interval.stream_index]
    assert isinstance(stream, av.AudioStream)
    if codec == COPIED_CODEC and _is_copied(stream, interval):
        copy = output.add_stream_from_template(stream)
        return _copied_packets(source, stream, copy, interval)
    coded = _add_coded(output, stream, codec)
    _find_start(source, stream, interval)
    frames = decode_packets(stream.codec_context, read_packets(source, stream))
    return _coded_packets(_samples(frames, interval, coded), coded)


def _is_copied(stream: AudioStream, interval: AudioInterval) -> bool:
    return stream.codec_context.name == COPIED_CODEC and interval.from_first_frame and not interval.damaged


def _add_coded(output: OutputContainer, stream: AudioStream, codec: str = COPIED_CODEC) -> AudioStream:
    rates = OPUS_RATES if codec == OPUS else AAC_RATES
    rate = stream.codec_context.sample_rate if stream.codec_context.sample_rate in rates else rates[-1]
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    coded = cast("AudioStream", output.add_stream(codec, rate=rate, layout=layout))
    if codec in BIT_RATES:
        coded.codec_context.bit_rate = BIT_RATES[codec]
    return coded


def _find_start(source: InputContainer, stream: AudioStream, interval: AudioInterval) -> None:
    if interval.from_first_frame:
        return
    assert stream.time_base is not None
    try:
        source.seek(max(0, int(interval.start / stream.time_base)), stream=stream, backward=True, any_frame=False)
    except FFmpegError:
        # A seek that fails may leave the file anywhere.
        source.seek(0)


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
    frames: Iterable[AudioFrame], interval: AudioInterval, coded: AudioStream
) -> Iterator[NDArray[np.float32]]:
    """Exactly the interval's samples, (channels, count) float32 in -1..1; silence where the source has none."""
    rate = coded.codec_context.sample_rate
    channels = coded.codec_context.channels
    total = round(interval.duration * rate)
    written = 0
    for frame in _resampled(frames, coded):
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
