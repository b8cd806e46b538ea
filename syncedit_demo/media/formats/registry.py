"""The formats by name: what each is for, what it is held to, and who writes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import cv2

from syncedit_demo.errors import OutputError
from syncedit_demo.frames import as_frame
from syncedit_demo.media.formats.coded import CodedFile, Coding
from syncedit_demo.media.formats.gif import GifFile
from syncedit_demo.media.formats.png_zip import PngZip
from syncedit_demo.media.video_writer import VideoFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.media.formats.interface import FrameWriter

FormatName = Literal["mp4", "prores", "ffv1", "png", "gif", "webp", "webm"]

PRORES = Coding("mov", "prores_ks", "yuv422p10le", {"profile": "hq", "vendor": "apl0", "threads": "4"})
FFV1 = Coding("matroska", "ffv1", "bgr0", {"level": "3", "slices": "4", "slicecrc": "1", "g": "1", "threads": "4"})
WEBP = Coding("webp", "libwebp_anim", "bgra", {"quality": "80", "compression_level": "3"}, {"loop": "0"})
WEBM = Coding(
    "webm",
    "libvpx-vp9",
    "yuv420p",
    {"crf": "30", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1", "threads": "4"},
)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a format that is made to be shared is held to: more is too heavy to be sent around.

    Attributes:
        side: Longer side at most, in pixels; larger frames are made smaller.
        seconds: Length at most; what is longer is refused.
        rate: Frames per second at most; of more, every second or third one is left out. None for any.
    """

    side: int
    seconds: int
    rate: int | None = None

    def in_words(self) -> str:
        """The limits as the end of a sentence."""
        rate = f", {self.rate} fps" if self.rate else ""
        return f"up to {self.seconds} s, {self.side} px{rate}"


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes:
        name: Its name on the command line.
        suffix: How the names of its files end.
        title: What it is called in the page.
        about: What it is for, in a few words.
        sound: Whether its files can be heard.
        opens: Makes the writer, from the path, the frame rate and the target of `FrameWriter`s.
        sharing: What it is held to, None for nothing.
    """

    name: FormatName
    suffix: str
    title: str
    about: str
    sound: bool
    opens: Callable[[Path, Fraction, Path], FrameWriter]
    sharing: Sharing | None = None

    def check(self, target: Path, frame_rate: Fraction, frames: int) -> None:
        """Refuse what would be longer than the format is held to.

        Raises:
            OutputError: It would be.
        """
        seconds = frames / frame_rate
        if self.sharing is not None and seconds > self.sharing.seconds:
            most = math.floor(self.sharing.seconds * frame_rate)
            reason = (
                f"{self.title} is for up to {self.sharing.seconds} s and this is {float(seconds):.1f} s: take at most "
                f"{most} frames, or another format"
            )
            raise OutputError(target, reason)

    def notes(self, size: Size, frame_rate: Fraction) -> tuple[str, ...]:
        """What becomes of frames of this (width, height) and rate that is not kept as it is, as sentences."""
        said: list[str] = []
        scaled, every = self.scaled(size), self.every(frame_rate)
        if scaled != size:
            said.append(f"For {self.title} the result is made smaller, {scaled[0]}×{scaled[1]}.")
        if every > 1:
            said.append(f"For {self.title} one of {every} frames is kept.")
        return tuple(said)

    def scaled(self, size: Size) -> Size:
        """(width, height) of its frames, even."""
        if self.sharing is None or max(size) <= self.sharing.side:
            return size
        width, height = (max(2, 2 * round(each * self.sharing.side / max(size) / 2)) for each in size)
        return width, height

    def every(self, frame_rate: Fraction) -> int:
        """One of how many frames it keeps."""
        if self.sharing is None or self.sharing.rate is None:
            return 1
        return math.ceil(frame_rate / self.sharing.rate)

    def open(self, path: Path, frame_rate: Fraction, target: Path) -> FrameWriter:
        """A file of this format in the making, without sound.

        Args:
            path: Where it is written; beside it may be what is needed until then.
            frame_rate: Frames per second of the frames that it gets.
            target: The file that it becomes, named when writing fails.

        Raises:
            OutputError: The disk is full or went away.
        """
        if self.sharing is None:
            return self.opens(path, frame_rate, target)
        every = self.every(frame_rate)
        return _Lighter(self.opens(path, frame_rate / every, target), self, every)


class _Lighter:
    """Leaves out and makes smaller what a format is held to, before its own writer gets it."""

    def __init__(self, writer: FrameWriter, form: Format, every: int) -> None:
        self._writer = writer
        self._format = form
        self._every = every
        self._frames = 0

    def write(self, frame: Frame) -> None:
        """See `FrameWriter`."""
        if self._frames % self._every == 0:
            size = frame.shape[1], frame.shape[0]
            scaled = self._format.scaled(size)
            smaller = frame if scaled == size else as_frame(cv2.resize(frame, scaled, interpolation=cv2.INTER_AREA))
            self._writer.write(smaller)
        self._frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)


def _coded(coding: Coding) -> Callable[[Path, Fraction, Path], FrameWriter]:
    return lambda path, rate, target: CodedFile(path, rate, target, coding)


MP4 = Format("mp4", ".mp4", "MP4", "H.264: plays everywhere", True, VideoFile)

FORMATS: dict[FormatName, Format] = {
    each.name: each
    for each in (
        MP4,
        Format("prores", ".mov", "ProRes 422 HQ", "for editing programs", True, _coded(PRORES)),
        Format("ffv1", ".mkv", "FFV1", "lossless video", True, _coded(FFV1)),
        Format("png", ".zip", "PNG frames", "lossless pictures in a zip, silent", False, lambda p, _, t: PngZip(p, t)),
        Format("webm", ".webm", "WebM", "VP9, for web pages", True, _coded(WEBM), Sharing(1280, 60)),
        Format("webp", ".webp", "WebP", "moving picture, silent", False, _coded(WEBP), Sharing(720, 20)),
        Format("gif", ".gif", "GIF", "moving picture of 256 colours, silent", False, GifFile, Sharing(480, 10, 15)),
    )
}
"""All formats; the first one is what results are written in when nothing else is asked for."""


def format_for(target: Path) -> Format | None:
    """The format that the name of a file asks for, None where it asks for none that is known."""
    return next((each for each in FORMATS.values() if each.suffix == target.suffix.lower()), None)
