"""Files of every kind that is read here, and what can be made of their bytes; the same seed makes the same files."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import av
import av.logging
import pillow_heif
from PIL import Image

from tests.support.media import Sound, Video, numbered, write_clip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES = 8
CLIPS = {
    "h264.mp4": Video(),
    "hevc.mp4": Video(codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}),
    "h264.mov": Video(),
    "h264.mkv": Video(),
    "vp9.webm": Video(codec="libvpx-vp9", options={"cpu-used": "8", "deadline": "realtime"}),
    "av1.webm": Video(codec="libsvtav1", options={"preset": "12"}),
    "mpeg4.avi": Video(codec="mpeg4"),
    "h264.ts": Video(),
    "picture.gif": Video(codec="gif", pixel_format="rgb8"),
}
IMAGES = ("png", "jpg", "webp", "tif", "heic", "avif")
BIG_NUMBERS = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00")
HEAD = 1024
"""Bytes at the start and at the end of a file in which most of what it announces stands."""


def write_seeds(folder: Path) -> list[Path]:
    """One whole file of each kind that this build can write."""
    av.logging.set_level(None)
    for name, video in CLIPS.items():
        if video.codec in av.codecs_available:
            sounds = [] if name.endswith((".gif", ".webm", ".avi")) else [Sound(seconds=0.3)]
            write_clip(folder / name, [numbered(number) for number in range(FRAMES)], video, sounds=sounds)
    picture = Image.fromarray(numbered(3))
    for suffix in IMAGES:
        if suffix == "heic":
            pillow_heif.from_pillow(picture).save(folder / "picture.heic")
        else:
            picture.save(folder / f"picture.{suffix}")
    return sorted(folder.iterdir())


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A file, changed in one of the ways in which files go wrong, or are made to."""
    how = chance.choice((_flip, _cut, _swap, _enlarge, _repeat))
    return how(bytearray(data), chance)


def mutated_files(seeds: list[Path], folder: Path, count: int, seed: int) -> Iterator[Path]:
    """So many files made of whole ones, one after the other; each is gone when the next one is made."""
    chance = random.Random(seed)
    for number in range(count):
        whole = seeds[number % len(seeds)]
        path = folder / f"{number}-{whole.name}"
        path.write_bytes(mutate(whole.read_bytes(), chance))
        yield path
        path.unlink()


def _flip(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 4, 32))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(1, len(data))])


def _swap(data: bytearray, chance: random.Random) -> bytes:
    """Two stretches in each other's place: the boxes of an mp4 where it is one."""
    boxes = _boxes(data)
    if len(boxes) > 1:
        chance.shuffle(boxes)
        return b"".join(boxes)
    first, second = sorted(chance.sample(range(len(data)), 2))
    return bytes(data[second:] + data[first:second] + data[:first])


def _boxes(data: bytearray) -> list[bytes]:
    found: list[bytes] = []
    place = 0
    while place + 8 <= len(data):
        size = struct.unpack_from(">I", data, place)[0]
        if size < 8 or place + size > len(data):
            return []
        found.append(bytes(data[place : place + size]))
        place += size
    return found


def _enlarge(data: bytearray, chance: random.Random) -> bytes:
    """Big numbers where a file announces how large things are."""
    for _ in range(chance.choice((1, 2, 4))):
        place = chance.randrange(min(HEAD, len(data) - 4))
        if chance.random() < 0.5:
            place = len(data) - 4 - place
        data[place : place + 4] = chance.choice(BIG_NUMBERS)
    return bytes(data)


def _repeat(data: bytearray, chance: random.Random) -> bytes:
    first, second = sorted(chance.sample(range(len(data)), 2))
    return bytes(data[:second] + data[first:second] * chance.choice((1, 8)) + data[second:])
