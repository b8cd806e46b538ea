"""Opening files nobody vouches for, and taking the frames out of them.

The libraries below read far more than video: playlists that name other files, network addresses, scripts. Here
a file is a stream of bytes without a name, only formats that hold their own data are recognised, and nothing
else can be opened from inside one.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import av
from av.codec.context import ThreadType
from av.error import FFmpegError

from syncedit_demo.errors import ClipError
from syncedit_demo.media.limits import (
    at_most_frames,
    at_most_packets,
    check_clip_file,
    check_container,
    is_out_of_room,
)
from syncedit_demo.settings import MAX_CLIP_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from io import FileIO
    from pathlib import Path

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

IMAGE_FORMATS = ("png", "jpeg", "jpegls", "jpegxl", "j2k", "webp", "bmp", "tiff", "psd", "exr", "qoi", "ppm", "pgm")
VIDEO_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2 matroska,webm avi gif apng flv live_flv mpegts mpeg mpegvideo mxf ogg asf nut ivf dv "
    "h264 hevc vvc av1 obu m4v vc1 yuv4mpegpipe mjpeg rm wtv"
)
AUDIO_FORMATS = "mp3 wav w64 flac aac ac3 eac3 aiff au caf amr ape wv tta dts mpc mpc8"
"""Recognised only to be able to say that a file is sound without a picture."""

MAX_THREADS = min(os.cpu_count() or 1, 16)
THREAD_PIXELS = 1 << 26
"""Frame threads each hold a picture, so their number is bounded by what all of them hold, whatever the machine."""

SEGMENT_BOXES = (b"styp", b"sidx", b"moof", b"prft", b"emsg")
"""First boxes of the pieces in which an mp4 is streamed."""

ISO_BOXES = (b"ftyp", b"mdat", b"wide", b"free", b"skip", b"pnot")

FrameT = TypeVar("FrameT")
StreamT = TypeVar("StreamT", bound="Stream")


class _Decoder(Protocol[FrameT]):
    """A codec context that makes frames, of picture or of sound; None takes out the last ones."""

    def decode(self, packet: Packet[Any] | None = None) -> list[FrameT]: ...


class _Bytes:
    """A file as bytes without a name, so that nothing can be read from its name."""

    def __init__(self, file: FileIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


@contextmanager
def open_container(path: Path, max_pixels: int = MAX_CLIP_PIXELS) -> Generator[InputContainer]:
    """Open a media file, whatever its name, and close it again.

    Args:
        path: The file.
        max_pixels: Largest picture that may be decoded.

    Raises:
        ClipError: There is no such file, or it is of no format that is read here.
        LimitError: It is more than this process is held to.
    """
    with _open_file(path) as file:
        check_clip_file(path)
        try:
            container = av.open(
                _Bytes(file),
                "r",
                options={
                    "format_whitelist": _whitelist(),
                    "protocol_whitelist": "none",
                    "max_pixels": str(max_pixels),
                },
                metadata_errors="replace",
                buffer_size=1 << 16,
            )
        except (FFmpegError, ValueError) as error:
            if is_out_of_room(error):
                raise
            file.seek(0)
            raise ClipError(_unreadable(path, file.read(16), error)) from error
        with container:
            check_container(path, container)
            yield container


def can_decode(stream: Stream) -> bool:
    """Whether there is a decoder for the stream; without one most of its properties are missing."""
    return cast("object", stream.codec_context) is not None


def make_decoder(stream: VideoStream, max_pixels: int = MAX_CLIP_PIXELS) -> VideoCodecContext:
    """A decoder of the stream, not yet opened, that gives transparency where there is some.

    Transparency of VP8 and VP9 in WebM is a second stream beside the first, which only libvpx reads.
    """
    decoder = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in ("vp8", "vp9"):
        decoder = av.Codec({"vp8": "libvpx", "vp9": "libvpx-vp9"}[decoder.name], "r").create("video")
    decoder.options = {"max_pixels": str(max_pixels)}
    decoder.thread_type = ThreadType.AUTO
    decoder.thread_count = max(1, min(MAX_THREADS, THREAD_PIXELS // max(1, stream.width * stream.height)))
    return decoder


def read_packets(container: InputContainer, *streams: StreamT) -> Iterator[Packet[StreamT]]:
    """The packets of some streams up to their end, or to where the file breaks off.

    Raises:
        LimitError: There are more than this process is held to.
    """
    return at_most_packets(_read_packets(container, *streams))


def _read_packets(container: InputContainer, *streams: StreamT) -> Iterator[Packet[StreamT]]:
    packets = cast("Iterator[Packet[StreamT]]", container.demux(*streams))
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            if is_out_of_room(error):
                raise
            logger.info("The file breaks off: %s", error)
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def decode_packets(
    decoder: _Decoder[FrameT], packets: Iterable[Packet[Any]], on_failure: Callable[[], None] | None = None
) -> Iterator[FrameT]:
    """The frames of packets, in order of presentation; what cannot be decoded is left out, told and logged.

    Raises:
        LimitError: There are more than this process is held to.
        MemoryError: This process is held to limits, and there is no room for the next one.
    """
    return at_most_frames(_decode_packets(decoder, packets, on_failure))


def _decode_packets(
    decoder: _Decoder[FrameT], packets: Iterable[Packet[Any]], on_failure: Callable[[], None] | None
) -> Iterator[FrameT]:
    failures = 0
    for packet in chain(packets, (None,)):
        if packet is not None and is_torn(packet):
            failures += 1
            if on_failure is not None:
                on_failure()
            continue
        try:
            yield from decoder.decode(packet)
        except FFmpegError as error:
            if is_out_of_room(error):
                raise
            failures += 1
            if on_failure is not None:
                on_failure()
            logger.debug("A packet cannot be decoded: %s", error)
    if failures:
        logger.info("%d packets of the clip cannot be decoded", failures)


def copied_packets(source: InputContainer, track: StreamT, container: OutputContainer) -> Iterator[Packet[StreamT]]:
    """The coded packets of a track as those of a new track of another file, which is added at once.

    Packets that say no decode time, as a demuxer's last one does, hold nothing and are left out.
    """
    copy = container.add_stream_from_template(track)

    def packets() -> Iterator[Packet[StreamT]]:
        for packet in source.demux(track):
            if packet.dts is not None:
                packet.stream = copy
                yield cast("Packet[StreamT]", packet)

    return packets()


def is_torn(packet: Packet[Any]) -> bool:
    """Whether a part of the packet is missing, or it is encrypted.

    MPEG-TS marks whole packets next to a gap as torn, too: they are tried.
    """
    return is_encrypted(packet) or (packet.is_corrupt and packet.stream.container.format.name != "mpegts")


def is_encrypted(packet: Packet[Any]) -> bool:
    """Whether a packet of an mp4 can only be read with a key."""
    return packet.has_sidedata("encryption_info")


def _open_file(path: Path) -> FileIO:
    # Who sees a page need not know the folders behind it; "." and "/" have no name.
    name = path.name or path
    try:
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not a file" if path.exists() else None
            message = f"{name} is {kind}; give a video file." if kind else f"There is no file {name}."
            raise ClipError(message)
        if not path.stat().st_size:
            message = f"{name} is empty; copy or download it again."
            raise ClipError(message)
        return path.open("rb", buffering=0)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{name} cannot be opened: {reason}."
        raise ClipError(message) from error


def _whitelist() -> str:
    formats = [*VIDEO_FORMATS.split(), *AUDIO_FORMATS.split(), *(f"{name}_pipe" for name in IMAGE_FORMATS)]
    return ",".join(name for entry in formats for name in entry.split(","))


def _unreadable(path: Path, head: bytes, error: Exception) -> str:
    logger.info("%s cannot be opened: %s", path, error)
    if head[4:8] in SEGMENT_BOXES:
        return (
            f"{path.name} is a piece of a stream without its head. Put the pieces together in their order behind the "
            "head (often called init.mp4), or save the stream as one mp4."
        )
    if head[4:8] in ISO_BOXES:
        return (
            f"{path.name} is incomplete: its table of contents (the moov box) is missing or broken, so no frame can "
            "be found. Copy it again, or export it again."
        )
    return f"{path.name} is not a video that can be read here. Use an mp4, mov, webm, mkv or avi file."
