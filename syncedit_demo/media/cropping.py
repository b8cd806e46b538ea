"""The part of the stored picture that the container asks to be shown: PixelCrop of Matroska, clean aperture of mp4.

The library below reads it from both, and gives it to those alone who write another container. So the head of a Matroska
file of the same stream is written in memory, where it stands in four elements.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    Box = tuple[int, int, int, int]

logger = logging.getLogger(__name__)

CROPPING_CONTAINERS = ("mov", "matroska")
"""Beginnings of the names of containers that can ask for a part of the picture."""

TRACKS = (0x1654AE6B, 0xAE, 0xE0)
"""EBML ids on the way to a picture's settings: Tracks, TrackEntry, Video."""

BOTTOM, TOP, LEFT, RIGHT = 0x54AA, 0x54BB, 0x54CC, 0x54DD
"""EBML ids of how many lines and columns are left out at each side."""

SEGMENT = 0x18538067


def shown_part(stream: VideoStream, size: tuple[int, int]) -> Box | None:
    """(x, y, width, height) in samples of what is to be shown of a stored picture; None if that is all of it.

    Args:
        stream: The picture's stream, opened for reading.
        size: (width, height) of the stored picture in samples.
    """
    if not stream.container.format.name.startswith(CROPPING_CONTAINERS):
        return None
    margins = _margins(_matroska_head(stream))
    left, top = margins.get(LEFT, 0), margins.get(TOP, 0)
    width = size[0] - left - margins.get(RIGHT, 0)
    height = size[1] - top - margins.get(BOTTOM, 0)
    # A cropping that leaves nothing is a mistake in the file.
    if width < 1 or height < 1 or (width, height) == size:
        return None
    return left, top, width, height


def _matroska_head(stream: VideoStream) -> bytes:
    head = io.BytesIO()
    try:
        with av.open(head, "w", format="matroska") as copy:
            copy.add_stream_from_template(stream, opaque=True)
            copy.start_encoding()
    except (FFmpegError, ValueError) as error:
        logger.info("It is not known whether the picture is cropped: %s", error)
        return b""
    return head.getvalue()


def _margins(data: bytes) -> dict[int, int]:
    """The values of the elements of Matroska's Video by their ids."""
    for wanted in (SEGMENT, *TRACKS):
        data = dict(_elements(data)).get(wanted, b"")
    return {key: int.from_bytes(value, "big") for key, value in _elements(data)}


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Ids and contents of EBML elements one after the other, RFC 8794; one of unknown length goes to the end."""
    found: list[tuple[int, bytes]] = []
    place = 0
    while place < len(data):
        id_length = 9 - data[place].bit_length()
        key = int.from_bytes(data[place : place + id_length], "big")
        place += id_length
        length_length = 9 - data[place].bit_length()
        length = int.from_bytes(data[place : place + length_length], "big") - (1 << 7 * length_length)
        place += length_length
        unknown = length == (1 << 7 * length_length) - 1
        end = len(data) if unknown else place + length
        found.append((key, data[place:end]))
        place = end
    return found
