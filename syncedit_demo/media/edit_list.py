"""At what speed the edit list of an mp4 or mov asks its picture to be played, which the library below does not tell."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BOXES = 10_000
"""Boxes whose heads are read on one level; a film has a few dozen."""

MAX_EDITS = 1000
"""Entries of an edit list that are looked at."""

ONE = 1 << 16
"""Speed 1 in the list's 16.16 fixed point, ISO/IEC 14496-12."""


def asked_speed(path: Path, track: int) -> Fraction | None:
    """The first speed other than 1 in the edit list of a track; None where there is none.

    Args:
        path: An mp4 or mov.
        track: The track's id.
    """
    with path.open("rb") as file:
        end = file.seek(0, 2)
        for moov in _boxes(file, 0, end, b"moov"):
            for trak in _boxes(file, *moov, b"trak"):
                if _track_id(file, trak) == track:
                    return next(_speeds(file, trak), None)
    return None


def _boxes(file: BinaryIO, start: int, end: int, name: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes of a name begin and end, of those between two places."""
    for _ in range(MAX_BOXES):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return
        size, length = struct.unpack_from(">I", head)[0], 8
        if size == 1 and len(head) == 16:
            size, length = struct.unpack_from(">Q", head, 8)[0], 16
        # Size 0 goes to the end.
        after = start + size if size else end
        if not start + length <= after <= end:
            return
        if head[4:8] == name:
            yield start + length, after
        start = after


def _track_id(file: BinaryIO, trak: tuple[int, int]) -> int | None:
    for start, _ in _boxes(file, *trak, b"tkhd"):
        file.seek(start)
        head = file.read(24)
        place = 20 if head[:1] == b"\1" else 12
        return struct.unpack_from(">I", head, place)[0] if len(head) == 24 else None
    return None


def _speeds(file: BinaryIO, trak: tuple[int, int]) -> Iterator[Fraction]:
    for edts in _boxes(file, *trak, b"edts"):
        for start, end in _boxes(file, *edts, b"elst"):
            file.seek(start)
            head = file.read(8)
            size = 20 if head[:1] == b"\1" else 12
            data = file.read(min(end - start - 8, MAX_EDITS * size)) if len(head) == 8 else b""
            for place in range(0, len(data) - size + 1, size):
                speed = struct.unpack_from(">i", data, place + size - 4)[0]
                if speed != ONE:
                    yield Fraction(speed, ONE)
