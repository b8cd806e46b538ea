"""Frames to mp4: what is in the file is what was asked for, and no file is ever half-written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from PIL import Image

from syncedit_demo.errors import OutputError
from syncedit_demo.media.atomic import check_target, staging
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.side_by_side import LABEL_HEIGHT, side_by_side
from syncedit_demo.media.video_writer import VideoFile, finish, read_frames, write_clip
from tests.support.limits import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

NTSC_30 = Fraction(30000, 1001)
SAMPLE_RATE = 48000
CLICKS = (0.25, 0.75, 1.5)
"""Seconds at which the test sound clicks."""


def flat(color: tuple[int, int, int], size: tuple[int, int] = (96, 64)) -> Frame:
    return np.full((size[1], size[0], 3), color, np.uint8)


def ramp(count: int) -> list[Frame]:
    """Frames whose grey level is their index times three."""
    return [flat((3 * index, 3 * index, 3 * index)) for index in range(count)]


def write_clicks(
    path: Path, codec: str, seconds: float = 2.0, *, layout: str = "mono", start: int = 0
) -> AudioInterval:
    """A file with a sound that clicks, its clock at `start`; the interval covers all of it from its first sample."""
    samples = np.zeros((2 if layout == "stereo" else 1, round(seconds * SAMPLE_RATE)), np.float32)
    for click in (each for each in CLICKS if each < seconds):
        first = round(click * SAMPLE_RATE)
        samples[:, first : first + 240] = 0.8 * np.sin(np.arange(240) * 0.6)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = layout
        form = stream.codec_context.format.name
        resampler = av.AudioResampler(form, layout, SAMPLE_RATE, frame_size=stream.codec_context.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start * SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return AudioInterval(path, 0, Fraction(start), Fraction(round(1000 * seconds), 1000), from_first_frame=True)


def read_sound(path: Path) -> NDArray[np.float32]:
    """The sound of an mp4 as its player hears it: placed by its timestamps, sample 0 at time 0."""
    heard = np.zeros(20 * SAMPLE_RATE, np.float32)
    end = 0
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
        for whole in container.decode(audio=0):
            for part in resampler.resample(whole):
                assert part.pts is not None
                assert part.time_base is not None
                at = round(part.pts * part.time_base * SAMPLE_RATE)
                block = part.to_ndarray()[0]
                heard[max(at, 0) : at + block.size] = block[max(-at, 0) :]
                end = at + block.size
    return heard[:end]


def click_times(sound: NDArray[np.float32]) -> list[float]:
    """Seconds at which the sound begins to be loud after a silence."""
    loud = np.flatnonzero(np.abs(sound) > 0.25)
    starts = loud[np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 20]
    return [float(start) / SAMPLE_RATE for start in starts]


@pytest.mark.parametrize("count", [*range(1, 18), *range(24, 30), 50, 81])
def test_every_frame_comes_back_in_order_at_the_exact_rate(tmp_path: Path, count: int) -> None:
    target = tmp_path / "out.mp4"
    write_clip(ramp(count), target, frame_rate=NTSC_30, audio=None)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate) == (count, NTSC_30)
        assert stream.duration is not None
        assert stream.time_base is not None
        # An mp4's edit list counts in milliseconds.
        assert abs(stream.duration * stream.time_base - count / NTSC_30) < Fraction(1, 1000)
        assert stream.start_time == 0
        assert not container.streams.audio
    levels = [float(frame.mean()) for frame in read_frames(target)]
    assert levels == pytest.approx([3 * index for index in range(count)], abs=1.5)


def test_the_file_is_what_every_player_expects(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    write_clip(ramp(5), target, frame_rate=Fraction(25), audio=None)
    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
    boxes = target.read_bytes()
    assert 0 < boxes.index(b"moov") < boxes.index(b"mdat")


@pytest.mark.parametrize(
    "color", [(200, 30, 30), (30, 200, 30), (30, 30, 200), (255, 255, 255), (0, 0, 0), (128, 64, 32)]
)
def test_colours_come_back(tmp_path: Path, color: tuple[int, int, int]) -> None:
    target = tmp_path / "out.mp4"
    write_clip([flat(color)] * 3, target, frame_rate=Fraction(25), audio=None)
    for frame in read_frames(target):
        assert np.abs(frame[8:-8, 8:-8].astype(int) - color).max() <= 3


@pytest.mark.parametrize(
    ("codec", "suffix"), [("aac", "mp4"), ("libopus", "webm"), ("pcm_s16le", "mov"), ("mp3", "mkv")]
)
def test_the_sound_of_the_interval_lies_where_it_lay(tmp_path: Path, codec: str, suffix: str) -> None:
    whole = write_clicks(tmp_path / f"sound.{suffix}", codec)
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=whole)
    assert click_times(read_sound(target)) == pytest.approx(CLICKS, abs=0.002)
    later = AudioInterval(whole.path, 0, Fraction(6, 10), Fraction(12, 10), from_first_frame=False)
    write_clip(ramp(30), target, frame_rate=Fraction(25), audio=later)
    sound = read_sound(target)
    assert click_times(sound) == pytest.approx([0.15, 0.9], abs=0.002)
    assert sound.size / SAMPLE_RATE == pytest.approx(1.2, abs=0.022)


def test_aac_from_the_first_frame_is_copied_and_not_coded_again(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mp4", "aac")
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=whole)
    with av.open(str(whole.path)) as source, av.open(str(target)) as made:
        originals = {bytes(packet) for packet in source.demux(audio=0) if packet.size}
        copies = [bytes(packet) for packet in made.demux(audio=0) if packet.size]
    assert len(copies) > 90
    assert set(copies) <= originals


def test_aac_packets_that_overlap_where_files_were_joined_leave_the_sound_in_its_place(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mp4", "aac")
    # Matroska has no times before 0: AAC's first packet, which comes before the sound, moves all others.
    start = Fraction(1024, SAMPLE_RATE)
    joined = AudioInterval(tmp_path / "joined.mkv", 0, start, whole.duration, from_first_frame=True)
    with av.open(str(whole.path)) as source, av.open(str(joined.path), "w") as container:
        copy = container.add_stream_from_template(source.streams.audio[0])
        for number, packet in enumerate(source.demux(audio=0)):
            if packet.dts is not None:
                packet.stream = copy
                for _ in range(2 if number == 50 else 1):
                    container.mux(packet)
    target = tmp_path / "out.mp4"
    write_clip(ramp(50), target, frame_rate=Fraction(25), audio=joined)
    assert click_times(read_sound(target)) == pytest.approx(CLICKS, abs=0.002)


def test_sound_may_change_its_layout_on_the_way(tmp_path: Path) -> None:
    first = write_clicks(tmp_path / "stereo.ts", "mp2", layout="stereo")
    second = write_clicks(tmp_path / "mono.ts", "mp2", layout="mono", start=2)
    path = tmp_path / "both.ts"
    path.write_bytes(first.path.read_bytes() + second.path.read_bytes())
    target = tmp_path / "out.mp4"
    write_clip(ramp(100), target, frame_rate=Fraction(25), audio=AudioInterval(path, 0, Fraction(0), Fraction(4), True))
    assert click_times(read_sound(target)) == pytest.approx([*CLICKS, *(2 + click for click in CLICKS)], abs=0.02)


def test_sound_of_a_file_in_which_nothing_can_be_looked_up_is_read_from_its_start(tmp_path: Path) -> None:
    path = write_clicks(tmp_path / "sound.vob", "ac3").path
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        start = (stream.start_time or 0) * (stream.time_base or 0)
        with pytest.raises(PermissionError):
            container.seek(round((start + 1) / (stream.time_base or 1)), stream=stream)
    target = tmp_path / "out.mp4"
    later = AudioInterval(path, 0, start + Fraction(6, 10), Fraction(12, 10), from_first_frame=False)
    write_clip(ramp(30), target, frame_rate=Fraction(25), audio=later)
    assert click_times(read_sound(target)) == pytest.approx([0.15, 0.9], abs=0.01)


def test_sound_that_ends_early_or_starts_late_is_filled_with_silence(tmp_path: Path) -> None:
    whole = write_clicks(tmp_path / "sound.mov", "pcm_s16le", seconds=1.0)
    target = tmp_path / "out.mp4"
    interval = AudioInterval(whole.path, 0, Fraction(-1, 2), Fraction(3), from_first_frame=False)
    write_clip(ramp(75), target, frame_rate=Fraction(25), audio=interval)
    sound = read_sound(target)
    assert click_times(sound) == pytest.approx([0.75, 1.25], abs=0.002)
    assert sound.size / SAMPLE_RATE == pytest.approx(3, abs=0.022)


def test_side_by_side_shows_both_under_their_labels(tmp_path: Path) -> None:
    target = tmp_path / "both.mp4"
    labels = ("Reference", "A label far too long for the little room that there is")
    frames = side_by_side([flat((200, 0, 0))] * 4, [flat((0, 0, 200))] * 4, labels)
    write_clip(frames, target, frame_rate=Fraction(25), audio=None)
    made = list(read_frames(target))
    assert len(made) == 4
    assert made[0].shape == (64 + LABEL_HEIGHT, 192, 3)
    left, right = made[2][LABEL_HEIGHT + 8 :, 8:88], made[2][LABEL_HEIGHT + 8 :, 104:184]
    assert np.abs(left.mean(axis=(0, 1)) - (200, 0, 0)).max() < 6
    assert np.abs(right.mean(axis=(0, 1)) - (0, 0, 200)).max() < 6
    header = made[2][:LABEL_HEIGHT]
    assert (header[:, :96] > 128).any()
    assert (header[:, 96:] > 128).any()


def test_side_by_side_of_clips_of_different_length_is_a_defect() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(side_by_side([flat((0, 0, 0))] * 3, [flat((0, 0, 0))] * 2, ("a", "b")))


def test_a_png_is_exactly_the_frame(tmp_path: Path) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    write_png(frame, tmp_path / "frame.png")
    assert (np.asarray(Image.open(tmp_path / "frame.png")) == frame).all()


def test_what_fails_half_way_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"what was there")

    def broken() -> Iterator[Frame]:
        yield from ramp(10)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_clip(broken(), target, frame_rate=Fraction(25), audio=None)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(8)]
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"out\.mp4 cannot be written"):
        write_clip(frames, tmp_path / "out.mp4", frame_rate=Fraction(25), audio=None)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_only_at_the_end_is_said_too(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with VideoFile(tmp_path / "video.mp4", Fraction(25), target) as video:
        for frame in ramp(8):
            video.write(frame)
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"out\.mp4 cannot be written"):
        finish(tmp_path / "video.mp4", tmp_path / "finished.mp4", target, audio=None, comment="long " * 50_000)


def test_a_target_that_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"clip")
    (tmp_path / "folder.mp4").mkdir()
    for target, reason in [
        (tmp_path / "out.avi", "must end in .mp4"),
        (tmp_path / "folder.mp4", "is a folder"),
        (tmp_path / "missing" / "out.mp4", "does not exist"),
        (Path("/sys/out.mp4"), "the folder (is|does not exist)"),
        (clip, "one of the inputs"),
        (tmp_path / ("long" * 100 + ".mp4"), "its name is too long"),
    ]:
        with pytest.raises(OutputError, match=reason):
            check_target(target, ".mp4", (clip,))
    check_target(tmp_path / "out.MP4", ".mp4", (clip,))


def test_a_missing_folder_is_said_when_it_goes_away_later(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"), staging(tmp_path / "gone" / "out.mp4"):
        pytest.fail("there is no folder to write to")


def test_the_encoder_holds_a_bounded_number_of_frames(tmp_path: Path) -> None:
    """Written bytes follow the frames while they come, so nothing waits for the end."""
    rng = np.random.default_rng(1)
    with VideoFile(tmp_path / "video.mp4", Fraction(25), tmp_path / "out.mp4") as video:
        for _ in range(240):
            video.write(rng.integers(0, 256, (64, 96, 3), dtype=np.uint8))
        assert (tmp_path / "video.mp4").stat().st_size > 100_000
