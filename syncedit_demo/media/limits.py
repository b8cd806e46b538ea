"""What this process is held to when it reads files that nobody vouches for, beside what the system holds it to.

Like the system's limits they are the whole process's, since the libraries that read work in threads of their own.
A process that is held to nothing reads what its user has chosen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from syncedit_demo.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any, BinaryIO, TypeVar

    from av.container import InputContainer
    from av.packet import Packet
    from PIL import Image

    from syncedit_demo.frames import Size
    from syncedit_demo.settings import ReadingLimits

    Item = TypeVar("Item")
    PacketT = TypeVar("PacketT", bound=Packet[Any])

JPEG_SCAN = re.compile(rb"\xff\xda")
"""What a scan of a JPEG begins with; inside one, ff is followed by 00 or by d0 to d7."""

JPEG_FORMATS = ("JPEG", "MPO")
WALKED_FORMATS = ("TIFF", "GIF")
"""Images whose pictures are counted by walking from one to the next."""

MB = 10**6

_held: ReadingLimits | None = None


def hold_process_to(limits: ReadingLimits | None) -> None:
    """Hold all that this process reads from now on to limits, or to none."""
    global _held  # noqa: PLW0603 - the process has one set of limits, as the system sees it too
    _held = limits


def process_limits() -> ReadingLimits | None:
    """What this process is held to, None for nothing."""
    return _held


def is_out_of_room(error: Exception) -> bool:
    """Whether this process is held to limits and has come to that of its memory.

    Elsewhere a decoder says the same of damaged files that announce anything; what else is in them may be of use.
    """
    return _held is not None and isinstance(error, MemoryError)


def check_clip_file(path: Path) -> None:
    """Refuse a clip for its size on disk.

    Raises:
        LimitError: It is larger than is read here.
    """
    if _held is not None and path.stat().st_size > _held.max_upload_mb * MB:
        message = f"{path.name} is larger than the {_held.max_upload_mb} MB that are read here. Export it smaller."
        raise LimitError(message)


def check_container(path: Path, container: InputContainer) -> None:
    """Refuse a clip for what its head announces, before anything of it is read.

    Raises:
        LimitError: It announces more streams, frames or packets than are read here.
    """
    if _held is None:
        return
    streams = len(container.streams)
    if streams > _held.max_clip_streams:
        message = (
            f"{path.name} holds {streams} streams, more than the {_held.max_clip_streams} that are read here. "
            "Export it with one picture and one sound track."
        )
        raise LimitError(message)
    frames = max((stream.frames for stream in container.streams.video), default=0)
    if frames > _held.max_clip_frames:
        raise _too_many_frames(path.name, _held)
    if sum(max(0, stream.frames) for stream in container.streams) > _held.max_clip_packets:
        raise _too_many_packets(_held)


def check_clip_length(path: Path, frames: int, seconds: float) -> None:
    """Refuse a clip for what it was found to hold.

    Raises:
        LimitError: It has more frames, or lasts longer, than is taken here.
    """
    if _held is None:
        return
    if frames > _held.max_clip_frames:
        raise _too_many_frames(path.name, _held)
    if seconds > 60 * _held.max_clip_minutes:
        message = (
            f"{path.name} lasts {seconds / 60:.0f} minutes, longer than the {_held.max_clip_minutes} that are taken "
            "here. Cut out the part that is to be edited."
        )
        raise LimitError(message)


def at_most_packets(packets: Iterable[PacketT]) -> Iterator[PacketT]:
    """The same packets.

    Raises:
        LimitError: There are more, or more of pictures, than are read here.
    """
    limits = _held
    if limits is None:
        yield from packets
        return
    pictures = 0
    for count, packet in enumerate(packets, start=1):
        pictures += packet.stream.type == "video"
        if pictures > limits.max_clip_frames:
            raise _too_many_frames("The clip", limits)
        if count > limits.max_clip_packets:
            raise _too_many_packets(limits)
        yield packet


def at_most_frames(frames: Iterable[Item]) -> Iterator[Item]:
    """The same frames.

    Raises:
        LimitError: There are more than are decoded here.
    """
    limits = _held
    if limits is None:
        yield from frames
        return
    for count, frame in enumerate(frames, start=1):
        if count > limits.max_clip_frames:
            raise _too_many_frames("The clip", limits)
        yield frame


def _too_many_frames(name: str, limits: ReadingLimits) -> LimitError:
    return LimitError(
        f"{name} holds more than the {limits.max_clip_frames} frames that are read here. "
        "Cut out the part that is to be edited."
    )


def _too_many_packets(limits: ReadingLimits) -> LimitError:
    return LimitError(
        f"The clip holds more than the {limits.max_clip_packets} packets that are read here. "
        "Cut out the part that is to be edited, or export it again."
    )


def check_image(path: Path, file: BinaryIO, opened: Image.Image, enough: Size | None) -> None:
    """Refuse an image for what it would take to read it; of a JPEG that is too large, have a smaller copy decoded.

    Args:
        path: The file.
        file: The same, open; it is left where it was.
        opened: The image, of which nothing is decoded yet.
        enough: (width, height) from which more pixels are of no use; None where that is not known.

    Raises:
        LimitError: It is too large, or holds too many pictures or scans.
    """
    if _held is None:
        return
    size = path.stat().st_size
    if size > _held.max_image_mb * MB:
        message = (
            f"The edited frame {path.name} is larger than the {_held.max_image_mb} MB that are read here. "
            "Save it as PNG or JPEG, as large as the first frame."
        )
        raise LimitError(message)
    if opened.format in JPEG_FORMATS:
        _check_scans(path, file, _held.max_image_scans)
    _fit(path, opened, enough, _held.max_image_pixels)
    if opened.format in WALKED_FORMATS and has_more_pictures(opened, _held.max_image_pages):
        message = (
            f"The edited frame {path.name} holds more than the {_held.max_image_pages} pictures that are read here. "
            "Save the one that is meant."
        )
        raise LimitError(message)


def has_more_pictures(opened: Image.Image, most: int) -> bool:
    """Whether an image holds more than so many pictures, none beyond which is looked at."""
    try:
        opened.seek(most)
    except EOFError:
        return False
    finally:
        opened.seek(0)
    return True


def _check_scans(path: Path, file: BinaryIO, most: int) -> None:
    place = file.tell()
    file.seek(0)
    scans = sum(1 for _ in JPEG_SCAN.finditer(file.read()))
    file.seek(place)
    if scans > most:
        message = (
            f"The edited frame {path.name} is a JPEG of {scans} scans, more than the {most} that are read here. "
            "Save it again, as PNG or JPEG."
        )
        raise LimitError(message)


def _fit(path: Path, opened: Image.Image, enough: Size | None, most: int) -> None:
    width, height = opened.size
    if width * height <= most:
        return
    if enough is not None and opened.format in JPEG_FORMATS:
        # It decodes to a half, a quarter or an eighth, none smaller than asked for.
        opened.draft(None, enough)
        if opened.width * opened.height <= most:
            return
    message = (
        f"The edited frame {path.name} has {width}×{height} pixels, more than the {most / 1e6:.3g} megapixels that are "
        "decoded here. It should be as large as the first frame."
    )
    raise LimitError(message)
