"""Where the pictures of a stream change size or shape: a phone that was turned, recordings that were joined."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

    from syncedit_demo.frames import Size

logger = logging.getLogger(__name__)

PARAMETER_SETS = {"h264": (0x1F, 0, 7), "hevc": (0x7E, 1, 33)}
"""For codecs that keep the size in a parameter set: mask and shift of a NAL unit's type, and the set's type."""

START_CODE = b"\0\0\1"
SKIM_ALL, DECODE = "ALL", "DEFAULT"


class PictureSizes:
    """The sizes of a stream's pictures and the shapes of their samples, gathered from its packets as they pass.

    Sizes change at key frames alone. Decoders read no more than their headers where that tells the size; where a
    parameter set has it, only key frames that come with another set are decoded.

    Attributes:
        changes: When the size becomes another one, in ticks or None where that is not said, and which (width, height).
        aspects: The same of the samples' width divided by their height, as the pictures themselves say.
        first_aspect: The samples' width divided by their height before that.
    """

    def __init__(self, stream: VideoStream, max_pixels: int) -> None:
        self.changes: list[tuple[int | None, Size]] = []
        self.aspects: list[tuple[int | None, Fraction]] = []
        self.first_aspect = Fraction(1)
        self._stream = stream
        self._max_pixels = max_pixels
        self._codec = stream.codec_context.codec.canonical_name
        self._parameters: list[bytes] = []
        self._size: Size | None = None
        self._aspect: Fraction | None = None
        self._decoder: VideoCodecContext | None = None

    def note(self, packet: Packet[Stream]) -> None:
        """Look at a whole packet of the stream."""
        if not packet.is_keyframe:
            return
        if self._codec in PARAMETER_SETS:
            found = list(_parameter_sets(bytes(packet), self._codec, _length_size(self._stream)))
            if not found or found == self._parameters:
                return
            first, self._parameters = not self._parameters, found
            if first and self._size is None and not self._stream.codec_context.extradata:
                self._size = self._measure(packet)
                self._note_aspect(None)
                return
        size = self._measure(packet)
        if size is None:
            return
        time = packet.dts if packet.pts is None else packet.pts
        if self._size not in (None, size):
            self.changes.append((time, size))
        self._size = size
        self._note_aspect(time)

    def _note_aspect(self, time: int | None) -> None:
        aspect = self._decoder.sample_aspect_ratio if self._decoder else None
        aspect = aspect if aspect and aspect > 0 else Fraction(1)
        if self._aspect is None:
            self.first_aspect = aspect
        elif aspect != self._aspect:
            self.aspects.append((time, aspect))
        self._aspect = aspect

    def _measure(self, packet: Packet[Stream]) -> Size | None:
        decoder = self._decoder or self._make_decoder()
        self._decoder = decoder
        try:
            decoder.decode(packet)
        except FFmpegError as error:
            logger.debug("The size of a picture is not known: %s", error)
            return None
        return (decoder.width, decoder.height) if decoder.width else None

    def _make_decoder(self) -> VideoCodecContext:
        header = self._stream.codec_context
        decoder = av.CodecContext.create(header.codec, "r")
        assert isinstance(decoder, av.VideoCodecContext)
        if header.extradata:
            decoder.extradata = header.extradata
        decoder.options = {"max_pixels": str(self._max_pixels)}
        decoder.thread_count = 1
        decoder.skip_frame = DECODE if self._codec in PARAMETER_SETS else SKIM_ALL
        return decoder


def _length_size(stream: VideoStream) -> int:
    """Bytes of a NAL unit's length; 0 where units follow start codes."""
    extradata = stream.codec_context.extradata or b""
    if extradata[:1] != b"\1":
        return 0
    place = 4 if stream.codec_context.codec.canonical_name == "h264" else 21
    return (extradata[place] & 3) + 1 if len(extradata) > place else 0


def _parameter_sets(data: bytes, codec: str, length_size: int) -> Iterator[bytes]:
    mask, shift, wanted = PARAMETER_SETS[codec]
    for unit in _units_by_length(data, length_size) if length_size else data.split(START_CODE)[1:]:
        if unit and (unit[0] & mask) >> shift == wanted:
            yield unit.rstrip(b"\0")


def _units_by_length(data: bytes, length_size: int) -> Iterator[bytes]:
    place = 0
    while place + length_size < len(data):
        length = int.from_bytes(data[place : place + length_size], "big")
        place += length_size
        yield data[place : place + length]
        place += length
