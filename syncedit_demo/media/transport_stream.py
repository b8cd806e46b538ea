"""What the packets of an MPEG transport stream say of themselves, ISO/IEC 13818-1 section 2.4.3: lost and scrambled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Headers = NDArray[np.uint8]

SYNC = 0x47
PACKETS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet, and where in it the sync byte is: as broadcast, of cameras (m2ts), with a check sum."""

CHECKED = 16
"""Packets in a row that must begin with the sync byte for a size to be the file's."""


def lost_inside_frames(path: Path, pid: int) -> bool:
    """Whether packets of a stream are missing elsewhere than before the beginning of a frame, where files are joined.

    True also where that cannot be told: the file is no even row of packets.
    """
    headers = _headers(path, pid)
    if headers is None:
        return True
    begins = headers[:, 1] & 0x40 != 0
    failed = headers[:, 1] & 0x80 != 0
    count = headers[:, 3] & 0x0F
    # A packet may come twice.
    step = (count[1:] - count[:-1]) & 0x0F
    return bool(failed.any() or ((step > 1) & ~begins[1:]).any())


def is_scrambled(path: Path, pid: int) -> bool:
    """Whether packets of a stream can only be read with a key."""
    headers = _headers(path, pid)
    return headers is not None and bool((headers[:, 3] & 0xC0).any())


def _headers(path: Path, pid: int) -> Headers | None:
    """The four bytes in front of each packet of a stream that holds some of it, of shape (packets, 4)."""
    data = np.memmap(path, np.uint8, "r")
    for size, offset in PACKETS:
        count = data.size // size
        packets = data[: count * size].reshape(count, size)[:, offset : offset + 4]
        if count and (packets[:CHECKED, 0] == SYNC).all():
            headers = np.array(packets)
            if (headers[:, 0] != SYNC).any():
                return None
            of_stream = (headers[:, 1] & 0x1F).astype(int) << 8 | headers[:, 2]
            return headers[(of_stream == pid) & (headers[:, 3] & 0x10 != 0)]
    return None
