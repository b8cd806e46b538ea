"""When the frames of a file are shown: by its packets where they tell, and otherwise by decoding it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from av.error import FFmpegError
from av.format import Flags as FormatFlags

from syncedit_demo.media.container import decode_packets, make_decoder, open_container, read_packets
from syncedit_demo.media.packets import broken_off, without_ragged_tail
from syncedit_demo.media.streams import still_image, video_of
from syncedit_demo.media.transport_stream import lost_inside_frames

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame

    from syncedit_demo.media.packets import Scan

ANIMATED_IMAGES = ("gif", "apng")
STREAMED_FORMATS = ("mpegts", "mpeg", "flv", "live_flv")
"""Containers that may end anywhere."""

FIELD_LOOK = 48
"""Packets that are decoded to see whether each holds a frame, or only a field of one."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When the frames of a file are shown.

    Attributes:
        times: Rising: ticks of the container's clock, or where frames are not timed by it their places.
        start: When the first frame is shown, in ticks.
        timed: Whether the container's clock times the frames.
        jumps: Whether the clock goes back on the way.
        fields: Whether packets hold fields, two of which make a frame.
        broken: The sentence on a file that is damaged or breaks off, None for others.
    """

    times: list[int]
    start: int
    timed: bool
    jumps: bool = False
    fields: bool = False
    broken: str | None = None

    @classmethod
    def of_clock(cls, times: list[int]) -> FrameTimes:
        """Times in ticks of the container's clock."""
        return cls(times, times[0], timed=True)


def frame_times(path: Path, container: InputContainer, scan: Scan, first: VideoFrame, max_pixels: int) -> FrameTimes:
    """When the frames of a file that was read through are shown, without what a broken end makes doubtful.

    Args:
        path: The file, for what has to be decoded.
        container: The same file.
        scan: What its packets say.
        first: Its first frame.
        max_pixels: Largest picture that is decoded, width × height.

    Raises:
        ClipError: It is a still image after all.
    """
    index = scan.stream.index
    broken = broken_off(container, scan)
    if broken is None and scan.corrupt:
        # MPEG-TS marks as torn what is whole before a joint, too.
        is_joined = (
            container.format.name == "mpegts"
            and not lost_inside_frames(path, scan.stream.id)
            and _decodes_cleanly(path, index, max_pixels)
        )
        broken = None if is_joined else "The file breaks off or is damaged."
    fields = first.interlaced_frame and scan.may_hold_fields and _packets_hold_fields(path, index, max_pixels)
    if broken or scan.corrupt or fields or scan.needs_decoding(container, first):
        found = _decoded_times(path, index, max_pixels)
    else:
        found = FrameTimes.of_clock(scan.shown_times(first))
    if broken or container.format.name in STREAMED_FORMATS:
        whole = without_ragged_tail(found.times, scan.last_stored)
        if len(whole) < len(found.times):
            broken = broken or "The file breaks off at its end."
            found = replace(found, times=whole)
    if len(found.times) == 1 and container.format.name in ANIMATED_IMAGES:
        raise still_image(path, container.format.name)
    return replace(found, fields=fields, broken=broken)


def _decoded_times(path: Path, index: int, max_pixels: int) -> FrameTimes:
    """Times of all frames, found by decoding them; their places where they have no times."""
    with open_container(path, max_pixels) as container:
        stream = video_of(container, index)
        assert stream is not None
        frames = decode_packets(make_decoder(stream, max_pixels), read_packets(container, stream))
        times = [frame.pts for frame in frames]
        raw = bool(container.format.flags & FormatFlags.no_timestamps.value)
        streamed = container.format.name in STREAMED_FORMATS
    known = [time for time in times if time is not None]
    if raw or len(known) < len(times) or any(after <= before for before, after in pairwise(known)):
        jumps = streamed and any(after < before for before, after in pairwise(known))
        return FrameTimes(list(range(len(times))), next(iter(known), 0), timed=False, jumps=jumps)
    return FrameTimes.of_clock(known)


def _decodes_cleanly(path: Path, index: int, max_pixels: int) -> bool:
    """Whether all can be decoded without a fault."""
    with open_container(path, max_pixels) as container:
        stream = video_of(container, index)
        assert stream is not None
        decoder = make_decoder(stream, max_pixels)
        decoder.options = {**decoder.options, "err_detect": "explode"}
        try:
            for packet in read_packets(container, stream):
                decoder.decode(packet)
            decoder.decode(None)
        except FFmpegError:
            return False
    return True


def _packets_hold_fields(path: Path, index: int, max_pixels: int) -> bool:
    """Whether fewer frames than packets come out at the start."""
    with open_container(path, max_pixels) as container:
        stream = video_of(container, index)
        assert stream is not None
        packets = list(islice(read_packets(container, stream), FIELD_LOOK))
        return sum(1 for _ in decode_packets(make_decoder(stream, max_pixels), packets)) < len(packets)
