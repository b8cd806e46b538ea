"""What H.264 and HEVC streams are made of, written bit by bit where no encoder at hand writes it."""

from __future__ import annotations

START = b"\0\0\0\1"


class Bits:
    """A bit string in the terms of ITU-T H.264, clause 9.1."""

    def __init__(self) -> None:
        self.text = ""

    def u(self, length: int, *values: int) -> None:
        """Unsigned numbers of so many bits."""
        self.text += "".join(f"{value:0{length}b}" for value in values)

    def ue(self, *values: int) -> None:
        """Unsigned numbers of as many bits as they need."""
        for value in values:
            code = f"{value + 1:b}"
            self.text += "0" * (len(code) - 1) + code

    def aligned(self, fill: str = "0") -> bytes:
        """All of it, filled up to whole bytes."""
        text = self.text + fill * (-len(self.text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")

    def ended(self) -> bytes:
        """All of it and the bit that says where it ends."""
        self.text += "1"
        return self.aligned()


def nal_unit(header: bytes, payload: bytes) -> bytes:
    """A unit behind its start code, such as does not appear inside: what would make one has a 3 put before it."""
    out = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return START + header + bytes(out)
