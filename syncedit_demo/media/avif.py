"""AVIF by FFmpeg, for what Pillow does not give: the colours a file names, and pictures that Pillow refuses.

libavif, by which Pillow reads, refuses a picture whose transparency does not say its own size, as encoders wrote it
until 2021, and one whose Exif block is damaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from PIL import Image

from syncedit_demo.errors import ClipError
from syncedit_demo.media.container import make_decoder, open_container
from syncedit_demo.media.display import orientation

if TYPE_CHECKING:
    from pathlib import Path

    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

BRANDS = (b"avif", b"avis")


def is_avif(head: bytes) -> bool:
    """Whether a file that begins with these bytes, 64 or so, is an AVIF."""
    return head[4:8] == b"ftyp" and any(brand in head[8:] for brand in BRANDS)


def read_nclx(path: Path) -> dict[str, int] | None:
    """What an AVIF says of its colours, named as pillow_heif names it; None where it cannot be read."""
    try:
        with open_container(path) as container:
            stream = _picture(container.streams.video)
            context = stream.codec_context
            return {"color_primaries": context.color_primaries, "transfer_characteristics": context.color_trc}
    except (ClipError, FFmpegError, LookupError):
        return None


def decode_avif(path: Path, max_pixels: int) -> Image.Image | None:
    """The picture of an AVIF, upright; None where it cannot be decoded or is put together of tiles.

    Args:
        path: The file.
        max_pixels: Largest picture that is decoded.
    """
    try:
        with open_container(path, max_pixels) as container:
            count = len(container.streams.video)
            index = _picture(container.streams.video).index
        if count > 2:
            return None
        frame = _decode(path, index, max_pixels)
        pixels = frame.to_ndarray(format="rgb24")
        if count == 2:
            alpha = _decode(path, 1 - index, max_pixels).to_ndarray(format="gray")
            pixels = np.dstack([pixels, alpha])
        (rotation, mirrored), _ = orientation(frame)
    except (ClipError, FFmpegError, LookupError, ValueError):
        return None
    pixels = np.rot90(pixels, -rotation // 90)
    image = Image.fromarray(np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels))
    image.format = "AVIF"
    return image


def _picture(streams: tuple[VideoStream, ...]) -> VideoStream:
    for stream in streams:
        if stream.disposition & Disposition.default:
            return stream
    message = "no picture is the first one"
    raise LookupError(message)


def _decode(path: Path, index: int, max_pixels: int) -> VideoFrame:
    with open_container(path, max_pixels) as container:
        stream = container.streams.video[index]
        decoder = make_decoder(stream, max_pixels)
        for packet in container.demux(stream):
            for frame in decoder.decode(packet):
                return frame
    message = "there is no picture"
    raise ValueError(message)
