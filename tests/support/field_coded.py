"""H.264 whose fields are coded one by one (PAFF), which no encoder at hand writes: samples stand in it as they are."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from tests.support.media import Video, to_frame
from tests.support.nal_units import Bits, nal_unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.media import Picture

PARAMETERS, PICTURE_PARAMETERS, FIRST_FIELD, SECOND_FIELD = b"\x67", b"\x68", b"\x65", b"\x61"
"""NAL headers: sequence and picture parameter sets; a slice of an IDR picture, and of one that only follows."""


def write_field_coded(path: Path, pictures: Iterable[Picture], rate: Fraction = Fraction(25)) -> Path:
    """Pictures of sides that are multiples of 32 in an mkv or mp4, a packet for each field, the top one first."""
    packets: list[bytes] = []
    size = (0, 0)
    for number, picture in enumerate(pictures):
        frame = to_frame(picture, Video())
        size = (frame.width, frame.height)
        planes = [
            np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width]
            for plane in frame.planes
        ]
        packets += [_field([plane[bottom::2] for plane in planes], number, bottom) for bottom in (0, 1)]
    head = nal_unit(PARAMETERS, _sequence(size, rate)) + nal_unit(PICTURE_PARAMETERS, _picture())
    raw = path.with_suffix(".h264")
    raw.write_bytes(head + b"".join(packets))
    with av.open(str(raw)) as source, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, data in enumerate(packets):
            packet = av.Packet(data if number else head + data)
            packet.stream, packet.time_base, packet.duration = stream, 1 / (2 * rate), 1
            packet.pts = packet.dts = number
            packet.is_keyframe = number % 2 == 0
            container.mux(packet)
    return path


def _sequence(size: tuple[int, int], rate: Fraction) -> bytes:
    bits = Bits()
    bits.u(8, 77, 0, 30)
    bits.ue(0, 0, 0, 4, 1)
    bits.u(1, 0)
    bits.ue(size[0] // 16 - 1, size[1] // 32 - 1)
    # Fields are possible, macroblocks of both are not; timing is all of the usability information.
    bits.u(1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1)
    bits.u(32, rate.denominator, 2 * rate.numerator)
    bits.u(1, 1, 0, 0, 0, 0)
    return bits.ended()


def _picture() -> bytes:
    bits = Bits()
    bits.ue(0, 0)
    bits.u(1, 0, 0)
    bits.ue(0, 0, 0)
    bits.u(1, 0, 0, 0)
    bits.ue(0, 0, 0)
    bits.u(1, 1, 0, 0)
    return bits.ended()


def _field(planes: list[Picture], number: int, bottom: int) -> bytes:
    bits = Bits()
    bits.ue(0, 7, 0)
    bits.u(4, 0)
    bits.u(1, 1, bottom)
    if not bottom:
        bits.ue(number % 2)
    bits.u(8, bottom)
    bits.u(1, *((0,) if bottom else (0, 0)))
    bits.ue(0, 1)
    data = b""
    height, width = planes[0].shape
    for top in range(0, height, 16):
        for left in range(0, width, 16):
            # I_PCM: the samples of a macroblock, after it is aligned to bytes.
            bits.ue(25)
            data += bits.aligned()
            bits = Bits()
            for plane, side in zip(planes, (16, 8, 8), strict=True):
                row, column = top * side // 16, left * side // 16
                data += plane[row : row + side, column : column + side].tobytes()
    return nal_unit(SECOND_FIELD if bottom else FIRST_FIELD, data + b"\x80")
