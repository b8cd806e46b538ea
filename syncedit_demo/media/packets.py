"""What the packets of a file say: which frames there are, and whether the file is whole."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import av
from av.format import Flags as FormatFlags

from syncedit_demo.media.container import is_encrypted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from syncedit_demo.media.picture_sizes import PictureSizes

DURATION_SLACK = Fraction(1, 4)
DURATION_SLACK_SHARE = Fraction(1, 50)
"""A file that announces up to 1/4 s or 2 % more than it holds is not called broken off: muxers round and pad."""

ESTIMATED_DURATIONS = ("mpegts", "mpeg", "gif", "dv")
"""Containers that announce no duration: the library guesses it."""

REORDERING_CODECS = ("mpeg4", "msmpeg4v2", "msmpeg4v3", "vc1", "wmv3", "h264", "hevc")
"""Codecs that reorder frames, which AVI cannot say: there the frames are counted by decoding them."""


class Scan:
    """What the packets of a file say, gathered while they pass.

    Attributes:
        stream: The picture.
        sizes: Where its pictures change size.
        untimed: Packets of the picture that do not say when they are shown.
        corrupt: Packets of the picture of which a part is missing.
        last_stored: When the last whole packet of the picture is to be decoded, in ticks.
        shown: How long each frame is shown by when it is shown, in ticks; 0 if that is not said.
        repeated: Whether two frames are shown at the same time.
        went_back: Whether packets are to be decoded before those in front of them.
        stored: Packets of the picture that are whole.
        encrypted: Packets of the picture that can only be read with a key.
        heard: Indices of the other streams that hold something.
        start: Where the first packet of any stream begins, in seconds of the container's clock.
        end: Where the last packet of any stream ends.
        picture_end: Where the last frame ends.
    """

    def __init__(self, stream: VideoStream, sizes: PictureSizes) -> None:
        self.stream = stream
        self.sizes = sizes
        self.untimed = 0
        self.corrupt = 0
        self.last_stored = 0
        self.shown: dict[int, int] = {}
        self.repeated = False
        self.went_back = False
        self.stored = 0
        self.encrypted = 0
        self.heard: set[int] = set()
        self.start: Fraction | None = None
        self.end: Fraction | None = None
        self.picture_end: Fraction | None = None
        self._last_dts: int | None = None

    def record(self, packets: Iterator[Packet[Stream]]) -> Iterator[Packet[Stream]]:
        """Note every packet, and pass on those of the picture."""
        torn = False
        for packet in packets:
            self._note_extent(packet)
            if packet.stream_index != self.stream.index:
                self.heard.add(packet.stream_index)
                continue
            # What follows a torn packet may be the rest of it.
            if not packet.is_corrupt and not torn:
                self.last_stored = max(self.last_stored, packet.dts or packet.pts or 0)
            torn = packet.is_corrupt
            if is_encrypted(packet):
                self.encrypted += 1
            elif torn:
                self.corrupt += 1
            else:
                self.stored += 1
                self.sizes.note(packet)
                self._note_order(packet)
                if not packet.is_discard:
                    self._note_frame(packet)
            yield packet

    def needs_decoding(self, container: InputContainer, first: VideoFrame) -> bool:
        """Whether the packets do not tell which frames there are."""
        name = container.format.name
        return (
            self.untimed > 0
            or self.repeated
            or self.went_back
            or first.pts is None
            or bool(container.format.flags & FormatFlags.no_timestamps.value)
            or (name == "avi" and self.stream.codec_context.name in REORDERING_CODECS)
            or (name in ("mpegts", "mpeg") and first.interlaced_frame)
        )

    @property
    def may_hold_fields(self) -> bool:
        """Whether the codec can put each field of a frame into a packet of its own."""
        return self.stream.codec_context.name == "h264"

    @property
    def usual_gap(self) -> Fraction:
        """Time from a frame to the next one, as a rule; 0 where there is no next one."""
        gaps = sorted(after - before for before, after in pairwise(sorted(self.shown)))
        return gaps[len(gaps) // 2] * tick(self.stream) if gaps else Fraction(0)

    def shown_times(self, first: VideoFrame) -> list[int]:
        """Times of the frames that can be shown: none before the first that can be decoded."""
        start = cast("int", first.pts)
        return sorted({start, *(time for time in self.shown if time > start)})

    def last_duration(self, time: int) -> int:
        """How long the frame of a time is shown, in ticks; 0 if that is not said."""
        return self.shown.get(time, 0)

    def _note_order(self, packet: Packet[Stream]) -> None:
        if packet.dts is None:
            return
        self.went_back |= self._last_dts is not None and packet.dts < self._last_dts
        self._last_dts = packet.dts

    def _note_frame(self, packet: Packet[Stream]) -> None:
        if packet.pts is None:
            self.untimed += 1
        elif not (self.stream.codec_context.name == "vp8" and _is_hidden_vp8(packet)):
            self.repeated |= packet.pts in self.shown
            self.shown[packet.pts] = packet.duration or 0

    def _note_extent(self, packet: Packet[Stream]) -> None:
        time = packet.dts if packet.pts is None else packet.pts
        if time is None or packet.is_discard:
            return
        start = time * packet.time_base
        end = start + (packet.duration or 0) * packet.time_base
        self.start = start if self.start is None else min(self.start, start)
        self.end = end if self.end is None else max(self.end, end)
        if packet.stream_index == self.stream.index:
            self.picture_end = end if self.picture_end is None else max(self.picture_end, end)


def without_ragged_tail(times: list[int], last_stored: int) -> list[int]:
    """Frames up to a gap at the end: where a file breaks off, frames shown earlier may be stored later.

    Frames missing for this reason would be decoded after the last one that is stored, and so be shown after that
    time; in other gaps, frames were dropped or the rate varies.
    """
    if len(times) < 3:
        return times
    usual = sorted(after - before for before, after in pairwise(times))[len(times) // 2 - 1]
    for index, (before, after) in enumerate(pairwise(times), start=1):
        if after - before > 1.5 * usual and before + usual / 2 > last_stored:
            return times[:index]
    return times


def broken_off(container: InputContainer, scan: Scan) -> str | None:
    """The sentence on a file that is encrypted in parts or holds less than it announces, None for others."""
    if scan.encrypted:
        return "The file is encrypted in parts, and what is can only be read with a key."
    lengths = _lengths(container, scan)
    if lengths is not None:
        announced, held, slack = lengths
        if announced - held > slack:
            return f"The file ends early: it announces {float(announced):.2f} s, and {float(held):.2f} s are there."
    return None


def _lengths(container: InputContainer, scan: Scan) -> tuple[Fraction, Fraction, Fraction] | None:
    """How long a file says that it is, how long it is, and by how much the two may differ; None if it says nothing."""
    name, stream = container.format.name, scan.stream
    if scan.start is None or scan.end is None or scan.picture_end is None or name in ESTIMATED_DURATIONS:
        return None
    if name == "avi" and stream.average_rate:
        # Frames that were dropped count, too. The duration that the library gives is mended already.
        # Where the header counts finer than the frames come, the last one fills the places up to its end.
        slack = max(1 / stream.average_rate, scan.usual_gap)
        return stream.frames / stream.average_rate, scan.picture_end, slack
    if stream.duration and stream.frames and scan.stored >= stream.frames:
        # All that the table of contents of an mp4 lists is there, whatever its edit list makes of it.
        return None
    if stream.duration:
        # What the edit list of an mp4 leaves out is left out here, too.
        announced = stream.duration * tick(stream)
        held = scan.picture_end - (stream.start_time or 0) * tick(stream)
        return announced, held, announced / stream.frames if stream.frames else _slack(announced)
    if container.duration:
        # In some containers it counts from time 0, in others from the first packet.
        announced = Fraction(container.duration, av.time_base)
        return announced, max(scan.end, scan.end - scan.start), _slack(announced)
    return None


def _slack(announced: Fraction) -> Fraction:
    return max(DURATION_SLACK, announced * DURATION_SLACK_SHARE)


def tick(stream: VideoStream) -> Fraction:
    """The unit of a stream's timestamps, in seconds."""
    return stream.time_base or Fraction(1, av.time_base)


def _is_hidden_vp8(packet: Packet[Stream]) -> bool:
    """Whether a VP8 frame is only there for others to refer to: bit 4 of its header, RFC 6386 section 9.1."""
    return not memoryview(packet)[0] & 0x10
