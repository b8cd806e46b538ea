"""What a video file really holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


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
class ColorInfo:
    """How the samples encode colour, in ffmpeg's names; "unknown" where the file does not say.

    Attributes:
        primaries: Such as "bt709", "bt2020".
        transfer: Such as "bt709", "smpte2084" (PQ), "arib-std-b67" (HLG).
        matrix: Such as "bt709", "smpte170m", "bt2020nc", "gbr".
        full_range: Whether samples use the full code range.
    """

    primaries: str
    transfer: str
    matrix: str
    full_range: bool


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What a clip holds, as found by reading it.

    Attributes:
        container: ffmpeg's name of the container format, such as "mov,mp4,m4a,3gp,3g2,mj2".
        codec: ffmpeg's name of the video codec, such as "h264".
        frames: Number of frames that can be shown.
        duration: Time from the first frame's start to the last frame's end, in seconds.
        average_rate: `frames / duration`, in frames per second.
        nominal_rate: The rate the stream declares, or the average where it declares none.
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
        notes: Sentences for the user about what was found wrong with the file and how it is read all the same.
    """

    container: str
    codec: str
    frames: int
    start_time: Fraction
    duration: Fraction
    average_rate: Fraction
    nominal_rate: Fraction
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
    notes: tuple[str, ...] = ()
