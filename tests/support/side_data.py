"""Streams that carry beside their frames what few do: an enhancement layer, another view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.nal_units import Bits, nal_unit

if TYPE_CHECKING:
    from pathlib import Path

UNIT = re.compile(rb"\0?\0\0\x01")
SEI_OF_H264, PARAMETERS_OF_ALL = b"\x06", b"\x40\x01"
"""NAL headers: H.264's additional information, and HEVC's parameters of all layers."""


def add_enhancement(stream: Path) -> Path:
    """Add an enhancement layer (LCEVC) to the first picture of a raw H.264 stream."""
    # The country, its second byte, the maker; what a decoder of the layer would read follows.
    payload = bytes((0xB4, 0x00, 0x50, 0x00)) + bytes(range(1, 30))
    data = stream.read_bytes()
    (place,) = (unit.start() for unit in UNIT.finditer(data) if data[unit.end()] & 31 == 5)
    message = bytes((4, len(payload))) + payload + b"\x80"
    stream.write_bytes(data[:place] + nal_unit(SEI_OF_H264, message) + data[place:])
    return stream


def add_views(stream: Path, size: tuple[int, int]) -> Path:
    """Make a raw HEVC stream of (width, height) the left view of two (MV-HEVC)."""
    data = stream.read_bytes()
    second = [unit.start() for unit in UNIT.finditer(data)][1]
    stream.write_bytes(nal_unit(PARAMETERS_OF_ALL, _two_views(size)) + data[second:])
    return stream


def _two_views(size: tuple[int, int]) -> bytes:
    """Parameters of two layers, by ITU-T H.265, 7.3.2.1 and F.7.3.2.1: a plain one, and another view that needs it."""
    main = Bits()
    main.u(4, 0)
    main.u(2, 3)
    main.u(6, 1)
    main.u(3, 0)
    main.u(1, 1)
    main.u(16, 0xFFFF)
    # The main profile, of which the rest is reserved; level 3.1.
    main.u(8, 1)
    main.u(32, 0x60000000)
    main.u(48, 0x900000000000)
    main.u(8, 93)
    main.u(1, 1)
    main.ue(4, 0, 0)
    main.u(6, 1)
    main.ue(1)
    # Both layers are in the second set; no timing; an extension follows.
    main.u(1, 1, 1, 0, 1)
    more = Bits()
    more.u(8, 93)
    more.u(1, 0)
    # Layers differ by their view alone; its number takes one bit.
    more.u(16, 0x4000)
    more.u(3, 0)
    more.u(1, 0, 1)
    more.u(4, 1)
    more.u(1, 0, 1)
    # The second needs the first.
    more.u(1, 1, 0, 0, 1)
    more.ue(1, 0)
    more.u(2, 0)
    more.u(1, 1, 1)
    more.ue(0)
    more.u(16, *size)
    more.u(1, 1)
    more.u(2, 1)
    more.u(4, 0, 0)
    more.u(1, 0, 1, 0, 0)
    more.ue(4, 4, 0, 0, 0)
    more.u(1, 0)
    more.u(2, 2)
    more.ue(0)
    more.u(1, 0, 0)
    return main.aligned(fill="1") + more.ended()
