"""The clip at the plan's geometry and rate: one streaming decode of the original file.

Frames are decoded, deinterlaced where they must be, chosen for the plan's rate, and only then brought to the
plan's picture: cropped, resampled once, made RGB, turned upright.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import chain, groupby
from typing import TYPE_CHECKING

from av.error import BlockingIOError as NotReadyError
from av.error import EOFError as FilterEndError
from av.error import FFmpegError
from av.filter import Graph

from syncedit_demo.conform.converter import PictureConverter
from syncedit_demo.errors import ClipError
from syncedit_demo.media.container import decode_packets, make_decoder, open_container, read_packets
from syncedit_demo.media.filtering import add_source
from syncedit_demo.media.streams import video_of
from syncedit_demo.prefetch import prefetch
from syncedit_demo.settings import MAX_CLIP_PIXELS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from av.video.frame import VideoFrame

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan

logger = logging.getLogger(__name__)

SEEK_LEADS = (Fraction(0), Fraction(10))
"""Seconds before the wanted frame that are tried one after the other, before decoding from the start."""

SEEK_FROM = Fraction(1, 2)
"""Clips are decoded from their start for an interval that begins in the first half second."""

UNSEEKABLE = "mpeg"
"""MPEG-PS gives few frames a time. The others' times are reckoned from them, after a seek by up to 3 frames wrong."""

Position = Fraction
"""Where a frame is in the clip: its number in a constant rate, its time in seconds in a variable one."""


def conform(path: Path, clip: ClipInfo, plan: EditPlan, *, max_pixels: int = MAX_CLIP_PIXELS) -> Generator[Frame]:
    """Decode the plan's frames from the original file, in order.

    Only what is needed is decoded, and no more than a few frames are held. Should the file break off on the way, or its
    pictures grow beyond the limit, the last good frame is given again. Closing the generator closes the file.

    Args:
        path: The file that `clip` was found in.
        clip: What the file holds.
        plan: Interval, rate, crop and size.
        max_pixels: Largest picture that is decoded, width × height: the limit under which `clip` was found.

    Yields:
        Exactly `plan.frames` frames, of shape (plan.height, plan.width, 3). Each is the caller's own.

    Raises:
        ClipError: The file cannot be opened any more, or none of the frames can be decoded.
    """
    converter = PictureConverter(clip, plan)
    targets = [frame_position(index, clip, plan) for index in range(plan.frames)]
    if clip.interlaced:
        # The frame before takes part in the first frame's deinterlacing.
        before = targets[0] - (1 / clip.average_rate if clip.variable_rate else 1)
        frames = _deinterlace(_decode_from(path, clip, before, max_pixels))
    else:
        frames = _decode_from(path, clip, targets[0], max_pixels)
    # The next one is decoded while one is converted.
    with closing(prefetch(_choose(frames, targets, path))) as chosen:
        for frame in chosen:
            yield converter.convert(frame)


def first_frame(path: Path, clip: ClipInfo, plan: EditPlan, *, max_pixels: int = MAX_CLIP_PIXELS) -> Frame:
    """The first frame that `conform` gives, to the bit, of shape (plan.height, plan.width, 3).

    Raises:
        ClipError: As for `conform`.
    """
    return next(conform(path, clip, replace(plan, frames=1), max_pixels=max_pixels))


def frame_position(index: int, clip: ClipInfo, plan: EditPlan) -> Position:
    """Which source frame a frame of the plan shows: the last one at or before this position.

    In a constant rate it is the nearest position on the source's grid, so that 60 → 30 takes every second frame. In a
    variable rate it is the frame's time, and a source frame that comes up to a quarter of a frame later still counts.

    Args:
        index: Number of the frame in the plan, from 0.
        clip: The source.
        plan: Start and rate.
    """
    time = (plan.start + index) / plan.frame_rate
    if clip.variable_rate:
        return time + Fraction(1, 4) / plan.frame_rate
    return Fraction(math.floor(time * clip.average_rate + Fraction(1, 2)))


def _decode_from(
    path: Path, clip: ClipInfo, target: Position, max_pixels: int
) -> Iterator[tuple[Position, VideoFrame]]:
    """Frames and their positions, rising, from at or before a position to the end; from the start if seeking fails."""
    time = target if clip.variable_rate else (target + Fraction(1, 4)) / clip.average_rate
    for lead in SEEK_LEADS:
        if not clip.timed or clip.container == UNSEEKABLE or time - lead < SEEK_FROM:
            break
        frames = _decode(path, clip, time - lead, max_pixels)
        # Frames before the first key frame may refer to what was not decoded.
        first = next((found for found in frames if found[1].key_frame), None)
        if first is not None and first[0] <= target:
            yield first
            yield from frames
            return
    yield from _decode(path, clip, None, max_pixels)


def _decode(
    path: Path, clip: ClipInfo, seek_to: Fraction | None, max_pixels: int
) -> Iterator[tuple[Position, VideoFrame]]:
    with open_container(path, max_pixels) as container:
        stream = video_of(container, clip.stream)
        if stream is None or stream.time_base is None:
            message = f"{path.name} is not the clip that it was any more; choose it again."
            raise ClipError(message)
        if seek_to is not None:
            try:
                container.seek(math.floor((clip.start_time + seek_to) / stream.time_base), stream=stream)
            except FFmpegError:
                return
        frames = decode_packets(make_decoder(stream, max_pixels), read_packets(container, stream))
        for index, frame in enumerate(frames):
            if not clip.timed:
                yield Fraction(index), frame
            elif frame.pts is not None:
                time = frame.pts * stream.time_base - clip.start_time
                position = time if clip.variable_rate else Fraction(round(time * clip.average_rate))
                if position >= 0:
                    yield position, frame


def _choose(
    frames: Iterator[tuple[Position, VideoFrame]], targets: Iterable[Position], path: Path
) -> Iterator[VideoFrame]:
    """For each target the last frame at or before it; the last frame of all where they run out."""
    current = next(frames, None)
    if current is None:
        message = f"No frame of {path.name} can be decoded any more; choose the clip again."
        raise ClipError(message)
    upcoming: tuple[Position, VideoFrame] | None = current
    for target in targets:
        while upcoming is not None and upcoming[0] <= target:
            current = upcoming
            # A frame right at the target needs no look at the next one.
            if current[0] == target:
                break
            upcoming = next(frames, None)
        if upcoming is None and target > current[0]:
            logger.info("%s has no frame at %s; the last one is held", path.name, target)
        yield current[1]


def _deinterlace(frames: Iterator[tuple[Position, VideoFrame]]) -> Iterator[tuple[Position, VideoFrame]]:
    """Whole pictures from the first field of every interlaced frame, by the BBC's bwdif."""
    for _, alike in groupby(frames, key=lambda found: (found[1].width, found[1].height, found[1].format.name)):
        first = next(alike)
        graph = Graph()
        graph.link_nodes(
            add_source(graph, first[1]), graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
        ).configure()
        positions: deque[Position] = deque()
        for position, frame in chain((first,), alike):
            positions.append(position)
            frame.pts = len(positions)
            graph.vpush(frame)
            yield from _pull(graph, positions)
        graph.vpush(None)
        yield from _pull(graph, positions)


def _pull(graph: Graph, positions: deque[Position]) -> Iterator[tuple[Position, VideoFrame]]:
    while True:
        try:
            frame = graph.vpull()
        except (NotReadyError, FilterEndError):
            return
        yield positions.popleft(), frame
