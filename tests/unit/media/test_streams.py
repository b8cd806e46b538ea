"""Which of a file's streams is the clip, and what is said where there is none."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from syncedit_demo.errors import ClipError
from syncedit_demo.media.probe import probe
from tests.support.matroska import claim_encryption
from tests.support.media import Sound, Video, add_video, encode, numbered, to_frame, write_clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEY = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": "a7e61c373e219033c21091fa607bf3b8"}
PICTURES = [numbered(number) for number in range(12)]


def write_tracks(path: Path, tracks: Sequence[tuple[tuple[int, int], int]]) -> Path:
    """A file with tracks of pictures of some size and number, all of them marked as default."""
    video = Video(rate=Fraction(30))
    with av.open(str(path), "w") as container:
        streams = [add_video(container, video) for _ in tracks]
        for stream, (size, count) in zip(streams, tracks, strict=True):
            stream.disposition = Disposition.default
            stream.width, stream.height = size
            for number in range(count):
                encode(container, stream, video, number, to_frame(numbered(number, size), video))
        for stream in streams:
            container.mux(stream.encode(None))  # pyright: ignore[reportUnknownMemberType] - av's stubs
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        probe(path)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
@pytest.mark.parametrize("tracks", [[((160, 96), 20), ((320, 192), 1)], [((320, 192), 1), ((160, 96), 20)]])
def test_a_clip_is_taken_before_a_larger_still_beside_it(
    tmp_path: Path, suffix: str, tracks: list[tuple[tuple[int, int], int]]
) -> None:
    clip = probe(write_tracks(tmp_path / f"motion.{suffix}", tracks))
    assert (clip.coded_size, clip.frames, clip.average_rate) == ((160, 96), 20, 30)
    assert clip.notes == ("The file holds 2 video tracks: the one of 160×96 is used, and not the other (320×192).",)


def test_of_several_clips_the_largest_is_taken_and_they_are_counted(tmp_path: Path) -> None:
    tracks = [((160, 96), 5), ((320, 192), 4), ((64, 64), 6)]
    clip = probe(write_tracks(tmp_path / "three.mkv", tracks))
    assert (clip.coded_size, clip.frames) == ((320, 192), 4)
    assert clip.notes == (
        "The file holds 3 video tracks: the one of 320×192 is used, and not the others (160×96, 64×64).",
    )


def test_a_still_that_is_larger_than_is_decoded_does_not_matter(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "motion.mp4", [((160, 96), 5), ((640, 480), 1)])
    assert probe(path, max_pixels=20_000).frames == 5


def test_two_stills_are_one_picture(tmp_path: Path) -> None:
    clip = probe(write_tracks(tmp_path / "stills.mkv", [((160, 96), 1), ((320, 192), 1)]))
    assert (clip.coded_size, clip.frames) == ((320, 192), 1)


def test_an_avif_that_moves_is_a_clip(tmp_path: Path) -> None:
    path = tmp_path / "moving.avif"
    first, *rest = [Image.fromarray(picture) for picture in PICTURES]
    first.save(path, save_all=True, append_images=rest, duration=100, quality=90)
    clip = probe(path)
    assert (clip.frames, clip.average_rate, clip.coded_size) == (12, 10, (160, 96))
    assert "2 video tracks" in clip.notes[0]


@pytest.mark.parametrize("brand", [b"msf1", b"hevc", b"heic", b"mif1"])
def test_a_heif_sequence_is_a_clip(tmp_path: Path, brand: bytes) -> None:
    path = write_clip(tmp_path / "burst.heic", PICTURES, Video(codec="libx265"), container_format="mp4")
    data = path.read_bytes().replace(b"vide", b"pict", 1)
    path.write_bytes(data[:8] + brand + data[12:])
    clip = probe(path)
    assert (clip.frames, clip.average_rate) == (12, 25)


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_a_still_of_the_same_kinds_is_an_image(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"photo.{kind}"
    if kind == "avif":
        Image.fromarray(PICTURES[0]).save(path)
    else:
        written = write_clip(tmp_path / "one.mp4", PICTURES[:1], Video(codec="libx265"))
        data = written.read_bytes()
        path.write_bytes(data[:8] + b"heic" + data[12:])
    assert refusal(path) == f"photo.{kind} is an image ({kind}), not a clip; give a video file here."


def test_an_animated_webp_is_said_to_be_one_and_what_to_save_instead(tmp_path: Path) -> None:
    moving, still = tmp_path / "moving.webp", tmp_path / "still.webp"
    first, *rest = [Image.fromarray(picture) for picture in PICTURES]
    first.save(moving, save_all=True, append_images=rest, duration=100)
    first.save(still)
    assert refusal(moving) == (
        "moving.webp is an animated WebP, which cannot be read as a clip. Save it as an mp4, a GIF or an animated PNG, "
        "and give that."
    )
    assert "is an image (webp)" in refusal(still)


@pytest.mark.parametrize("scheme", ["cenc-aes-ctr"])
def test_an_encrypted_mp4_is_said_to_be_encrypted(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "drm.mp4"
    write_clip(path, PICTURES, container_options={"encryption_scheme": scheme, **KEY})
    assert refusal(path) == (
        "drm.mp4 is encrypted: its pictures cannot be seen without a key. Give a copy without protection."
    )


@pytest.mark.parametrize("size", [188, 192])
def test_a_scrambled_transport_stream_is_said_to_be_encrypted(tmp_path: Path, size: int) -> None:
    random = np.random.default_rng(1)
    data = write_clip(tmp_path / "clear.ts", PICTURES).read_bytes()
    packets = [bytearray(data[place : place + 188]) for place in range(0, len(data), 188)]
    for packet in packets:
        if packet[1] & 0x1F == 1 and packet[2] == 0 and not packet[3] & 0x20:
            packet[3] |= 0x80
            packet[4:] = random.bytes(184)
    path = tmp_path / "scrambled.ts"
    path.write_bytes(b"".join(bytes(size - 188) + packet for packet in packets))
    assert "scrambled.ts is encrypted" in refusal(path)


def test_an_encrypted_matroska_is_said_to_be_encrypted(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    path = write_clip(tmp_path / "drm.webm", PICTURES, Video(codec="libvpx-vp9"))
    data = bytearray(claim_encryption(path).read_bytes())
    first = data.index(b"\x1f\x43\xb6\x75") + 40
    data[first:] = random.bytes(len(data) - first)
    path.write_bytes(data)
    assert "drm.webm is encrypted" in refusal(path)


def write_pieces(folder: Path) -> tuple[bytes, bytes]:
    """The head and the pictures of an mp4 that is streamed in pieces."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    data = write_clip(folder / "whole.mp4", PICTURES, sounds=[Sound()], container_options=options).read_bytes()
    first = data.index(b"moof") - 4
    return data[:first], data[first:]


def test_the_head_of_a_stream_is_said_to_be_no_more(tmp_path: Path) -> None:
    head, pictures = write_pieces(tmp_path)
    (tmp_path / "init.mp4").write_bytes(head)
    assert refusal(tmp_path / "init.mp4") == (
        "init.mp4 holds only the head of a stream, and no pictures: they are in other files. Put those behind it in "
        "their order, or save the stream as one mp4."
    )
    (tmp_path / "joined.mp4").write_bytes(head + pictures)
    assert probe(tmp_path / "joined.mp4").frames == 12


def test_a_head_that_announces_pictures_is_a_clip_that_was_cut_off(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "whole.mp4", PICTURES, container_options={"movflags": "faststart"}).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: data.index(b"mdat") - 4])
    assert refusal(tmp_path / "cut.mp4") == (
        "cut.mp4 holds h264 video of which no frame can be decoded: the file is damaged. Copy it again, or export it "
        "again."
    )


@pytest.mark.parametrize("first", [b"", struct.pack(">I4s4sI", 16, b"styp", b"msdh", 0)])
def test_a_piece_of_a_stream_is_said_to_lack_its_head(tmp_path: Path, first: bytes) -> None:
    (tmp_path / "seg1.m4s").write_bytes(first + write_pieces(tmp_path)[1])
    assert "seg1.m4s is a piece of a stream without its head" in refusal(tmp_path / "seg1.m4s")
