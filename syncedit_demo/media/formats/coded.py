"""Frames through one of ffmpeg's encoders, as they come."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, cast

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation

from syncedit_demo.media.atomic import output_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    from av.packet import Packet
    from av.video.stream import VideoStream

    from syncedit_demo.frames import Frame

AVCOL_SPC_RGB = 0
"""ffmpeg's number for pictures that have no matrix because they are RGB."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How frames are coded.

    Attributes:
        container: ffmpeg's name of the container.
        codec: ffmpeg's name of the encoder.
        pixel_format: What the encoder gets. Where it is RGB, nothing is converted; else the frames become BT.709 in
            limited range, and the file says so.
        options: The encoder's own options.
        container_options: The container's.
    """

    container: str
    codec: str
    pixel_format: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    container_options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_rgb(self) -> bool:
        """Whether the encoder gets the very values of the frames."""
        return self.pixel_format.startswith(("bgr", "rgb", "gbr"))


class CodedFile:
    """A file in the making; see `FrameWriter`.

    Args:
        path: Where it is written.
        frame_rate: Frames per second, kept as exactly as the container can.
        target: The file that it becomes part of, named when writing fails.
        coding: How its frames are coded.
    """

    def __init__(self, path: Path, frame_rate: Fraction, target: Path, coding: Coding) -> None:
        self._target = target
        self._rate = frame_rate
        self._coding = coding
        self._frames = 0
        with output_errors(target):
            self._container = av.open(str(path), "w", format=coding.container, options=dict(coding.container_options))
        stream = self._container.add_stream(coding.codec, rate=frame_rate, options=dict(coding.options))
        assert isinstance(stream, av.VideoStream)
        self._stream: VideoStream = stream

    def write(self, frame: Frame) -> None:
        """See `FrameWriter`."""
        if self._frames == 0:
            self._configure(*frame.shape[1::-1])
        picture = self._picture(frame)
        picture.pts = self._frames
        picture.time_base = 1 / self._rate
        self._frames += 1
        self._mux(picture)

    def _configure(self, width: int, height: int) -> None:
        context = self._stream.codec_context
        context.width, context.height = width, height
        context.pix_fmt = self._coding.pixel_format
        context.time_base = 1 / self._rate
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.colorspace = AVCOL_SPC_RGB if self._coding.is_rgb else Colorspace.ITU709
        context.color_range = ColorRange.JPEG if self._coding.is_rgb else ColorRange.MPEG

    def _picture(self, frame: Frame) -> av.VideoFrame:
        picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24")
        if self._coding.is_rgb:
            return picture.reformat(format=self._coding.pixel_format)
        return picture.reformat(
            format=self._coding.pixel_format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            dst_color_trc=ColorTrc.BT709,
            dst_color_primaries=ColorPrimaries.BT709,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        )

    def _mux(self, picture: av.VideoFrame | None) -> None:
        with output_errors(self._target):
            self._container.mux(cast("list[Packet[VideoStream]]", self._stream.encode(picture)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._mux(None)
                with output_errors(self._target):
                    self._container.close()
        finally:
            # What is in the making is thrown away; a second failure on the way out would hide the first.
            with suppress(OSError):
                self._container.close()
