"""What a video file really holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

from syncedit_demo.errors import ClipError
from syncedit_demo.media.container import decode_packets, make_decoder, open_container, read_packets
from syncedit_demo.media.cropping import CROPPING_CONTAINERS, shown_part
from syncedit_demo.media.display import ColorInfo, color, display_size, has_alpha, orientation, sample_aspect
from syncedit_demo.media.edit_list import asked_speed
from syncedit_demo.media.first_picture import first_picture
from syncedit_demo.media.frame_rate import FALLBACK_RATE, Timing, measure_timing
from syncedit_demo.media.frame_times import FrameTimes, frame_times
from syncedit_demo.media.packets import Scan, tick
from syncedit_demo.media.picture_sizes import PictureSizes
from syncedit_demo.media.streams import choose_audio, choose_video
from syncedit_demo.media.transport_stream import is_scrambled
from syncedit_demo.settings import MAX_CLIP_PIXELS
from syncedit_demo.wording import are, describe_size, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_DECLARED_RATE = 1000
RATE_SLACK = Fraction(1, 100)
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
        stream: Index of the picture's stream in the container.
        shown: (x, y, width, height) in samples of the part of the stored picture that the container asks to be shown,
            before sample aspect and rotation; None where that is all of it.
        picture_start: When the clip shows its first picture, in seconds from its first frame: later than 0 where it
            begins black, blank or in the middle of being faded in.
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
    stream: int = 0
    shown: tuple[int, int, int, int] | None = None
    picture_start: Fraction = Fraction(0)
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
        times = frame_times(path, container, reading.scan, reading.first, max_pixels)
        return _describe(reading, times)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A file that was read through once.

    Attributes:
        path: The file.
        container: The same, still open.
        stream: The picture.
        color_tags: The container's code points of primaries, transfer and matrix, before the decoder changed them.
        scan: What the packets say.
        first: The first frame that can be decoded.
        first_picture: Number of the frame that shows the clip's first picture, counted from that one.
        others: What is said of other pictures in the file.
    """

    path: Path
    container: InputContainer
    stream: VideoStream
    color_tags: tuple[int, int, int]
    scan: Scan
    first: VideoFrame
    first_picture: int
    others: list[str]


def _read(path: Path, container: InputContainer, max_pixels: int) -> _Reading:
    stream, others = choose_video(path, container, max_pixels)
    header = stream.codec_context
    color_tags = (header.color_primaries, header.color_trc, header.colorspace)
    scan = Scan(stream, PictureSizes(stream, max_pixels))
    packets = scan.record(read_packets(container, *container.streams))
    frames = decode_packets(make_decoder(stream, max_pixels), packets)
    first = next(frames, None)
    if first is None:
        raise _without_frames(path, container, scan, max_pixels)
    if first.interlaced_frame and header.codec.canonical_name == "hevc":
        raise ClipError(
            f"{path.name} stores each field as a picture of half the height, which HEVC allows and which is not "
            "supported. Save it deinterlaced: a video editor does that, or ffmpeg with its filters weave and bwdif."
        )
    number = first_picture(chain((first,), frames))
    for _ in packets:
        pass
    return _Reading(path, container, stream, color_tags, scan, first, number, others)


def _without_frames(path: Path, container: InputContainer, scan: Scan, max_pixels: int) -> ClipError:
    stream = scan.stream
    scrambled = container.format.name == "mpegts" and is_scrambled(path, stream.id)
    if scan.encrypted or scrambled or "enc_key_id" in stream.metadata:
        return ClipError(
            f"{path.name} is encrypted: its pictures cannot be seen without a key. Give a copy without protection."
        )
    if not scan.encrypted + scan.stored + scan.corrupt and not stream.frames and not stream.duration:
        return ClipError(
            f"{path.name} holds only the head of a stream, and no pictures: they are in other files. Put those behind "
            "it in their order, or save the stream as one mp4."
        )
    # Where the decoder refuses a size, none is known.
    reason = (
        "the file is damaged. Copy it again, or export it again."
        if stream.width
        else f"its pictures are larger than the {max_pixels / 1e6:.3g} megapixels that are decoded here, "
        "or the file is damaged. Export it again, smaller."
    )
    name = stream.codec_context.codec.canonical_name
    return ClipError(f"{path.name} holds {name} video of which no frame can be decoded: {reason}")


def _describe(reading: _Reading, found: FrameTimes) -> ClipInfo:
    stream, first = reading.stream, reading.first
    codec = stream.codec_context
    timing = _timing(stream, found.times, reading.scan.last_duration(found.times[-1]), timed=found.timed)
    audio = _audio(reading.container, reading.scan)
    (rotation, mirrored), turn_notes = orientation(first)
    aspect, aspect_notes = sample_aspect(stream)
    size = (first.width, first.height)
    shown = shown_part(stream, size)
    speed = asked_speed(reading.path, stream.id) if reading.container.format.name.startswith("mov") else None
    return ClipInfo(
        container=reading.container.format.name,
        codec=codec.codec.canonical_name,
        frames=timing.frames,
        duration=timing.duration,
        average_rate=timing.rate,
        variable_rate=timing.variable,
        coded_size=size,
        sample_aspect=aspect,
        rotation=rotation,
        mirrored=mirrored,
        display_size=display_size(size if shown is None else shown[2:], aspect, rotation),
        pixel_format=first.format.name,
        bit_depth=max(component.bits for component in first.format.components),
        color=color(first, reading.color_tags),
        interlaced=first.interlaced_frame,
        alpha=has_alpha(first, codec.name),
        audio=audio,
        start_time=found.start * tick(stream),
        timed=found.timed,
        stream=stream.index,
        shown=shown,
        picture_start=_time_of(reading.first_picture, stream, found, timing),
        notes=(
            *reading.others,
            *_time_notes(reading, found, timing, audio),
            *_size_notes(reading, found, timing),
            *turn_notes,
            *aspect_notes,
            *_aspect_change_notes(reading, found, timing),
            *([] if shown is None else [_cropping_note(size, shown)]),
            *([] if speed is None else [_speed_note(speed)]),
        ),
    )


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


def _time_of(number: int, stream: VideoStream, found: FrameTimes, timing: Timing) -> Fraction:
    """When a frame is shown, in seconds from the first."""
    if number >= len(found.times):
        return Fraction(0)
    return (found.times[number] - found.times[0]) * (tick(stream) if found.timed else 1 / timing.rate)


def _where(time: int | None, reading: _Reading, found: FrameTimes, timing: Timing) -> str:
    if time is None or not found.timed:
        return "on the way"
    seconds = (time - found.start) * tick(reading.stream)
    return f"at {float(seconds):.2f} s (frame {round(seconds * timing.rate)})"


def _again(changes: int) -> str:
    more = changes - 1
    return f", and {'once more' if more == 1 else f'{more} times more'} after that" if more else ""


def _aspect_change_notes(reading: _Reading, found: FrameTimes, timing: Timing) -> list[str]:
    changes = reading.scan.sizes.aspects
    # What these containers say of the shape holds for the whole clip, whatever the pictures say.
    if not changes or reading.container.format.name.startswith(CROPPING_CONTAINERS):
        return []
    time, aspect = changes[0]
    first = reading.scan.sizes.first_aspect
    return [
        f"The shape of the samples changes {_where(time, reading, found, timing)}, from {first.numerator}:"
        f"{first.denominator} to {aspect.numerator}:{aspect.denominator}{_again(len(changes))}: the first one is used "
        "for all, and what has another looks squeezed or stretched. Cut the clip there to have each part in its shape."
    ]


def _size_notes(reading: _Reading, found: FrameTimes, timing: Timing) -> list[str]:
    changes = reading.scan.sizes.changes
    if not changes:
        return []
    time, size = changes[0]
    where, again = _where(time, reading, found, timing), _again(len(changes))
    first = (reading.first.width, reading.first.height)
    return [
        f"The picture changes its size {where}, from {describe_size(first)} to {describe_size(size)}{again}: it is "
        "fitted into the first one's size, and its shape is kept."
    ]


def _cropping_note(size: tuple[int, int], shown: tuple[int, int, int, int]) -> str:
    part = describe_size((shown[2], shown[3]))
    return f"The file asks for a part of its pictures to be shown: {part} of {describe_size(size)} is used."


def _speed_note(speed: Fraction) -> str:
    return (
        f"The file's edit list asks for {float(speed):.4g} times the speed, which is left out of account: the clip is "
        "used at its own."
    )


def _time_notes(reading: _Reading, found: FrameTimes, timing: Timing, audio: AudioInfo | None) -> list[str]:
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
        notes += _clock_notes(reading.stream, reading.scan, found, timing)
    return notes


def _clock_notes(stream: VideoStream, scan: Scan, found: FrameTimes, timing: Timing) -> list[str]:
    notes: list[str] = []
    times = found.times
    if leading := sum(time < times[0] for time in scan.shown):
        notes.append(f"{frames_in_words(leading)} at the start cannot be decoded and {are(leading)} left out.")
    if timing.variable:
        return notes
    if missing := round(timing.duration * timing.rate) - timing.frames:
        notes.append(f"{frames_in_words(missing)} {are(missing)} missing inside the clip: the frame before is held.")
    declared = [rate for rate in (stream.average_rate, stream.base_rate) if rate]
    # Where packets hold fields, these are what is counted.
    if (
        declared
        and not found.fields
        and all(abs(rate / timing.rate - 1) > RATE_SLACK for rate in declared)
        and len(times) > 1
    ):
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
