"""Matroska files with elements put in that no muxer at hand writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SEGMENT, TRACKS, TRACK_ENTRY, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
CROP_IDS = {"bottom": 0x54AA, "top": 0x54BB, "left": 0x54CC, "right": 0x54DD}


def element(key: int, content: bytes) -> bytes:
    """One EBML element, its length in eight bytes."""
    return key.to_bytes((key.bit_length() + 7) // 8, "big") + (len(content) | 1 << 56).to_bytes(8, "big") + content


def ask_for_cropping(path: Path, **margins: int) -> Path:
    """Ask in a Matroska file that so many lines or columns at its `top`, `bottom`, `left` or `right` are not shown."""
    crops = b"".join(element(CROP_IDS[side], margin.to_bytes(2, "big")) for side, margin in margins.items())
    path.write_bytes(_with(path.read_bytes(), (SEGMENT, TRACKS, TRACK_ENTRY, VIDEO), crops))
    return path


def claim_encryption(path: Path) -> Path:
    """Say in a Matroska file that its track can only be read with a key, as WebM does."""
    settings = element(0x5035, element(0x47E1, b"\5") + element(0x47E2, bytes(range(16))))
    encoding = element(0x6240, element(0x5033, b"\1") + settings)
    path.write_bytes(_with(path.read_bytes(), (SEGMENT, TRACKS, TRACK_ENTRY), element(0x6D80, encoding)))
    return path


def _with(data: bytes, way: Sequence[int], addition: bytes) -> bytes:
    """The same elements, with an addition at the end of the first one that lies on the way."""
    if not way:
        return data + addition
    place, out, added = 0, b"", False
    while place < len(data):
        key, key_length = _number(data, place, keep_marker=True)
        length, length_length = _number(data, place + key_length, keep_marker=False)
        start = place + key_length + length_length
        place = start + length
        content = data[start:place]
        if key == way[0] and not added:
            content, added = _with(content, way[1:], addition), True
        out += element(key, content)
    return out


def _number(data: bytes, place: int, *, keep_marker: bool) -> tuple[int, int]:
    length = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + length], "big")
    return value if keep_marker else value - (1 << 7 * length), length
