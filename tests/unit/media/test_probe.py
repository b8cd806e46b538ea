from __future__ import annotations

import os
import struct
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from syncedit_demo.errors import ClipError
from syncedit_demo.media.display import ColorInfo
from syncedit_demo.media.probe import probe
from tests.support.costly import write_mp4_of_edits
from tests.support.media import (
    BT601,
    BT2020,
    FULL,
    HLG,
    PQ,
    Sound,
    Video,
    add_sound,
    add_video,
    encode,
    numbered,
    to_frame,
    write_clip,
    write_tone,
)

if TYPE_CHECKING:
    from pathlib import Path

NTSC, FILM, FAST = Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)
PICTURES = [numbered(number) for number in range(24)]
HEVC = {"x265-params": "log-level=none:bframes=0"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(
        tmp_path_factory.mktemp("plain") / "plain.mp4",
        [numbered(number) for number in range(100)],
        Video(options={"g": "25"}),
        sounds=[Sound(seconds=4)],
        container_options={"movflags": "faststart"},
    )


def write_sound(path: Path, codec: str) -> Path:
    with av.open(str(path), "w") as container:
        sound = Sound(codec=codec)
        write_tone(container, add_sound(container, sound), sound)
    return path


# What a good file holds


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv", "h264"])
@pytest.mark.parametrize("rate", [Fraction(25), FILM, NTSC, FAST])
def test_rate_count_and_duration_are_exact(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    clip = probe(write_clip(tmp_path / f"clip.{suffix}", PICTURES, Video(rate=rate)))
    assert (clip.average_rate, clip.frames, clip.duration) == (rate, 24, 24 / rate)
    assert not clip.variable_rate
    assert clip.notes == ()


def test_everything_about_a_plain_clip(plain: Path) -> None:
    clip = probe(plain)
    assert clip.container.startswith("mov,mp4")
    assert (clip.codec, clip.frames, clip.duration, clip.average_rate) == ("h264", 100, 4, 25)
    assert (clip.coded_size, clip.display_size, clip.sample_aspect) == ((160, 96), (160, 96), 1)
    assert (clip.rotation, clip.mirrored, clip.interlaced, clip.alpha) == (0, False, False, False)
    assert (clip.pixel_format, clip.bit_depth) == ("yuv420p", 8)
    assert clip.color == ColorInfo("bt709", "bt709", "bt709", full_range=False)
    assert clip.audio is not None
    assert (clip.audio.codec, clip.audio.sample_rate, clip.audio.channels) == ("aac", 48000, 2)
    assert (clip.start_time, clip.timed, clip.notes) == (0, True, ())


@pytest.mark.parametrize(
    ("degrees", "hflip", "rotation", "mirrored", "size"),
    [
        (-90, False, 90, False, (96, 160)),
        (180, False, 180, False, (160, 96)),
        (90, False, 270, False, (96, 160)),
        (0, True, 0, True, (160, 96)),
    ],
)
def test_orientation(
    tmp_path: Path, degrees: int, hflip: bool, rotation: int, mirrored: bool, size: tuple[int, int]
) -> None:
    clip = probe(write_clip(tmp_path / "turned.mp4", PICTURES[:2], Video(rotation=degrees, hflip=hflip)))
    assert (clip.rotation, clip.mirrored, clip.display_size) == (rotation, mirrored, size)
    assert clip.coded_size == (160, 96)


def test_turn_that_is_no_quarter_is_said(tmp_path: Path) -> None:
    clip = probe(write_clip(tmp_path / "tilted.mp4", PICTURES[:2], Video(rotation=-80)))
    assert clip.rotation == 90
    assert "nearest quarter turn" in clip.notes[0]


@pytest.mark.parametrize(("aspect", "width"), [(Fraction(4, 3), 213), (Fraction(8, 9), 142), (Fraction(16), 160)])
def test_sample_aspect(tmp_path: Path, aspect: Fraction, width: int) -> None:
    clip = probe(write_clip(tmp_path / "wide.mp4", PICTURES[:2], Video(sample_aspect=aspect)))
    assert clip.display_size == (width, 96)
    assert bool(clip.notes) == (aspect > 8)


@pytest.mark.parametrize(
    ("name", "video", "pixel_format", "bits"),
    [
        ("hevc.mp4", Video(codec="libx265", pixel_format="yuv420p10le", options=HEVC), "yuv420p10le", 10),
        ("prores.mov", Video(codec="prores_ks", pixel_format="yuv422p10le"), "yuv422p10le", 10),
        ("mjpeg.avi", Video(codec="mjpeg", pixel_format="yuvj420p", matrix=BT601, color_range=FULL), "yuvj420p", 8),
        ("mpeg4.avi", Video(codec="mpeg4"), "yuv420p", 8),
        ("h264.avi", Video(), "yuv420p", 8),
        ("raw.h264", Video(), "yuv420p", 8),
        ("vp8.webm", Video(codec="libvpx"), "yuv420p", 8),
        ("vp9.webm", Video(codec="libvpx-vp9"), "yuv420p", 8),
        ("anim.gif", Video(codec="gif", pixel_format="rgb8"), "bgra", 8),
        ("rle.mov", Video(codec="qtrle", pixel_format="rgb24"), "rgb24", 8),
    ],
)
def test_formats(tmp_path: Path, name: str, video: Video, pixel_format: str, bits: int) -> None:
    clip = probe(write_clip(tmp_path / name, PICTURES, video))
    assert (clip.frames, clip.average_rate, clip.pixel_format, clip.bit_depth) == (24, 25, pixel_format, bits)
    assert (clip.alpha, clip.notes) == (False, ())


@pytest.mark.parametrize(("transfer", "name"), [(PQ, "smpte2084"), (HLG, "arib-std-b67")])
def test_hdr_is_recognised(tmp_path: Path, transfer: int, name: str) -> None:
    video = Video(
        codec="libx265",
        pixel_format="yuv420p10le",
        options=HEVC,
        primaries=BT2020,
        transfer=transfer,
        matrix=BT2020,
    )
    clip = probe(write_clip(tmp_path / "hdr.mp4", PICTURES[:2], video))
    assert clip.color == ColorInfo("bt2020", name, "bt2020nc", full_range=False)


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("vp9.webm", Video(codec="libvpx-vp9", pixel_format="yuva420p")),
        ("prores.mov", Video(codec="prores_ks", pixel_format="yuva444p10le")),
    ],
)
def test_alpha(tmp_path: Path, name: str, video: Video) -> None:
    clear = [np.dstack((picture, np.full(picture.shape[:2], 99, np.uint8))) for picture in PICTURES[:3]]
    frames = [av.VideoFrame.from_ndarray(p, format="rgba").reformat(format=video.pixel_format) for p in clear]
    assert probe(write_clip(tmp_path / name, frames, video)).alpha


@pytest.mark.parametrize("top_first", [True, False])
def test_interlace(tmp_path: Path, top_first: bool) -> None:
    video = Video(top_field_first=top_first)
    assert probe(write_clip(tmp_path / "fields.mp4", PICTURES[:3], video)).interlaced


def test_screen_recording_is_variable(tmp_path: Path) -> None:
    times = [0, 3, 4, 5, 9, 10, 30, 31, 33, 40, 50, 51, 60, 61]
    clip = probe(write_clip(tmp_path / "vfr.mp4", PICTURES[:14], Video(times=times, time_base=Fraction(1, 60))))
    assert clip.variable_rate
    assert clip.frames == 14
    assert clip.average_rate == clip.frames / clip.duration


def test_dropped_frame_is_said(tmp_path: Path) -> None:
    times = [number for number in range(30) if number != 11]
    pictures = [numbered(number) for number in times]
    clip = probe(write_clip(tmp_path / "drop.mp4", pictures, Video(times=times, time_base=Fraction(1, 30))))
    assert (clip.variable_rate, clip.average_rate, clip.duration, clip.frames) == (False, 30, 1, 29)
    assert clip.notes == ("1 frame is missing inside the clip: the frame before is held.",)


@pytest.mark.parametrize("suffix", ["ts", "flv", "mp4", "mkv"])
@pytest.mark.parametrize("pause", [1, 50])
def test_pause_near_the_end_is_no_end(tmp_path: Path, suffix: str, pause: int) -> None:
    times = [*range(50), *range(50 + pause, 60 + pause)]
    video = Video(times=times, time_base=Fraction(1, 25))
    clip = probe(write_clip(tmp_path / f"pause.{suffix}", [numbered(number) for number in range(60)], video))
    assert (clip.frames, clip.average_rate, clip.duration) == (60, 25, Fraction(60 + pause, 25))
    assert len(clip.notes) == 1
    assert "missing inside the clip: the frame before is held" in clip.notes[0]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_frames(tmp_path: Path, suffix: str, count: int) -> None:
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    clip = probe(write_clip(tmp_path / f"short.{suffix}", PICTURES[:count], Video(codec=codec)))
    assert (clip.frames, clip.average_rate, clip.duration) == (count, 25, Fraction(count, 25))


@pytest.mark.parametrize("size", [(16384, 16), (16, 16384), (161, 97), (2, 2), (1, 1)])
def test_odd_and_extreme_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    video = Video(codec="ffv1", pixel_format="yuv444p")
    assert probe(write_clip(tmp_path / "odd.mkv", [picture], video)).display_size == size


@pytest.mark.parametrize("suffix", ["mkv", "flv", "ts"])
def test_clock_may_start_anywhere(tmp_path: Path, suffix: str) -> None:
    video = Video(times=list(range(250, 274)), time_base=Fraction(1, 25))
    clip = probe(write_clip(tmp_path / f"late.{suffix}", PICTURES, video))
    assert (clip.frames, clip.duration, clip.start_time) == (24, Fraction(24, 25), 10)
    assert clip.notes == ()


def test_edit_list_that_trims_an_mp4_is_believed(tmp_path: Path, plain: Path) -> None:
    data = bytearray(plain.read_bytes())
    duration = data.index(b"elst") + 12
    data[duration : duration + 4] = struct.pack(">I", 2000)
    (tmp_path / "trimmed.mp4").write_bytes(data)
    clip = probe(tmp_path / "trimmed.mp4")
    assert (clip.frames, clip.duration, clip.notes) == (50, 2, ())


@pytest.mark.parametrize(("speed", "said"), [(1 << 15, "0.5"), (2 << 16, "2"), (0, "0")])
@pytest.mark.parametrize("entries", [1, 3])
def test_edit_list_that_asks_for_another_speed_is_said(
    tmp_path: Path, plain: Path, speed: int, said: str, entries: int
) -> None:
    path = write_mp4_of_edits(tmp_path / "slow.mp4", entries)
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12 + 12 * (entries - 1) + 8
    data[place : place + 4] = struct.pack(">I", speed)
    path.write_bytes(data)
    clip = probe(path)
    assert (clip.average_rate, clip.notes[-1]) == (
        25,
        f"The file's edit list asks for {said} times the speed, which is left out of account: the clip is used at its "
        "own.",
    )
    assert probe(plain).notes == ()


def test_hevc_that_stores_fields_as_pictures_is_refused(tmp_path: Path) -> None:
    fields = [numbered(number, (160, 192))[bottom::2] for number in range(4) for bottom in (0, 1)]
    options = {"x265-params": "log-level=none:interlace=tff:bframes=0"}
    path = write_clip(tmp_path / "fields.mkv", fields, Video(codec="libx265", rate=Fraction(50), options=options))
    with pytest.raises(ClipError, match=r"stores each field as a picture of half the height.*Save it deinterlaced"):
        probe(path)


@pytest.mark.parametrize(("last", "said"), [(80, None), (120, "0.12"), (2000, "2.00")])
@pytest.mark.parametrize("count", [2, 6])
def test_a_last_frame_that_stays_is_used_once_and_that_is_said(
    tmp_path: Path, count: int, last: int, said: str | None
) -> None:
    pictures = [Image.fromarray(picture) for picture in PICTURES[:count]]
    durations = [40] * (count - 1) + [last]
    pictures[0].save(tmp_path / "stays.gif", save_all=True, append_images=pictures[1:], duration=durations)
    clip = probe(tmp_path / "stays.gif")
    assert (clip.frames, clip.average_rate) == (count, 25)
    assert [note for note in clip.notes if "last frame" in note] == (
        [] if said is None else [f"The last frame is announced to stay for {said} s; it is used once, like others."]
    )


def test_a_rate_that_the_frames_are_not_timed_at_is_said(tmp_path: Path) -> None:
    twice = Video(times=list(range(0, 48, 2)), time_base=Fraction(1, 25))
    clip = probe(write_clip(tmp_path / "half.mkv", PICTURES, twice))
    assert (clip.frames, clip.average_rate) == (24, Fraction(25, 2))
    assert clip.notes == ("The file declares 25 frames per second, but its frames are timed at 12.5, which is used.",)


def test_avi_that_leaves_dropped_frames_empty_is_whole(tmp_path: Path) -> None:
    times = [number for number in range(200) if number % 20 != 19]
    video = Video(codec="mjpeg", pixel_format="yuvj420p", times=times, time_base=Fraction(1, 25))
    clip = probe(write_clip(tmp_path / "dropped.avi", [numbered(number) for number in times], video))
    assert (clip.frames, clip.average_rate) == (190, 25)
    assert clip.notes == ("9 frames are missing inside the clip: the frame before is held.",)


def test_subtitle_may_stay_longer_than_the_picture(tmp_path: Path) -> None:
    path, video = tmp_path / "titled.mkv", Video()
    with av.open(str(path), "w") as container:
        stream = add_video(container, video)
        stream.width, stream.height = 160, 96
        titles = container.add_mux_stream("subrip")
        for number, picture in enumerate(PICTURES):
            encode(container, stream, video, number, to_frame(picture, video))
        container.mux(stream.encode(None))
        title = av.Packet(b"Hello")
        title.stream, title.time_base = titles, Fraction(1, 1000)
        title.pts, title.dts, title.duration = 0, 0, 8000
        container.mux(title)
    assert probe(path).notes == ()


def test_clock_that_jumps_back_keeps_the_sound_where_it_starts_and_is_said(tmp_path: Path) -> None:
    video = Video(times=list(range(25, 49)), time_base=Fraction(1, 25))
    for name, sounds in (("sound.ts", [Sound(codec="mp2")]), ("silent.ts", [])):
        path = write_clip(tmp_path / name, PICTURES, video, sounds=sounds)
        once = probe(path)
        assert once.start_time >= 1
        path.write_bytes(path.read_bytes() * 2)
        clip = probe(path)
        assert (clip.frames, clip.average_rate, clip.start_time, clip.timed) == (48, 25, once.start_time, False)
        (note,) = (note for note in clip.notes if "clock jumps back" in note)
        sound = ", and sound after the jump may be missing or shifted" if sounds else ""
        assert note == (
            f"The file's clock jumps back, as where recordings were joined: frames are taken at an even rate{sound}."
        )


def test_default_streams_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "several.mkv"
    small, large = Video(), Video(rate=Fraction(30))
    with av.open(str(path), "w") as container:
        streams = [add_video(container, small), add_video(container, large), add_video(container, small)]
        tones = [add_sound(container, Sound(layout=layout)) for layout in ("stereo", "mono")]
        cover, main, _ = streams
        cover.disposition = Disposition.attached_pic
        main.disposition = Disposition.default
        streams[2].disposition = Disposition(0)
        tones[0].disposition = Disposition(0)
        tones[1].disposition = Disposition.default
        for stream, video, size in zip(
            streams, (small, large, small), ((640, 640), (160, 96), (320, 192)), strict=True
        ):
            stream.width, stream.height = size
            for number in range(5):
                encode(container, stream, video, number, to_frame(numbered(number, size), video))
        for stream in streams:
            container.mux(stream.encode(None))  # pyright: ignore[reportUnknownMemberType] - av's stubs
        for tone, layout in zip(tones, ("stereo", "mono"), strict=True):
            write_tone(container, tone, Sound(layout=layout))
    clip = probe(path)
    assert (clip.coded_size, clip.average_rate) == ((160, 96), 30)
    assert clip.audio is not None
    assert (clip.audio.index, clip.audio.channels) == (4, 1)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_a_track_that_holds_no_sound_is_none(tmp_path: Path, suffix: str) -> None:
    path, video = tmp_path / f"silent.{suffix}", Video()
    with av.open(str(path), "w") as container:
        stream = add_video(container, video)
        add_sound(container, Sound())
        stream.width, stream.height = 160, 96
        for number, picture in enumerate(PICTURES[:6]):
            encode(container, stream, video, number, to_frame(picture, video))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        assert container.streams.audio
    clip = probe(path)
    assert (clip.audio, clip.frames, clip.notes) == (None, 6, ())


@pytest.mark.parametrize(
    "name",
    [
        "-leading.mp4",
        "with space.mp4",
        "quo'te\".mp4",
        "ünï 影片.mp4",
        "clip%03d.mp4",
        "concat:x|y.mp4",
        "http:x.mp4",
        "pic%d.png",
        "new\nline",
    ],
)
def test_names_are_only_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Path, name: str) -> None:
    (tmp_path / name).write_bytes(plain.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(type(plain)(name)).frames == 100


# Files that are broken, lie, or are something else


def expect_error(path: Path, *words: str) -> None:
    with pytest.raises(ClipError) as caught:
        probe(path)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert message.endswith(".")
    assert str(path.parent) not in message


def test_missing_folder_and_device(tmp_path: Path) -> None:
    expect_error(tmp_path / "nothing.mp4", "There is no file")
    expect_error(tmp_path, "is a folder")
    os.mkfifo(tmp_path / "pipe.mp4")
    expect_error(tmp_path / "pipe.mp4", "not a file")


def test_unreadable_file(tmp_path: Path, plain: Path) -> None:
    path = tmp_path / "locked.mp4"
    path.write_bytes(plain.read_bytes())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    expect_error(path, "cannot be opened")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    expect_error(tmp_path / "empty.mp4", "is empty")


@pytest.mark.parametrize(
    "text",
    [
        "hello world\n" * 100,
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{clip}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{clip}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{clip}</BaseURL></MPD>',
        "[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,hi\n",
        "1\n00:00:01,000 --> 00:00:02,000\nhi\n",
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{clip}"/></svg>',
    ],
)
def test_text_and_lists_of_other_files(tmp_path: Path, plain: Path, text: str) -> None:
    (tmp_path / "text.mp4").write_text(text.format(clip=plain))
    expect_error(tmp_path / "text.mp4", "not a video that can be read")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp", "tiff", "gif"])
@pytest.mark.parametrize("renamed", [True, False])
def test_image(tmp_path: Path, kind: str, renamed: bool) -> None:
    path = tmp_path / ("photo.mp4" if renamed else f"photo.{kind}")
    Image.fromarray(PICTURES[0]).save(path, format=kind)
    expect_error(path, "is an image", kind)


@pytest.mark.parametrize(("suffix", "codec"), [("m4a", "aac"), ("mp4", "aac"), ("wav", "pcm_s16le"), ("flac", "flac")])
def test_sound_without_picture(tmp_path: Path, suffix: str, codec: str) -> None:
    expect_error(write_sound(tmp_path / f"sound.{suffix}", codec), "only sound")


def test_missing_table_of_contents(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "late.mp4", PICTURES, Video())
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    expect_error(path, "moov", "incomplete")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_mp4_gives_the_frames_that_are_there(tmp_path: Path, plain: Path, share: float) -> None:
    data = plain.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(len(data) * share)])
    clip = probe(tmp_path / "cut.mp4")
    assert 0 < clip.frames < 100
    assert clip.duration == clip.frames / clip.average_rate
    assert "ends early: it announces 4.00 s" in clip.notes[0]
    assert f"{clip.frames} frames that can be decoded are used" in clip.notes[0]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("cut.webm", "libvpx-vp9"), ("cut.mkv", "libx264"), ("cut.avi", "mjpeg"), ("cut.ts", "libx264")],
)
def test_cut_stream_of_other_containers(tmp_path: Path, name: str, codec: str) -> None:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_clip(tmp_path / name, PICTURES * 3, Video(codec=codec, pixel_format=pixel_format))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    clip = probe(path)
    assert 0 < clip.frames < 72
    assert (clip.average_rate, clip.duration) == (25, Fraction(clip.frames, 25))
    assert "can be decoded" in clip.notes[0]


@pytest.mark.parametrize(("suffix", "codec"), [("ts", "libx264"), ("flv", "libx264"), ("vob", "mpeg2video")])
def test_nothing_is_missing_before_the_place_where_a_stream_was_cut(tmp_path: Path, suffix: str, codec: str) -> None:
    video = Video(codec=codec, options={"bf": "2"})
    data = write_clip(tmp_path / f"whole.{suffix}", PICTURES * 3, video).read_bytes()
    path = tmp_path / f"cut.{suffix}"
    for share in range(30, 100, 5):
        path.write_bytes(data[: len(data) * share // 100])
        clip = probe(path)
        assert 0 < clip.frames <= 72
        assert (clip.average_rate, clip.duration) == (25, Fraction(clip.frames, 25))


def test_damaged_start_is_left_out(tmp_path: Path, plain: Path) -> None:
    data = bytearray(plain.read_bytes())
    start = data.index(b"mdat") + 100
    data[start : start + 1500] = np.random.default_rng(1).bytes(1500)
    (tmp_path / "bad.mp4").write_bytes(data)
    clip = probe(tmp_path / "bad.mp4")
    assert (clip.frames, clip.start_time) == (75, 1)
    assert clip.notes == ("25 frames at the start cannot be decoded and are left out.",)


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("h264", Video()),
        ("vp9", Video(codec="libvpx-vp9")),
        # What decodes it is called otherwise.
        ("av1", Video(codec="libsvtav1", options={"preset": "12"})),
    ],
)
def test_nothing_decodes(tmp_path: Path, name: str, video: Video) -> None:
    path = write_clip(tmp_path / "zero.mp4", PICTURES[:4], video, container_options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\xff" * (len(data) - start)
    path.write_bytes(data)
    expect_error(path, f"zero.mp4 holds {name} video of which no frame can be decoded: the file is damaged. Copy it")


@pytest.mark.parametrize(("box", "offset"), [(b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)])
@pytest.mark.parametrize("value", [10, 10**7])
def test_mp4_that_lies_about_its_duration(tmp_path: Path, plain: Path, box: bytes, offset: int, value: int) -> None:
    data = bytearray(plain.read_bytes())
    place = data.index(box) + 4 + offset
    data[place : place + 4] = struct.pack(">I", value)
    (tmp_path / "lie.mp4").write_bytes(data)
    clip = probe(tmp_path / "lie.mp4")
    assert (clip.frames, clip.average_rate, clip.duration) == (100, 25, 4)


def test_matroska_that_lies_about_rate_and_duration(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "lie.mkv", PICTURES, Video(rate=Fraction(30)))
    data = bytearray(path.read_bytes())
    default_duration = data.index(b"\x23\xe3\x83") + 3
    length = data[default_duration] & 0x7F
    data[default_duration + 1 : default_duration + 1 + length] = (200_000_000).to_bytes(length, "big")
    duration = data.index(b"\x44\x89\x88") + 3
    data[duration : duration + 8] = struct.pack(">d", 100_000.0)
    path.write_bytes(data)
    clip = probe(path)
    assert (clip.frames, clip.average_rate, clip.duration) == (24, 30, Fraction(24, 30))
    assert "it announces 100.00 s" in clip.notes[0]


def test_avi_that_lies_about_its_frames(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "lie.avi", PICTURES, Video(codec="mjpeg", pixel_format="yuvj420p"))
    data = bytearray(path.read_bytes())
    length = data.index(b"strh") + 8 + 32
    data[length : length + 4] = struct.pack("<I", 9999)
    path.write_bytes(data)
    clip = probe(path)
    assert (clip.frames, clip.average_rate) == (24, 25)
    assert "announces 399.96 s, and 0.96 s are there" in clip.notes[0]


def test_pictures_beyond_the_limit_are_refused(tmp_path: Path, plain: Path) -> None:
    with pytest.raises(ClipError, match="megapixels"):
        probe(plain, max_pixels=160 * 96 - 1)
    video = Video(codec="mjpeg", pixel_format="yuvj420p")
    motion_jpeg = write_clip(tmp_path / "large.avi", PICTURES[:2], video)
    with pytest.raises(ClipError, match=r"larger than the 0\.0154 megapixels"):
        probe(motion_jpeg, max_pixels=160 * 96 - 1)
    header = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0" + bytes(6)
    image = b"\x2c" + struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\0\x02\x02D\x01\0;"
    (tmp_path / "bomb.gif").write_bytes(header + image)
    expect_error(tmp_path / "bomb.gif")


def test_unknown_codec(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "new.mp4").write_bytes(plain.read_bytes().replace(b"avc1", b"zzzz"))
    expect_error(tmp_path / "new.mp4", "cannot be decoded here")


@pytest.mark.parametrize("seed", range(20))
def test_any_damage_ends_in_a_clip_or_a_sentence(tmp_path: Path, plain: Path, seed: int) -> None:
    data = bytearray(plain.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(data.index(b"moov"), data.index(b"mdat"), size=4):
        data[place] = random.integers(256)
    (tmp_path / "damaged.mp4").write_bytes(data)
    with suppress(ClipError):
        assert probe(tmp_path / "damaged.mp4").frames >= 1


def test_stream_that_starts_inside_a_scene(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "late.ts", [numbered(number) for number in range(75)], Video(options={"g": "25"}))
    data = path.read_bytes()
    path.write_bytes(data[len(data) // 4 // 188 * 188 :])
    clip = probe(path)
    assert clip.frames == 50
    assert "at the start cannot be decoded" in clip.notes[0]
