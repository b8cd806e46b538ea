"""Which of a file's streams is the clip: the one with pictures that follow each other, and the sound beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from av.stream import Discard, Disposition

from syncedit_demo.errors import ClipError
from syncedit_demo.media.container import can_decode, open_container, read_packets
from syncedit_demo.wording import describe_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

IMAGE_BRANDS = frozenset({"heic", "heix", "heim", "heis", "mif1", "avif"})
"""Brands by which an ISO media file says that it is a still image (HEIF, AVIF)."""

PICTURE_DISPOSITIONS = Disposition.attached_pic | Disposition.timed_thumbnails
ANIMATED_WEBP = 0x02
"""The bit in the flags of a WebP's VP8X chunk by which it says that it moves."""


def choose_video(path: Path, container: InputContainer, max_pixels: int) -> tuple[VideoStream, list[str]]:
    """The stream to edit, and a sentence where there are others.

    One of several pictures comes before a still, whatever is marked: motion photos hold a larger still beside the
    clip, and an AVIF that moves holds one in front. Then the one that is marked as default, the largest, the first;
    no cover picture.

    Args:
        path: The file, for what is said and to look ahead in it.
        container: The same file, opened and not read yet.
        max_pixels: Largest picture that is decoded, width × height.

    Raises:
        ClipError: There is no stream that can be used.
    """
    name, brand = container.format.name, container.metadata.get("major_brand", "")
    if name.endswith("_pipe"):
        raise still_image(path, name.removesuffix("_pipe"))
    pictures = [s for s in container.streams.video if can_decode(s) and not s.disposition & PICTURE_DISPOSITIONS]
    pictures.sort(key=lambda s: (not s.disposition & Disposition.default, -s.width * s.height, s.index))
    is_image = brand in IMAGE_BRANDS
    moving = _first_moving(path, pictures) if is_image or len(pictures) > 1 else None
    if is_image and moving is None:
        raise still_image(path, brand)
    if not pictures:
        raise _without_picture(path, container)
    chosen = next((stream for stream in pictures if stream.index == moving), pictures[0])
    if chosen.width * chosen.height > max_pixels:
        message = (
            f"{path.name} has pictures of {chosen.width}×{chosen.height}, more than the {max_pixels / 1e6:.3g} "
            "megapixels that are decoded here. Export it smaller."
        )
        raise ClipError(message)
    return chosen, _others(chosen, pictures)


def choose_audio(container: InputContainer) -> AudioStream | None:
    """The sound that goes with the picture: marked as default before others, then the first."""
    streams = [s for s in container.streams.audio if can_decode(s) and s.sample_rate]
    return min(streams, key=lambda s: (not s.disposition & Disposition.default, s.index), default=None)


def video_of(container: InputContainer, index: int) -> VideoStream | None:
    """The stream that was chosen when the file was first read, all others left unread; None if it is not there."""
    chosen = next((stream for stream in container.streams.video if stream.index == index), None)
    if chosen is None or not can_decode(chosen):
        return None
    _keep_only(container, [index])
    return chosen


def still_image(path: Path, kind: str) -> ClipError:
    """What is said of a file that holds one picture, or a kind of moving picture that is not read here."""
    if kind == "webp" and _webp_moves(path):
        return ClipError(
            f"{path.name} is an animated WebP, which cannot be read as a clip. Save it as an mp4, a GIF or an "
            "animated PNG, and give that."
        )
    return ClipError(f"{path.name} is an image ({kind}), not a clip; give a video file here.")


def _first_moving(path: Path, pictures: Sequence[VideoStream]) -> int | None:
    """Index of the first stream with more than one picture. What a file says of their number need not be true."""
    left = [stream.index for stream in pictures]
    seen: set[int] = set()
    several: set[int] = set()
    if not left:
        return None
    with open_container(path) as ahead:
        _keep_only(ahead, left)
        for packet in read_packets(ahead, *(ahead.streams[index] for index in left)):
            index = packet.stream_index
            (several if index in seen else seen).add(index)
            if left[0] in several:
                break
    return next((index for index in left if index in several), None)


def _keep_only(container: InputContainer, indices: Sequence[int]) -> None:
    for stream in container.streams:
        if stream.index not in indices:
            stream.discard = Discard.all


def _others(chosen: VideoStream, pictures: Sequence[VideoStream]) -> list[str]:
    if len(pictures) == 1:
        return []
    sizes = ", ".join(describe_size((s.width, s.height)) for s in pictures if s.index != chosen.index)
    used = describe_size((chosen.width, chosen.height))
    rest = "other" if len(pictures) == 2 else "others"
    return [f"The file holds {len(pictures)} video tracks: the one of {used} is used, and not the {rest} ({sizes})."]


def _without_picture(path: Path, container: InputContainer) -> ClipError:
    if any(not can_decode(other) for other in container.streams.video):
        return ClipError(f"{path.name} holds video of a kind that cannot be decoded here. Export it as H.264.")
    holds = "only sound" if container.streams.audio else "no video"
    return ClipError(f"{path.name} holds {holds}; give a file with a picture.")


def _webp_moves(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(21)
    return head[12:16] == b"VP8X" and bool(head[20] & ANIMATED_WEBP)
