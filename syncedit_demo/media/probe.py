"""What a video file really holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from av.format import Flags as FormatFlags

from syncedit_demo.errors import ClipError
from syncedit_demo.media.container import (
    IMAGE_BRANDS,
    can_decode,
    choose_audio,
    choose_video,
    decode_packets,
    keep_only,
    make_decoder,
    open_container,
    read_packets,
)
from syncedit_demo.media.display import ColorInfo, color, display_size, has_alpha, orientation, sample_aspect
from syncedit_demo.media.frame_rate import FALLBACK_RATE, Timing, measure_timing
from syncedit_demo.media.packets import Scan, broken_off, tick, without_ragged_tail
from syncedit_demo.settings import MAX_CLIP_PIXELS
from syncedit_demo.wording import are, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_DECLARED_RATE = 1000
RATE_SLACK = Fraction(1, 100)
ANIMATED_IMAGES = ("gif", "apng")
STREAMED_FORMATS = ("mpegts", "mpeg", "flv", "live_flv")
"""Containers that may end anywhere."""

LONG_LAST_FRAME = 2


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The audio stream that goes with the picture.

    Attributes:
        index: Stream index in the container.
        codec: ffmpeg's codec name, such as "aac".
        sample_rate: Samples per second.
        channels: Number of channels.
    """

    index: int
    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What a clip holds, as found by reading it.

    Attributes:
        container: ffmpeg's name of the container format, such as "mov,mp4,m4a,3gp,3g2,mj2".
        codec: ffmpeg's name of the video codec, such as "h264".
        frames: Number of frames that can be shown.
        duration: Time from the first frame's start to the last frame's end, in seconds. Where the rate is constant
            that is `frames / average_rate`, and longer by the frames that are missing inside the clip, if any.
        average_rate: Frames per second: the exact rate where it is constant, otherwise `frames / duration`.
        variable_rate: Whether frames are not evenly spaced in time.
        coded_size: (width, height) of the stored picture in samples.
        sample_aspect: Width of a sample over its height.
        rotation: Clockwise turn in degrees that brings the stored picture upright: 0, 90, 180 or 270.
        mirrored: Whether the picture is flipped left to right after that turn.
        display_size: (width, height) in square pixels of the picture as shown: after rotation and sample aspect.
        pixel_format: ffmpeg's name, such as "yuv420p10le".
        bit_depth: Bits of one component.
        color: Colour description.
        interlaced: Whether frames hold two fields of different times.
        alpha: Whether the picture has transparency.
        audio: The audio stream, None where there is none.
        start_time: When the first frame is shown, in seconds on the container's clock. Time 0 of the clip; 0 where
            the file has no clock.
        timed: Whether frames carry times; otherwise they are `1 / average_rate` apart in the order they come.
        notes: Sentences for the user about what was found wrong with the file and how it is read all the same.
    """

    container: str
    codec: str
    frames: int
    duration: Fraction
    average_rate: Fraction
    variable_rate: bool
    coded_size: tuple[int, int]
    sample_aspect: Fraction
    rotation: int
    mirrored: bool
    display_size: tuple[int, int]
    pixel_format: str
    bit_depth: int
    color: ColorInfo
    interlaced: bool
    alpha: bool
    audio: AudioInfo | None
    start_time: Fraction = Fraction(0)
    timed: bool = True
    notes: tuple[str, ...] = ()


def probe(path: Path, *, max_pixels: int = MAX_CLIP_PIXELS) -> ClipInfo:
    """Find out what a file holds by reading it through once; only the first frame is decoded where that is enough.

    Args:
        path: The file, whatever its name.
        max_pixels: Largest picture that is decoded, width × height.

    Raises:
        ClipError: There is no usable video in the file; the sentence says why and what to do.
    """
    with open_container(path, max_pixels) as container:
        reading = _read(path, container, max_pixels)
        times = _frame_times(path, reading, max_pixels)
        return _describe(reading, times)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A file that was read through once.

    Attributes:
        container: The file, still open.
        stream: The picture.
        color_tags: The container's code points of primaries, transfer and matrix, before the decoder changed them.
        scan: What the packets say.
        first: The first frame that can be decoded.
    """

    container: InputContainer
    stream: VideoStream
    color_tags: tuple[int, int, int]
    scan: Scan
    first: VideoFrame


@dataclass(frozen=True, slots=True)
class _FrameTimes:
    """When the frames of a file are shown.

    Attributes:
        times: Rising: ticks of the container's clock, or where frames are not timed by it their places.
        start: When the first frame is shown, in ticks.
        timed: Whether the container's clock times the frames.
        jumps: Whether the clock goes back on the way.
        broken: The sentence on a file that is damaged or breaks off, None for others.
    """

    times: list[int]
    start: int
    timed: bool
    jumps: bool = False
    broken: str | None = None

    @classmethod
    def of_clock(cls, times: list[int]) -> _FrameTimes:
        return cls(times, times[0], timed=True)


def _read(path: Path, container: InputContainer, max_pixels: int) -> _Reading:
    stream = _video_stream(path, container, max_pixels)
    header = stream.codec_context
    color_tags = (header.color_primaries, header.color_trc, header.colorspace)
    scan = Scan(stream)
    packets = scan.record(read_packets(container, *container.streams))
    first = next(decode_packets(make_decoder(stream, max_pixels), packets), None)
    if first is None:
        # Where the decoder refuses a size, none is known.
        reason = (
            "the file is damaged. Copy it again, or export it again."
            if stream.width
            else f"its pictures are larger than the {max_pixels / 1e6:.3g} megapixels that are decoded here, "
            "or the file is damaged. Export it again, smaller."
        )
        message = f"{path.name} holds {header.name} video of which no frame can be decoded: {reason}"
        raise ClipError(message)
    for _ in packets:
        pass
    return _Reading(container, stream, color_tags, scan, first)


def _frame_times(path: Path, reading: _Reading, max_pixels: int) -> _FrameTimes:
    """By the packets where they tell, and otherwise by decoding the file; without what a broken end makes doubtful."""
    container, scan = reading.container, reading.scan
    broken = broken_off(container, scan)
    if broken or scan.needs_decoding(container, reading.first):
        found = _decoded_times(path, max_pixels)
    else:
        found = _FrameTimes.of_clock(scan.shown_times(reading.first))
    if broken or container.format.name in STREAMED_FORMATS:
        whole = without_ragged_tail(found.times, scan.last_stored)
        if len(whole) < len(found.times):
            broken = broken or "The file breaks off at its end."
            found = replace(found, times=whole)
    if len(found.times) == 1 and container.format.name in ANIMATED_IMAGES:
        raise _still_image(path, container.format.name)
    return replace(found, broken=broken)


def _describe(reading: _Reading, found: _FrameTimes) -> ClipInfo:
    stream, first = reading.stream, reading.first
    codec = stream.codec_context
    timing = _timing(stream, found.times, reading.scan.last_duration(found.times[-1]), timed=found.timed)
    audio = _audio(reading.container, reading.scan)
    (rotation, mirrored), turn_notes = orientation(first)
    aspect, aspect_notes = sample_aspect(stream)
    return ClipInfo(
        container=reading.container.format.name,
        codec=codec.codec.canonical_name,
        frames=timing.frames,
        duration=timing.duration,
        average_rate=timing.rate,
        variable_rate=timing.variable,
        coded_size=(first.width, first.height),
        sample_aspect=aspect,
        rotation=rotation,
        mirrored=mirrored,
        display_size=display_size(first, aspect, rotation),
        pixel_format=first.format.name,
        bit_depth=max(component.bits for component in first.format.components),
        color=color(first, reading.color_tags),
        interlaced=first.interlaced_frame,
        alpha=has_alpha(first, codec.name),
        audio=audio,
        start_time=found.start * tick(stream),
        timed=found.timed,
        notes=(*_time_notes(reading, found, timing, audio), *turn_notes, *aspect_notes),
    )


def _video_stream(path: Path, container: InputContainer, max_pixels: int) -> VideoStream:
    name = container.format.name
    if name.endswith("_pipe") or container.metadata.get("major_brand") in IMAGE_BRANDS:
        kind = container.metadata.get("major_brand", name).removesuffix("_pipe")
        raise _still_image(path, kind)
    stream = choose_video(container)
    if stream is None and any(not can_decode(other) for other in container.streams.video):
        message = f"{path.name} holds video of a kind that cannot be decoded here. Export it as H.264."
        raise ClipError(message)
    if stream is None:
        holds = "only sound" if container.streams.audio else "no video"
        message = f"{path.name} holds {holds}; give a file with a picture."
        raise ClipError(message)
    if stream.width * stream.height > max_pixels:
        message = (
            f"{path.name} has pictures of {stream.width}×{stream.height}, more than the {max_pixels / 1e6:.3g} "
            "megapixels that are decoded here. Export it smaller."
        )
        raise ClipError(message)
    return stream


def _still_image(path: Path, kind: str) -> ClipError:
    return ClipError(f"{path.name} is an image ({kind}), not a clip; give a video file here.")


def _decoded_times(path: Path, max_pixels: int) -> _FrameTimes:
    """Times of all frames, found by decoding them; their places where they have no times."""
    with open_container(path, max_pixels) as container:
        stream = _video_stream(path, container, max_pixels)
        keep_only(container, stream)
        frames = decode_packets(make_decoder(stream, max_pixels), read_packets(container, stream))
        times = [frame.pts for frame in frames]
        raw = bool(container.format.flags & FormatFlags.no_timestamps.value)
        streamed = container.format.name in STREAMED_FORMATS
    known = [time for time in times if time is not None]
    if raw or len(known) < len(times) or any(after <= before for before, after in pairwise(known)):
        jumps = streamed and any(after < before for before, after in pairwise(known))
        return _FrameTimes(list(range(len(times))), next(iter(known), 0), timed=False, jumps=jumps)
    return _FrameTimes.of_clock(known)


def _declared_rates(stream: VideoStream) -> list[Fraction]:
    """The rates the container and the codec claim, as far as they can be true."""
    claims = (stream.average_rate, stream.guessed_rate, stream.base_rate, stream.codec_context.framerate)
    return [rate for rate in claims if rate and 0 < rate <= MAX_DECLARED_RATE]


def _timing(stream: VideoStream, times: Sequence[int], last_duration: int, *, timed: bool) -> Timing:
    declared = _declared_rates(stream)
    if timed:
        return measure_timing(times, tick(stream), declared, last_duration)
    # A raw stream's average rate is only what the library takes it for.
    guessed = stream.guessed_rate
    rate = guessed if guessed and guessed in declared else next(iter(declared), FALLBACK_RATE)
    return Timing(rate, len(times), len(times) / rate, variable=False)


def _time_notes(reading: _Reading, found: _FrameTimes, timing: Timing, audio: AudioInfo | None) -> list[str]:
    notes: list[str] = []
    if found.broken:
        count = len(found.times)
        notes.append(f"{found.broken} The {frames_in_words(count)} that can be decoded {are(count)} used.")
    if found.jumps:
        sound = ", and sound after the jump may be missing or shifted" if audio else ""
        notes.append(
            f"The file's clock jumps back, as where recordings were joined: frames are taken at an even rate{sound}."
        )
    if found.timed:
        notes += _clock_notes(reading.stream, reading.scan, found.times, timing)
    return notes


def _clock_notes(stream: VideoStream, scan: Scan, times: Sequence[int], timing: Timing) -> list[str]:
    notes: list[str] = []
    if leading := sum(time < times[0] for time in scan.shown):
        notes.append(f"{frames_in_words(leading)} at the start cannot be decoded and {are(leading)} left out.")
    if timing.variable:
        return notes
    if missing := round(timing.duration * timing.rate) - timing.frames:
        notes.append(f"{frames_in_words(missing)} {are(missing)} missing inside the clip: the frame before is held.")
    declared = [rate for rate in (stream.average_rate, stream.base_rate) if rate]
    if declared and all(abs(rate / timing.rate - 1) > RATE_SLACK for rate in declared) and len(times) > 1:
        notes.append(
            f"The file declares {float(declared[0]):.6g} frames per second, but its frames are timed at "
            f"{float(timing.rate):.6g}, which is used."
        )
    last = scan.last_duration(times[-1]) * tick(stream) * timing.rate
    if len(times) > 1 and last > LONG_LAST_FRAME:
        notes.append(
            f"The last frame is announced to stay for {float(last / timing.rate):.2f} s; it is used once, like others."
        )
    return notes


def _audio(container: InputContainer, scan: Scan) -> AudioInfo | None:
    stream = choose_audio(container)
    if stream is None or stream.index not in scan.heard:
        return None
    return AudioInfo(
        index=stream.index,
        codec=stream.codec_context.codec.canonical_name,
        sample_rate=stream.sample_rate,
        channels=stream.channels,
    )
