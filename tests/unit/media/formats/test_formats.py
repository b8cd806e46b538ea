"""Every format: what is in the file is what was asked for, as anybody's decoder reads it by its own defaults."""

from __future__ import annotations

import io
import json
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from syncedit_demo.errors import OutputError
from syncedit_demo.media.atomic import publish, staging
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.formats.finishing import finish_as
from syncedit_demo.media.formats.registry import FORMATS, Format, format_for
from tests.support.limits import file_size_limit
from tests.support.media import Sound, write_clip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from syncedit_demo.frames import Frame

RATE = Fraction(30000, 1001)
COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (255, 255, 255), (0, 0, 0), (128, 64, 32)]


def bars(count: int) -> list[Frame]:
    """Six colours beside each other, and below them noise, another in each frame; (64, 192, 3)."""
    top = np.repeat(np.repeat(np.array(COLOURS, np.uint8)[None], 32, axis=1), 32, axis=0)
    noise = np.random.default_rng(3).integers(0, 256, (count, 32, 192, 3), dtype=np.uint8)
    return [np.concatenate([top, each]) for each in noise]


def write(frames: Iterable[Frame], form: Format, target: Path, audio: AudioInterval | None = None) -> None:
    """Write and finish a file as an edit does."""
    with staging(target) as folder:
        made = folder / f"frames{form.suffix}"
        with form.open(made, RATE, target) as file:
            for frame in frames:
                file.write(frame)
        finished = folder / f"result{form.suffix}"
        finish_as(made, finished, target, audio=audio, tags={"comment": '{"a": 1}', "description": "AI-edited"})
        assert {each.name for each in folder.iterdir()} <= {made.name, finished.name}
        publish(finished, target)


def decoded(path: Path) -> list[Frame]:
    """The frames as ffmpeg gives them when it is told nothing, or Pillow where ffmpeg reads no such file."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as file:
            names = [name for name in file.namelist() if name.endswith(".png")]
            return [np.asarray(Image.open(io.BytesIO(file.read(name)))) for name in names]
    if path.suffix == ".webp":
        with Image.open(path) as picture:
            return [np.asarray(each.convert("RGB")) for each in ImageSequence.Iterator(picture)]
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def colours(frame: Frame) -> list[list[int]]:
    """The middle of each bar, averaged over its inner pixels."""
    return [np.rint(frame[8:24, 32 * bar + 8 : 32 * bar + 24].mean((0, 1))).astype(int).tolist() for bar in range(6)]


@pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
def test_colours_come_back_from_every_frame(tmp_path: Path, form: Format) -> None:
    target = tmp_path / f"out{form.suffix}"
    write(bars(9), form, target)
    frames = decoded(target)
    assert len(frames) == (9 if form.name != "gif" else 5)
    for frame in (frames[0], frames[-1]):
        assert np.abs(np.array(colours(frame)) - COLOURS).max() <= (8 if form.name == "gif" else 4)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["ffv1", "png"])
def test_what_is_lossless_is_equal_to_the_bit(tmp_path: Path, name: str) -> None:
    form = next(each for each in FORMATS.values() if each.name == name)
    frames = bars(7)
    write(frames, form, tmp_path / f"out{form.suffix}")
    back = decoded(tmp_path / f"out{form.suffix}")
    assert len(back) == len(frames)
    assert all(np.array_equal(one, other) for one, other in zip(frames, back, strict=True))


@pytest.mark.parametrize(
    ("name", "codec", "profile", "pixels", "matrix", "span"),
    [
        ("mp4", "h264", "High", "yuv420p", 1, 1),
        ("prores", "prores", "HQ", "yuv422p10le", 1, 1),
        ("ffv1", "ffv1", None, "bgr0", 0, 2),
        ("webm", "vp9", "Profile 0", "yuv420p", 1, 1),
    ],
)
def test_a_video_says_what_it_is_and_keeps_its_rate(
    tmp_path: Path, name: str, codec: str, profile: str | None, pixels: str, matrix: int, span: int
) -> None:
    form = next(each for each in FORMATS.values() if each.name == name)
    target = tmp_path / f"out{form.suffix}"
    write(bars(13), form, target)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, stream.average_rate) == (codec, pixels, RATE)
        assert profile is None or context.profile == profile
        said = {key.lower(): value for key, value in container.metadata.items()}
        assert said["comment"] == '{"a": 1}'
        assert said["description"] == "AI-edited"
        times = [frame.time for frame in container.decode(stream)]
        assert times == pytest.approx([float(index / RATE) for index in range(13)], abs=0.001)
        frame = next(av.open(str(target)).decode(video=0))
        assert (frame.color_primaries, frame.color_trc) == (1, 1)
        assert (frame.colorspace, frame.color_range) == (matrix, span)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("prores", "pcm_s16le", 44100), ("ffv1", "flac", 44100), ("webm", "opus", 48000), ("mp4", "aac", 44100)],
)
def test_sound_goes_where_it_can(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    clip = tmp_path / "clip.mp4"
    write_clip(clip, bars(30), sounds=[Sound(sample_rate=44100)])
    form = next(each for each in FORMATS.values() if each.name == name)
    target = tmp_path / f"out{form.suffix}"
    write(bars(30), form, target, AudioInterval(clip, 1, Fraction(0), 30 / RATE, from_first_frame=True))
    with av.open(str(target)) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name == codec
        assert stream.codec_context.sample_rate == rate
        samples = np.concatenate([each.to_ndarray().reshape(-1) for each in container.decode(stream)])
        assert np.abs(samples.astype(np.float64)).max() > 0


def test_a_zip_of_pictures_holds_the_record_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        write(bars(3), FORMATS["png"], tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as file:
        assert file.testzip() is None
        assert file.namelist() == ["frame-0001.png", "frame-0002.png", "frame-0003.png", "record.json"]
        assert json.loads(file.read("record.json")) == {"a": 1}


@pytest.mark.parametrize(("name", "count", "milliseconds"), [("gif", 6, 400), ("webp", 12, 400)])
def test_what_is_shared_repeats_and_lasts_as_long_as_the_clip(
    tmp_path: Path, name: str, count: int, milliseconds: int
) -> None:
    form = next(each for each in FORMATS.values() if each.name == name)
    target = tmp_path / f"out{form.suffix}"
    write(bars(12), form, target)
    with Image.open(target) as picture:
        assert getattr(picture, "n_frames", 1) == count
        assert picture.info["loop"] == 0
        lasts = 0
        for each in ImageSequence.Iterator(picture):
            each.load()
            lasts += int(each.info["duration"])
    assert lasts == pytest.approx(milliseconds, abs=25)


def test_large_frames_are_made_smaller_for_a_gif_and_that_is_said() -> None:
    gif = FORMATS["gif"]
    assert gif.scaled((1280, 704)) == (480, 264)
    assert gif.scaled((704, 1280)) == (264, 480)
    assert gif.scaled((320, 256)) == (320, 256)
    assert [gif.every(Fraction(rate)) for rate in (12, 15, 24, 25, 30)] == [1, 1, 2, 2, 2]
    assert gif.notes((1280, 704), RATE) == (
        "For GIF the result is made smaller, 480×264.",
        "For GIF one of 2 frames is kept.",
    )
    assert FORMATS["mp4"].notes((4096, 2048), Fraction(60)) == ()


def test_a_large_frame_is_written_smaller(tmp_path: Path) -> None:
    frame = np.repeat(np.repeat(bars(1)[0], 5, axis=0), 5, axis=1)
    write([frame] * 3, FORMATS["gif"], tmp_path / "out.gif")
    assert decoded(tmp_path / "out.gif")[0].shape == (160, 480, 3)


def test_what_is_too_long_to_be_shared_is_refused_in_a_sentence(tmp_path: Path) -> None:
    FORMATS["gif"].check(tmp_path / "out.gif", Fraction(25), 250)
    with pytest.raises(OutputError, match=r"GIF is for up to 10 s and this is 10\.0 s: take at most 250 frames, or"):
        FORMATS["gif"].check(tmp_path / "out.gif", Fraction(25), 251)
    FORMATS["prores"].check(tmp_path / "out.mov", Fraction(25), 100_000)


@pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, form: Format) -> None:
    target = tmp_path / f"out{form.suffix}"
    frames = list(np.random.default_rng(1).integers(0, 256, (6, 320, 320, 3), dtype=np.uint8))
    with file_size_limit(40_000), pytest.raises(OutputError, match=rf"out\{form.suffix} cannot be written"):
        write(frames, form, target)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
def test_what_fails_half_way_leaves_nothing(tmp_path: Path, form: Format) -> None:
    def broken() -> Iterable[Frame]:
        yield from bars(3)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(broken(), form, tmp_path / f"out{form.suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["prores", "ffv1", "png"])
def test_frames_are_written_as_they_come(tmp_path: Path, name: str) -> None:
    form = next(each for each in FORMATS.values() if each.name == name)
    path = tmp_path / f"out{form.suffix}"
    with form.open(path, RATE, path) as file:
        for frame in bars(120):
            file.write(frame)
        # Noise, a quarter of which at least is on the disk before the last frame is.
        assert path.stat().st_size > 300_000


def test_a_name_asks_for_its_format(tmp_path: Path) -> None:
    assert {name: format_for(tmp_path / f"a.b{form.suffix}") for name, form in FORMATS.items()} == FORMATS
    assert format_for(tmp_path / "OUT.MOV") is FORMATS["prores"]
    assert format_for(tmp_path / "out.avi") is None
