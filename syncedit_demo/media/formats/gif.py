"""Frames as a GIF, whose 256 colours are chosen from all of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self, cast

import av
from av.error import BlockingIOError as MoreIsNeeded
from av.error import EOFError as AllCame
from av.filter import Graph

from syncedit_demo.media.atomic import output_errors
from syncedit_demo.media.filtering import add_source
from syncedit_demo.media.formats.coded import CodedFile, Coding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    from av.packet import Packet
    from av.video.stream import VideoStream

    from syncedit_demo.frames import Frame

UNTIL_THEN = Coding("matroska", "ffv1", "bgr0", {"level": "3", "slices": "4"})
"""How frames wait on the disk until all are there and the colours can be chosen."""

CLOCK = 100
"""Units of a second that a GIF counts in."""


class GifFile:
    """A GIF in the making, that repeats for ever; see `FrameWriter`.

    Args:
        path: Where it is written; beside it is what is needed until then.
        frame_rate: Frames per second. A GIF counts hundredths of a second: single frames are that much off, not all.
        target: The file that it becomes, named when writing fails.
    """

    def __init__(self, path: Path, frame_rate: Fraction, target: Path) -> None:
        self._path = path
        self._rate = frame_rate
        self._target = target
        self._waiting = path.with_suffix(".waiting.mkv")
        self._frames = CodedFile(self._waiting, frame_rate, target, UNTIL_THEN)

    def write(self, frame: Frame) -> None:
        """See `FrameWriter`."""
        self._frames.write(frame)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._frames.__exit__(kind, error, trace)
            if kind is None:
                self._write_gif()
        finally:
            with suppress(OSError):
                self._waiting.unlink()

    def _write_gif(self) -> None:
        palette = _palette(self._waiting)
        with output_errors(self._target), av.open(str(self._path), "w", format="gif") as container:
            stream = container.add_stream("gif", rate=self._rate)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = (*_size(self._waiting), "pal8")
            stream.codec_context.time_base = 1 / self._rate
            for number, picture in enumerate(_in_colours(self._waiting, palette)):
                picture.pts = number
                picture.time_base = 1 / self._rate
                container.mux(cast("list[Packet[VideoStream]]", stream.encode(picture)))
            container.mux(cast("list[Packet[VideoStream]]", stream.encode(None)))


def _pictures(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            # The numbers that the filters go by; the times are put on afterwards.
            picture = picture.reformat(format="bgra")  # noqa: PLW2901
            yield picture


def _size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def _palette(path: Path) -> av.VideoFrame:
    """The 256 colours that come nearest to those of all frames, as a picture of 16×16."""
    graph = Graph()
    source = None
    for number, picture in enumerate(_pictures(path)):
        if source is None:
            source = add_source(graph, picture)
            chosen, sink = graph.add("palettegen", "reserve_transparent=0"), graph.add("buffersink")
            source.link_to(chosen)
            chosen.link_to(sink)
            graph.configure()
        picture.pts = number
        source.push(picture)
    assert source is not None
    source.push(None)
    pulled = graph.pull()
    assert isinstance(pulled, av.VideoFrame)
    return pulled


def _in_colours(path: Path, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """The frames in the colours of a palette, with patterns for those in between that stay where they are."""
    graph = Graph()
    source = None
    for number, picture in enumerate(_pictures(path)):
        if source is None:
            source, colours = add_source(graph, picture), add_source(graph, palette)
            used = graph.add("paletteuse", "dither=bayer:bayer_scale=3:diff_mode=rectangle")
            source.link_to(used, 0, 0)
            colours.link_to(used, 0, 1)
            used.link_to(graph.add("buffersink"))
            graph.configure()
            palette.pts = 0
            colours.push(palette)
            colours.push(None)
        picture.pts = number
        source.push(picture)
        yield from _ready(graph)
    if source is not None:
        source.push(None)
        yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            pulled = graph.pull()
        except (MoreIsNeeded, AllCame):
            return
        assert isinstance(pulled, av.VideoFrame)
        yield pulled
