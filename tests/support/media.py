"""Small clips whose pictures show what was done to them: each carries its number, and its corners their place."""

# The encoding half of av's stubs leaves the streams of packets open.

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.filter
import numpy as np
from av.audio.stream import AudioStream
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from av.container import OutputContainer
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

BITS = 8
CORNERS = ((210, 40, 40), (40, 190, 60), (50, 60, 210), (225, 225, 225))
"""Colours of the corners of a picture: top left, top right, bottom left, bottom right."""

BT709, BT601, BT2020 = ColorPrimaries.BT709, ColorPrimaries.SMPTE170M, ColorPrimaries.BT2020
UNSPECIFIED = ColorPrimaries.UNSPECIFIED
"""Code points that ITU-T H.273 gives to primaries and matrix alike, and but for BT.2020's to the transfer, too."""

PQ, HLG = ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67
LIMITED, FULL = ColorRange.MPEG, ColorRange.JPEG
SCALER_MATRICES: dict[int, Colorspace] = {BT709: Colorspace.ITU709, BT601: Colorspace.ITU601, BT2020: Colorspace.BT2020}


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A tone beside the picture."""

    codec: str = "aac"
    sample_rate: int = 48000
    layout: str = "stereo"
    seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Video:
    """How a video stream is written; colour tags are code points of ITU-T H.273.

    `times` are presentation times in `time_base`; without them frames are `1 / rate` apart. `rotation` is
    counter-clockwise in degrees as ffmpeg's display matrices count. `top_field_first` makes the frames interlaced.
    """

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    rate: Fraction = Fraction(25)
    times: Sequence[int] | None = None
    time_base: Fraction | None = None
    primaries: int = BT709
    transfer: int = BT709
    matrix: int = BT709
    color_range: int = LIMITED
    sample_aspect: Fraction | None = None
    top_field_first: bool | None = None
    rotation: int = 0
    hflip: bool = False
    options: Mapping[str, str] = field(default_factory=dict[str, str])


def numbered(number: int, size: tuple[int, int] = (160, 96)) -> Picture:
    """A picture that carries its number as 8 black or white bars, and corners by which its orientation is seen."""
    width, height = size
    picture = np.full((height, width, 3), 110, dtype=np.uint8)
    for bit in range(BITS):
        left, right = width * bit // BITS, width * (bit + 1) // BITS
        picture[height * 3 // 8 : height * 5 // 8, left:right] = 235 if number >> bit & 1 else 16
    band, side = height * 3 // 8, width // 4
    picture[:band, :side], picture[:band, -side:] = CORNERS[:2]
    picture[-band:, :side], picture[-band:, -side:] = CORNERS[2:]
    return picture


def read_number(picture: Picture) -> int:
    """The number of a picture, of any size, upright and hardly cropped."""
    height, width = picture.shape[:2]
    row = picture[height * 15 // 32 : height * 17 // 32].mean(axis=(0, 2))
    return sum(int(row[width * (2 * bit + 1) // (2 * BITS)] > 110) << bit for bit in range(BITS))


def read_corners(picture: Picture) -> tuple[int, int, int, int]:
    """Which of `CORNERS` is seen top left, top right, bottom left, bottom right; (0, 1, 2, 3) is upright."""
    height, width = picture.shape[:2]
    spots = [(y, x) for y in (height // 8, height * 7 // 8) for x in (width // 8, width * 7 // 8)]
    colors = np.array(CORNERS, dtype=np.float64)
    found = [int(np.abs(colors - picture[spot]).sum(axis=1).argmin()) for spot in spots]
    return cast("tuple[int, int, int, int]", tuple(found))


def to_frame(picture: Picture, video: Video) -> av.VideoFrame:
    """The picture in the stream's pixel format, matrix and range."""
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    if video.pixel_format == "rgb24":
        return frame
    return frame.reformat(
        format=video.pixel_format,
        dst_colorspace=SCALER_MATRICES.get(video.matrix, Colorspace.ITU601),
        src_color_range=FULL,
        dst_color_range=video.color_range,
        interpolation="BICUBIC",
    )


def write_clip(
    path: Path,
    pictures: Iterable[Picture | av.VideoFrame],
    video: Video | None = None,
    *,
    sounds: Sequence[Sound] = (),
    container_options: Mapping[str, str] | None = None,
    container_format: str | None = None,
) -> Path:
    """Write pictures (RGB arrays, or frames that are encoded as they are) and tones to a file; gives the path back."""
    video = video or Video()
    with av.open(str(path), "w", format=container_format, options=dict(container_options or {})) as container:
        stream = add_video(container, video)
        tones = [add_sound(container, sound) for sound in sounds]
        for number, picture in enumerate(pictures):
            frame = picture if isinstance(picture, av.VideoFrame) else to_frame(picture, video)
            if video.top_field_first is not None:
                frame = as_fields(frame, top_first=video.top_field_first)
            if not number:
                stream.width, stream.height = frame.width, frame.height
            encode(container, stream, video, number, frame)
        container.mux(stream.encode(None))
        for sound, tone in zip(sounds, tones, strict=True):
            write_tone(container, tone, sound)
    return path


def write_growing_clip(path: Path) -> Path:
    """A Matroska of 40 numbered pictures, the first 20 of 160×96 and the others of 320×192; gives its path back."""
    video = Video(codec="mjpeg", pixel_format="yuvj420p", color_range=FULL)
    parts = [
        write_clip(path.with_name("small.mkv"), [numbered(number) for number in range(20)], video),
        write_clip(path.with_name("large.mkv"), [numbered(number, (320, 192)) for number in range(20, 40)], video),
    ]
    with av.open(str(parts[0])) as small, av.open(str(parts[1])) as large, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(small.streams.video[0])
        packets = [packet for part in (small, large) for packet in part.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, 25), 1
            packet.pts = packet.dts = number
            container.mux(packet)
    return path


def as_fields(frame: av.VideoFrame, *, top_first: bool) -> av.VideoFrame:
    """The frame, marked as two fields."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000))
    marker = graph.add("setfield", "tff" if top_first else "bff")
    graph.link_nodes(source, marker, graph.add("buffersink")).configure()
    graph.vpush(frame)
    return graph.vpull()


def add_video(container: OutputContainer, video: Video) -> VideoStream:
    fields = {} if video.top_field_first is None else {"flags": "+ildct+ilme"}
    stream = container.add_stream(video.codec, rate=video.rate, options={**fields, **video.options})
    assert isinstance(stream, VideoStream)
    stream.pix_fmt = video.pixel_format
    stream.color_primaries, stream.color_trc = video.primaries, video.transfer
    stream.colorspace, stream.color_range = video.matrix, video.color_range
    if video.sample_aspect is not None:
        stream.codec_context.sample_aspect_ratio = video.sample_aspect
    if video.times is not None and video.time_base is not None:
        stream.codec_context.time_base = video.time_base
    if video.rotation or video.hflip:
        stream.set_display_rotation(video.rotation, hflip=video.hflip)
    return stream


def encode(container: OutputContainer, stream: VideoStream, video: Video, number: int, frame: av.VideoFrame) -> None:
    frame.color_primaries, frame.color_trc = video.primaries, video.transfer
    frame.colorspace, frame.color_range = video.matrix, video.color_range
    if video.times is None:
        frame.time_base, frame.pts = 1 / video.rate, number
    else:
        frame.time_base, frame.pts = video.time_base or 1 / video.rate, video.times[number]
    container.mux(stream.encode(frame))


def add_sound(container: OutputContainer, sound: Sound) -> AudioStream:
    stream = container.add_stream(sound.codec, rate=sound.sample_rate)
    assert isinstance(stream, AudioStream)
    stream.codec_context.layout = sound.layout
    return stream


def write_tone(container: OutputContainer, stream: AudioStream, sound: Sound) -> None:
    count = round(sound.seconds * sound.sample_rate)
    channels = 1 if sound.layout == "mono" else 2
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(count) / sound.sample_rate)
    frame = av.AudioFrame.from_ndarray(
        np.tile(wave.astype(np.float32), (channels, 1)), format="fltp", layout=sound.layout
    )
    frame.sample_rate, frame.pts, frame.time_base = sound.sample_rate, 0, Fraction(1, sound.sample_rate)
    resampler = av.AudioResampler(
        stream.codec_context.format.name, sound.layout, sound.sample_rate, stream.codec_context.frame_size or 1024
    )
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))
