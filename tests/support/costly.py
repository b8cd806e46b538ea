"""Small files that cost much to read, as somebody who wants to cost much would make them."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tests.support.media import Video, numbered, write_clip

if TYPE_CHECKING:
    from pathlib import Path

AVI_RATE = struct.pack("<II", 1, 25)
"""How long a frame of an AVI is shown, as a fraction of a second: scale and rate in the head of its stream."""


def write_mp4_of_edits(path: Path, edits: int) -> Path:
    """An mp4 of 12 frames whose edit list has so many entries of a frame each."""
    write_clip(path, [numbered(number) for number in range(12)], Video(options={"bf": "2"}))
    data = path.read_bytes()
    entries = struct.pack(">Iii", 40, 1024, 1 << 16) * edits
    edit_list = struct.pack(">I4sII", 16 + len(entries), b"elst", 0, edits) + entries
    path.write_bytes(_with_box(data, (b"moov", b"trak", b"edts", b"elst"), edit_list))
    return path


def write_mp4_of_samples(path: Path, samples: int) -> Path:
    """An mp4 of 12 frames that announces so many of one byte each."""
    write_clip(path, [numbered(number) for number in range(12)])
    within = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    data = _with_box(path.read_bytes(), (*within, b"stsz"), struct.pack(">I4sIII", 20, b"stsz", 0, 1, samples))
    times = struct.pack(">I4sIIII", 24, b"stts", 0, 1, samples, 512)
    path.write_bytes(_with_box(data, (*within, b"stts"), times))
    return path


def _with_box(data: bytes, within: tuple[bytes, ...], box: bytes) -> bytes:
    """The file with the first box of such a path replaced; its boxes before that tell no places of data after it."""
    name, *rest = within
    place = 0
    while data[place + 4 : place + 8] != name:
        place += struct.unpack_from(">I", data, place)[0]
    size = struct.unpack_from(">I", data, place)[0]
    inside = box if not rest else data[place : place + 8] + _with_box(data[place + 8 : place + size], tuple(rest), box)
    if rest:
        inside = struct.pack(">I", len(inside)) + inside[4:]
    return data[:place] + inside + data[place + size :]


def write_large_avi(path: Path) -> Path:
    """An AVI that announces pictures of 8192×4320."""
    write_clip(path, [numbered(0)] * 3, Video(codec="rawvideo", pixel_format="bgr24"))
    # Its lines go from the top to the bottom, which a negative height says.
    path.write_bytes(path.read_bytes().replace(struct.pack("<ii", 160, -96), struct.pack("<ii", 8192, -4320)))
    return path


def write_endless_avi(path: Path) -> Path:
    """An AVI with one picture that announces 25 in 536 870 913 seconds."""
    write_clip(path, [numbered(0)], Video(codec="mjpeg", pixel_format="yuvj420p"))
    path.write_bytes(path.read_bytes().replace(AVI_RATE, struct.pack("<II", 536870913, 25)))
    return path


def write_tiff_of_pages(path: Path, pages: int) -> Path:
    """A TIFF of one picture that is told of in one directory and many more."""
    page = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(page, "TIFF")
    data = page.getvalue()
    start = struct.unpack_from("<I", data, 4)[0]
    following = start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
    directory = data[start:following]
    whole = bytearray(data)
    struct.pack_into("<I", whole, following, len(whole))
    for _ in range(pages):
        whole += directory + struct.pack("<I", len(whole) + len(directory) + 4)
    struct.pack_into("<I", whole, len(whole) - 4, 0)
    path.write_bytes(whole)
    return path


def write_jpeg_of_scans(path: Path, scans: int) -> Path:
    """A progressive JPEG whose last scan is repeated."""
    picture = io.BytesIO()
    Image.fromarray(numbered(3)).save(picture, "JPEG", progressive=True)
    data = picture.getvalue()
    last = data.rindex(b"\xff\xda")
    path.write_bytes(data[:last] + data[last:-2] * scans + data[-2:])
    return path
