"""Frames to mp4: H.264 at an exact frame rate, with the reference's audio."""

from __future__ import annotations

import heapq
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import av
import numpy as np
from av.codec.context import CodecContext, Flags
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation

from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.audio import AudioInterval, add_audio, readable
from syncedit_demo.media.container import copied_packets, open_container

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from fractions import Fraction
    from types import TracebackType

    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.audio import AnyPacket

ENCODER_OPTIONS = {
    "crf": "18",
    "preset": "veryfast",
    "profile": "high",
    # A fixed number of encoder threads makes the same bytes on every machine.
    "threads": "4",
}
MP4_OPTIONS = {"movflags": "+faststart"}
MOV_OPTIONS = {"movflags": "+faststart+use_metadata_tags"}
"""A mov's own tags have no description, and no text of more than 64 kB."""

CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""ffmpeg's names of the containers that are finished here, by the endings of their files."""

SOUND = {".mp4": "aac", ".mov": "pcm_s16le", ".mkv": "flac", ".webm": "libopus"}
"""How sound is coded in them: as their users expect it, and without loss where the picture has none."""

GROUP = 12
"""Frames from one keyframe to the next: half a second keeps stepping and seeking in a player quick."""

SHORTEST_GROUP = 3
"""Frames of the last group at least: with fewer x264 reorders none, and its times would not fit the others'."""

ENCODERS = 4
"""Groups that are encoded side by side; none refers to another, so each has an encoder of its own."""


class VideoFile:
    """An H.264 mp4 in the making: High profile, yuv420p, BT.709 limited range and tagged so, crf 18, no audio.

    Frames are converted and encoded in threads of their own, while the caller makes the next ones. At most
    `ENCODERS + 2` groups of frames are held.

    Args:
        path: Where it is written.
        frame_rate: Frames per second, kept exactly.
        target: The file that it becomes part of, named when writing fails.
    """

    def __init__(self, path: Path, frame_rate: Fraction, target: Path) -> None:
        self._target = target
        self._rate = frame_rate
        self._frames = 0
        with output_errors(target):
            self._container = av.open(str(path), "w", format="mp4", options=MP4_OPTIONS)
        self._stream = self._container.add_stream("libx264", rate=frame_rate)
        self._converter = ThreadPoolExecutor(ENCODERS, "convert")
        self._encoder = ThreadPoolExecutor(ENCODERS, "encode")
        self._group: list[Future[av.VideoFrame]] = []
        self._encoding: deque[Future[list[Packet[VideoStream]]]] = deque()

    def write(self, frame: Frame) -> None:
        """Append one frame, RGB uint8 (height, width, 3) with even sides, not to be changed afterwards.

        The first one decides the size.

        Raises:
            OutputError: The disk is full or went away; it may be an earlier frame that could not be written.
        """
        if self._frames == 0:
            height, width, _ = frame.shape
            _configure(self._stream.codec_context, width, height, self._rate)
        self._group.append(self._converter.submit(_to_yuv, frame))
        self._frames += 1
        if len(self._group) == GROUP + SHORTEST_GROUP:
            self._encode_group(GROUP)
        while self._encoding and (self._encoding[0].done() or len(self._encoding) > ENCODERS):
            self._mux(self._encoding.popleft())

    def _encode_group(self, count: int) -> None:
        first = self._frames - len(self._group)
        group, self._group = self._group[:count], self._group[count:]
        context = self._stream.codec_context
        size = context.width, context.height
        self._encoding.append(self._encoder.submit(_encode, group, first, size, self._rate))

    def _mux(self, group: Future[list[Packet[VideoStream]]]) -> None:
        for packet in group.result():
            packet.stream = self._stream
            with output_errors(self._target):
                self._container.mux(packet)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._group:
                    self._encode_group(len(self._group))
                for group in self._encoding:
                    self._mux(group)
                with output_errors(self._target):
                    self._container.close()
        finally:
            self._encoder.shutdown(cancel_futures=True)
            self._converter.shutdown(cancel_futures=True)
            # What is in the making is thrown away; a second failure on the way out would hide the first.
            with suppress(OSError):
                self._container.close()


def _configure(context: VideoCodecContext, width: int, height: int, frame_rate: Fraction) -> None:
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.framerate = frame_rate
    context.time_base = 1 / frame_rate
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.options = ENCODER_OPTIONS
    # The parameter sets go into the container's header, once for all groups.
    context.flags |= Flags.global_header


def _encode(
    group: list[Future[av.VideoFrame]], first: int, size: tuple[int, int], frame_rate: Fraction
) -> list[Packet[VideoStream]]:
    """One group of frames, the first of which is number `first` of the clip; it starts with a keyframe."""
    context = CodecContext.create("libx264", "w")
    _configure(context, *size, frame_rate)
    packets: list[Packet[VideoStream]] = []
    for index, converted in enumerate(group, start=first):
        picture = converted.result()
        picture.pts = index
        picture.time_base = 1 / frame_rate
        packets += context.encode(picture)
    return packets + context.encode(None)


def _to_yuv(frame: Frame) -> av.VideoFrame:
    # Over the frame's own memory: PyAV copies line by line, which would take longer than what is done with it.
    return av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="rgb24").reformat(
        format="yuv420p",
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        dst_color_trc=ColorTrc.BT709,
        dst_color_primaries=ColorPrimaries.BT709,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
    )


def finish(
    video: Path, path: Path, target: Path, *, audio: AudioInterval | None, tags: Mapping[str, str] | None = None
) -> None:
    """Make the playable file: the video stream as it is, the audio, and the tags; of an mp4 or mov, the index first.

    Args:
        video: A file made by `VideoFile`, or another one of one video stream.
        path: Where the finished file is written; its ending says in which container.
        target: The file that it becomes, named when writing fails.
        audio: What to take from the reference, as far as it can be read; None for a silent result.
        tags: Texts of the file's metadata by ffmpeg's names, of those that the container has.

    Raises:
        OutputError: The disk is full or went away.
    """
    # Closing the files writes too, so it happens inside.
    with output_errors(target), ExitStack() as files:
        source = files.enter_context(av.open(str(video)))
        suffix = path.suffix.lower()
        options = {".mp4": MP4_OPTIONS, ".mov": MOV_OPTIONS}.get(suffix, {})
        container = files.enter_context(av.open(str(path), "w", format=CONTAINERS[suffix], options=options))
        container.metadata.update(tags or {})
        tracks: list[Iterator[AnyPacket]] = [copied_packets(source, source.streams.video[0], container)]
        audio = None if audio is None else readable(audio)[0]
        if audio is not None:
            tracks.append(add_audio(files.enter_context(open_container(audio.path)), audio, container, SOUND[suffix]))
        # Interleaved by time, so that neither the muxer nor a player has to hold back one of the two.
        for packet in heapq.merge(*tracks, key=_decode_time):
            container.mux(packet)


class Finisher(Protocol):
    """Does what `finish` does, wherever the clip that the sound comes from is to be read."""

    def __call__(
        self, video: Path, path: Path, target: Path, *, audio: AudioInterval | None, tags: Mapping[str, str] | None
    ) -> None:
        """See `finish`."""
        ...


def write_clip(
    frames: Iterable[Frame],
    target: Path,
    *,
    frame_rate: Fraction,
    audio: AudioInterval | None,
    tags: Mapping[str, str] | None = None,
    finishing: Finisher = finish,
) -> None:
    """Write frames as a finished mp4, whole or not at all.

    Args:
        frames: RGB uint8 (height, width, 3) each, both sides even.
        target: Where the mp4 is written.
        frame_rate: Frames per second.
        audio: What is heard, None for silence.
        tags: As for `finish`.
        finishing: Adds the sound.

    Raises:
        OutputError: The disk is full, or the folder is missing or not writable.
    """
    for _ in writing_clip(frames, target, frame_rate=frame_rate, audio=audio, tags=tags, finishing=finishing):
        pass


def writing_clip(
    frames: Iterable[Frame],
    target: Path,
    *,
    frame_rate: Fraction,
    audio: AudioInterval | None,
    tags: Mapping[str, str] | None = None,
    finishing: Finisher = finish,
) -> Generator[int]:
    """Do what `write_clip` does, and yield after each frame how many are written."""
    with staging(target) as folder:
        with VideoFile(folder / "video.mp4", frame_rate, target) as video:
            for done, frame in enumerate(frames, start=1):
                video.write(frame)
                yield done
        finishing(folder / "video.mp4", folder / "finished.mp4", target, audio=audio, tags=tags)
        publish(folder / "finished.mp4", target)


def read_frames(path: Path) -> Generator[Frame]:
    """The frames of an mp4 that this module made, RGB uint8."""
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            yield picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def _decode_time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base
