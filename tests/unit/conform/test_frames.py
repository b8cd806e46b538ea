from __future__ import annotations

import gc
import os
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.conform.frames import conform, first_frame, frame_position
from syncedit_demo.media.display import ColorInfo
from syncedit_demo.media.probe import ClipInfo, probe
from syncedit_demo.plan import EditPlan, PlanOptions, conformed_frames, plan_edit
from tests.support.media import (
    BT601,
    BT709,
    BT2020,
    FULL,
    HLG,
    LIMITED,
    PQ,
    UNSPECIFIED,
    Sound,
    Video,
    numbered,
    read_corners,
    read_number,
    write_clip,
    write_growing_clip,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEVC = "log-level=none:keyint=20:bframes=4"


def planned(clip: ClipInfo, *, size: tuple[int, int] = (320, 256), whole: bool = True) -> EditPlan:
    """The default plan, made small, of the whole picture."""
    plan = plan_edit(clip, PlanOptions(max_frames=1000))
    crop = (0, 0, *clip.display_size) if whole else plan.crop
    return replace(plan, width=size[0], height=size[1], crop=crop)


def numbers(path: Path, clip: ClipInfo, plan: EditPlan) -> list[int]:
    return [read_number(frame) for frame in conform(path, clip, plan)]


# Which frames


def a_clip(rate: Fraction, frames: int, *, variable: bool = False) -> ClipInfo:
    return ClipInfo(
        container="mov",
        codec="h264",
        frames=frames,
        duration=frames / rate,
        average_rate=rate,
        variable_rate=variable,
        coded_size=(160, 96),
        sample_aspect=Fraction(1),
        rotation=0,
        mirrored=False,
        display_size=(160, 96),
        pixel_format="yuv420p",
        bit_depth=8,
        color=ColorInfo("bt709", "bt709", "bt709", full_range=False),
        interlaced=False,
        alpha=False,
        audio=None,
    )


@given(
    st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60), Fraction(120)]),
    st.integers(1, 500),
    st.sampled_from([None, Fraction(12), Fraction(25), Fraction(30)]),
)
def test_positions_rise_and_stay_within_the_clip(rate: Fraction, frames: int, wanted: Fraction | None) -> None:
    clip = a_clip(rate, frames)
    plan = plan_edit(clip, PlanOptions(rate=wanted, max_frames=10_000))
    assert plan.frames == conformed_frames(clip, plan.frame_rate)
    positions = [frame_position(place, clip, plan) for place in range(plan.frames)]
    assert positions[0] == 0
    assert positions == sorted(positions)
    assert positions[-1] <= frames
    assert all(abs(p / rate - k / plan.frame_rate) <= 1 / (2 * rate) for k, p in enumerate(positions))


@given(st.integers(1, 300), st.sampled_from([2, 4]))
def test_halved_rates_take_every_second_or_fourth_frame(frames: int, step: int) -> None:
    clip = a_clip(Fraction(25 * step), frames * step)
    plan = plan_edit(clip, PlanOptions(max_frames=1000))
    assert [frame_position(k, clip, plan) for k in range(plan.frames)] == [k * step for k in range(frames)]


def test_every_frame_once_and_in_order(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", [numbered(number) for number in range(60)], Video())
    clip = probe(path)
    frames = list(conform(path, clip, planned(clip)))
    assert [read_number(frame) for frame in frames] == list(range(60))
    assert all(frame.shape == (256, 320, 3) and frame.dtype == np.uint8 for frame in frames)
    assert read_corners(frames[0]) == (0, 1, 2, 3)


def test_sixty_to_thirty(tmp_path: Path) -> None:
    rate = Fraction(60000, 1001)
    path = write_clip(tmp_path / "fast.mkv", [numbered(number) for number in range(60)], Video(rate=rate))
    clip = probe(path)
    plan = planned(clip)
    assert plan.frame_rate == rate / 2
    assert numbers(path, clip, plan) == list(range(0, 60, 2))


def test_variable_rate_shows_what_is_on_screen_at_each_time(tmp_path: Path) -> None:
    times = [0, 3, 4, 5, 9, 10, 30, 31, 33, 40, 50, 51, 60, 61]
    video = Video(times=times, time_base=Fraction(1, 60))
    path = write_clip(tmp_path / "vfr.mp4", [numbered(time) for time in times], video)
    clip = probe(path)
    plan = planned(clip)
    found = numbers(path, clip, plan)
    expected = [
        max(time for time in times if Fraction(time, 60) <= (place + Fraction(1, 4)) / plan.frame_rate)
        for place in range(plan.frames)
    ]
    assert found == expected


def test_missing_frame_is_held(tmp_path: Path) -> None:
    times = [number for number in range(30) if number != 11]
    video = Video(times=times, time_base=Fraction(1, 30))
    path = write_clip(tmp_path / "drop.mp4", [numbered(number) for number in times], video)
    clip = probe(path)
    assert numbers(path, clip, planned(clip)) == [10 if number == 11 else number for number in range(30)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize(("rate", "kept"), [(30, "1111111110"), (25, "1111111000")])
def test_a_flash_of_one_frame_survives_where_others_are_missing(
    tmp_path: Path, suffix: str, rate: int, kept: str
) -> None:
    times = [number for number in range(60) if kept[number % 10] == "1"]
    coding = Video(codec="mjpeg", pixel_format="yuvj420p") if suffix == "avi" else Video()
    video = replace(coding, times=times, time_base=Fraction(1, rate), rate=Fraction(rate))
    path = write_clip(tmp_path / f"holes.{suffix}", [numbered(number) for number in times], video)
    clip = probe(path)
    assert (clip.average_rate, clip.variable_rate) == (rate, False)
    span = range(times[0], times[-1] + 1)
    assert numbers(path, clip, planned(clip)) == [max(t for t in times if t <= number) for number in span]


SEEKABLE = {
    "h264.mp4": Video(options={"g": "20", "bf": "3"}),
    "open.ts": Video(options={"x264-params": "keyint=20:open-gop=1:bframes=3"}),
    "refresh.mkv": Video(options={"x264-params": "keyint=20:intra-refresh=1"}),
    "open.mp4": Video(codec="libx265", options={"x265-params": f"{HEVC}:open-gop=1"}),
    "vp9.webm": Video(codec="libvpx-vp9", options={"g": "20", "deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": Video(codec="mpeg4", options={"g": "20"}),
    "h264.avi": Video(options={"g": "20", "bf": "3"}),
    "mpeg2.mpg": Video(codec="mpeg2video", options={"g": "15", "bf": "2"}),
    "small.mpg": Video(codec="mpeg2video", options={"g": "15", "bf": "2", "qmin": "31"}),
    "raw.h264": Video(options={"g": "20"}),
    "fields.mov": Video(codec="prores_ks", pixel_format="yuv422p10le", top_field_first=True),
}


@pytest.mark.parametrize("name", SEEKABLE)
def test_interval_from_the_middle_is_the_same_to_the_bit(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path / name, [numbered(number) for number in range(70)], SEEKABLE[name])
    clip = probe(path)
    plan = planned(clip)
    whole = list(conform(path, clip, plan))
    assert len(whole) == 70
    assert [read_number(frame) for frame in whole] == list(range(70))
    for start in (1, 19, 20, 21, 39, 47, 68):
        part = list(conform(path, clip, replace(plan, start=start, frames=2)))
        assert all((one == other).all() for one, other in zip(part, whole[start : start + 2], strict=True))


def test_first_frame_is_the_first_of_conform_to_the_bit(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", [numbered(number) for number in range(50)], Video(options={"g": "20"}))
    clip = probe(path)
    for start in (0, 33):
        plan = replace(planned(clip), start=start, frames=10)
        first = first_frame(path, clip, plan)
        assert (first == next(iter(conform(path, clip, plan)))).all()
        assert read_number(first) == start


def test_file_that_breaks_off_later_gives_all_frames(tmp_path: Path) -> None:
    pictures = [numbered(number) for number in range(60)]
    path = write_clip(tmp_path / "clip.mp4", pictures, container_options={"movflags": "faststart"})
    clip = probe(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    found = numbers(path, clip, planned(clip))
    assert len(found) == 60
    last = found[-1]
    assert 20 < last < 59
    assert found[: last + 1] == list(range(last + 1))
    assert set(found[last:]) == {last}


def test_frames_are_the_callers_own(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "slow.mp4", [numbered(number) for number in range(5)], Video(rate=Fraction(5)))
    clip = probe(path)
    plan = replace(planned(clip), frame_rate=Fraction(25), frames=25)
    frames: list[NDArray[np.uint8]] = []
    for frame in conform(path, clip, plan):
        frames.append(frame.copy())
        frame[:] = 0
    assert [read_number(frame) for frame in frames[::5]] == [0, 1, 2, 3, 4]


def test_closing_early_closes_the_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", [numbered(number) for number in range(60)], sounds=[Sound()])
    clip = probe(path)

    def open_files() -> int:
        gc.collect()
        links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]  # noqa: PTH208 - no Path for it
        return sum(os.path.lexists(link) and os.readlink(link) == str(path) for link in links)  # noqa: PTH115

    frames = conform(path, clip, planned(clip))
    next(frames)
    assert open_files() == 1
    frames.close()
    assert open_files() == 0


# Geometry


@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pictures_come_out_as_players_show_them(tmp_path: Path, degrees: int, hflip: bool) -> None:
    path = write_clip(tmp_path / "turned.mp4", [numbered(0)], Video(rotation=degrees, hflip=hflip))
    clip = probe(path)
    # ffmpeg's display matrices turn counter-clockwise, and flip after that.
    shown = np.rot90([[0, 1], [2, 3]], degrees // 90)
    shown = shown[:, ::-1] if hflip else shown
    plan = planned(clip, size=(256, 320) if degrees in (90, 270) else (320, 256))
    assert read_corners(first_frame(path, clip, plan)) == tuple(shown.ravel())


@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_crop_is_in_display_pixels(tmp_path: Path, degrees: int, hflip: bool) -> None:
    """A crop of the turned clip is the crop of the turned picture."""
    rows, columns = np.mgrid[0:96, 0:160]
    picture = np.stack((rows * 2, columns, 255 - columns), axis=-1).astype(np.uint8)
    video = Video(codec="prores_ks", pixel_format="yuv444p10le", rotation=degrees, hflip=hflip)
    path = write_clip(tmp_path / "turned.mov", [picture], video)
    clip = probe(path)
    x, y, width, height = 12, 20, 48, 32
    plan = replace(planned(clip), crop=(x, y, width, height), width=width, height=height)
    whole = replace(plan, crop=(0, 0, *clip.display_size), width=clip.display_size[0], height=clip.display_size[1])
    expected = first_frame(path, clip, whole)[y : y + height, x : x + width]
    # At the same scale nothing is resampled.
    assert np.abs(first_frame(path, clip, plan).astype(int) - expected).max() <= 1


def test_wide_samples_are_stretched(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "wide.mp4", [numbered(5)], Video(sample_aspect=Fraction(2)))
    clip = probe(path)
    assert clip.display_size == (320, 96)
    plan = replace(planned(clip), crop=(160, 0, 160, 96), width=160, height=96)
    right = first_frame(path, clip, plan)
    half = first_frame(path, clip, replace(plan, crop=(0, 0, 320, 96), width=320))[:, 160:]
    assert np.abs(right.astype(int) - half)[:, 8:].mean() < 1


@pytest.mark.parametrize("size", [(161, 97), (33, 17), (16384, 16), (2, 2), (1, 1)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), (200, 90, 30), np.uint8)
    pixel_format = "yuv444p" if size == (1, 1) else "yuv420p"
    path = write_clip(tmp_path / "odd.mkv", [picture] * 2, Video(codec="ffv1", pixel_format=pixel_format))
    clip = probe(path)
    frames = list(conform(path, clip, planned(clip, whole=False)))
    assert len(frames) == 2
    assert np.abs(frames[1].astype(int) - (200, 90, 30)).max() <= 3


@pytest.mark.parametrize("top_first", [None, True])
def test_stream_that_changes_size(tmp_path: Path, top_first: bool | None) -> None:
    early = Video(top_field_first=top_first)
    small = write_clip(tmp_path / "a.ts", [numbered(n) for n in range(20)], early).read_bytes()
    late = Video(top_field_first=top_first, times=list(range(20, 40)), time_base=Fraction(1, 25))
    large = write_clip(tmp_path / "b.ts", [numbered(n, (320, 192)) for n in range(20, 40)], late).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(small + large)
    clip = probe(path)
    assert clip.interlaced == bool(top_first)
    found = numbers(path, clip, planned(clip))
    assert found[:20] == list(range(20))
    assert found[-1] == 39


def test_pictures_that_were_let_in_are_decoded_whatever_their_size(tmp_path: Path) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((8200, 8200), 120, np.uint8), format="gray")
    video = Video(pixel_format="gray", options={"preset": "ultrafast"})
    path = write_clip(tmp_path / "huge.mp4", [frame], video)
    limit = 9000 * 9000
    clip = probe(path, max_pixels=limit)
    plan = replace(planned(clip), crop=(4000, 4000, 320, 256))
    assert np.ptp(first_frame(path, clip, plan, max_pixels=limit)) == 0


def test_pictures_that_grow_beyond_the_limit_on_the_way_are_not_decoded(tmp_path: Path) -> None:
    path = write_growing_clip(tmp_path / "growing.mkv")
    clip = probe(path, max_pixels=20_000)
    assert numbers(path, clip, planned(clip)) == [*range(40)]
    frames = conform(path, clip, planned(clip), max_pixels=20_000)
    assert [read_number(frame) for frame in frames] == [*range(20), *[19] * 20]


# Colour

COEFFICIENTS: dict[int, tuple[float, float]] = {
    BT709: (0.2126, 0.0722),
    BT601: (0.299, 0.114),
    BT2020: (0.2627, 0.0593),
}
STEPS = np.array([0, 0.25, 0.5, 0.75, 1])
PATCHES = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), axis=-1).reshape(5, 25, 3)
PATCH = 32


def exact_frame(rgb: NDArray[np.float64], pixel_format: str, matrix: int, color_range: int) -> av.VideoFrame:
    """R'G'B', 0-1, in the pixel format by the definitions of H.273, without a scaler; patches of even size."""
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], pixel_format)
    bits = frame.format.components[0].bits
    kr, kb = COEFFICIENTS[matrix]
    luma = rgb @ np.array((kr, 1 - kr - kb, kb))
    blue, red = (rgb[..., 2] - luma) / (2 - 2 * kb), (rgb[..., 0] - luma) / (2 - 2 * kr)
    unit, top = 2 ** (bits - 8), 2**bits - 1
    if color_range == LIMITED:
        planes = [16 * unit + 219 * unit * luma, *(128 * unit + 224 * unit * c for c in (blue, red))]
    else:
        planes = [top * luma, *(128 * unit + top * c for c in (blue, red))]
    kind = np.uint16 if bits > 8 else np.uint8
    for plane, values in zip(frame.planes, planes, strict=True):
        rows, columns = rgb.shape[0] // plane.height, rgb.shape[1] // plane.width
        data = np.zeros((plane.height, plane.line_size // np.dtype(kind).itemsize), kind)
        data[:, : plane.width] = np.clip(np.rint(values[::rows, ::columns]), 0, top)
        plane.update(data.tobytes())
    return frame


def patch_colors(
    path: Path, frame: av.VideoFrame, video: Video, count: tuple[int, int], scale: Fraction = Fraction(1)
) -> NDArray[np.float64]:
    """The centres of the patches after conform."""
    clip = probe(write_clip(path, [frame], video))
    size = (round(clip.display_size[0] * scale), round(clip.display_size[1] * scale))
    out = first_frame(path, clip, planned(clip, size=size)).astype(np.float64)
    rows, columns = (
        np.arange(n) * length // n + length // (2 * n) for n, length in zip(count, out.shape[:2], strict=True)
    )
    return out[rows][:, columns]


def blocks(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    return colors.repeat(PATCH, axis=0).repeat(PATCH, axis=1)


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(8, 5), Fraction(3, 5)])
@pytest.mark.parametrize(
    ("pixel_format", "matrix", "color_range", "limit"),
    [
        ("yuv420p", BT709, LIMITED, 2),
        ("yuv420p", BT601, LIMITED, 2),
        ("yuv444p", BT709, LIMITED, 2),
        ("yuv420p", BT709, FULL, 2),
        ("yuv422p10le", BT709, LIMITED, 1),
        ("yuv420p10le", BT2020, LIMITED, 1),
        ("yuv420p12le", BT709, LIMITED, 1),
    ],
)
def test_colors_are_exact(
    tmp_path: Path, pixel_format: str, matrix: int, color_range: int, limit: int, scale: Fraction
) -> None:
    video = Video(codec="ffv1", pixel_format=pixel_format, matrix=matrix, color_range=color_range)
    frame = exact_frame(blocks(PATCHES), pixel_format, matrix, color_range)
    error = patch_colors(tmp_path / "patches.mkv", frame, video, (5, 25), scale) - PATCHES * 255
    assert np.abs(error).max() <= limit
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.1


@pytest.mark.parametrize(("size", "matrix"), [((320, 240), BT601), ((1280, 720), BT709)])
def test_matrix_is_guessed_from_the_size(tmp_path: Path, size: tuple[int, int], matrix: int) -> None:
    rgb = np.full((size[1], size[0], 3), (0.8, 0.3, 0.1))
    video = Video(codec="ffv1", matrix=UNSPECIFIED, primaries=UNSPECIFIED, transfer=UNSPECIFIED)
    color = patch_colors(tmp_path / "untagged.mkv", exact_frame(rgb, "yuv420p", matrix, LIMITED), video, (1, 1))
    assert np.abs(color - np.array((0.8, 0.3, 0.1)) * 255).max() <= 2


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("libx264", "mp4", {"qp": "0"}),
        ("libx265", "mp4", {"x265-params": "lossless=1:bframes=0:log-level=none"}),
        ("libvpx-vp9", "webm", {"lossless": "1"}),
        ("ffv1", "mkv", {}),
    ],
)
@pytest.mark.parametrize("scale", [Fraction(1), Fraction(2), Fraction(1, 2)])
def test_chroma_is_not_shifted(
    tmp_path: Path, codec: str, suffix: str, options: dict[str, str], scale: Fraction
) -> None:
    """A ramp of Cb along x and of Cr along y, sampled as MPEG-2 and later do: left, vertically centred."""
    side, slope = 256, 0.85
    frame = av.VideoFrame(side, side, "yuv420p")
    across = 128 + (np.arange(0, side, 2) - side / 2) * slope
    down = 128 + (np.arange(0, side, 2) + 0.5 - side / 2) * slope
    half = (side // 2, side // 2)
    ramps = (np.full((side, side), 126.0), np.broadcast_to(across, half), np.broadcast_to(down[:, None], half))
    for plane, values in zip(frame.planes, ramps, strict=True):
        data = np.zeros((plane.height, plane.line_size), np.uint8)
        data[:, : plane.width] = np.rint(values)
        plane.update(data.tobytes())
    path = write_clip(tmp_path / f"ramp.{suffix}", [frame], Video(codec=codec, options=options))
    clip = probe(path)
    length = round(side * scale)
    out = first_frame(path, clip, planned(clip, size=(length, length))).astype(np.float64)
    middle = slice(length // 4, length * 3 // 4)
    places = ((np.arange(length) + 0.5) / float(scale) - 0.5 - side / 2)[middle]
    grey = (126 - 16) * 255 / 219
    blue = (out[length // 2, middle, 2] - grey) / (1.8556 * 255 / 224) / slope
    red = (out[middle, length // 2, 0] - grey) / (1.5748 * 255 / 224) / slope
    assert abs((blue - places).mean()) < 0.15
    assert abs((red - places).mean()) < 0.15


def test_transparent_parts_are_black(tmp_path: Path) -> None:
    picture = np.full((96, 160, 4), (200, 100, 50, 255), np.uint8)
    picture[:, :40, 3] = 0
    picture[:, 40:80, 3] = 128
    for name, codec, pixel_format in (
        ("a.webm", "libvpx-vp9", "yuva420p"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("b.mov", "qtrle", "argb"),
    ):
        frame = av.VideoFrame.from_ndarray(picture, format="rgba")
        if codec != "qtrle":
            frame = frame.reformat(format=pixel_format, dst_colorspace=1, dst_color_range=LIMITED)
        else:
            frame = frame.reformat(format=pixel_format)
        path = write_clip(tmp_path / name, [frame] * 2, Video(codec=codec, pixel_format=pixel_format))
        clip = probe(path)
        out = first_frame(path, clip, planned(clip, size=(160, 96))).astype(int)
        assert clip.alpha
        assert np.abs(out[48, 20]).max() <= 2, name
        assert np.abs(out[48, 60] - (100, 50, 25)).max() <= 4, name
        assert np.abs(out[48, 120] - (200, 100, 50)).max() <= 4, name


@pytest.mark.parametrize("top_first", [True, False])
def test_fields_are_taken_apart(tmp_path: Path, top_first: bool) -> None:
    """A bar that moves between fields comes out upright, where the first field has it."""
    pictures: list[NDArray[np.uint8]] = []
    for number in range(10):
        picture = np.full((96, 160, 3), 60, np.uint8)
        for field in range(2):
            left = 10 + (2 * number + field) * 4
            picture[(field if top_first else 1 - field) :: 2, left : left + 20] = 200
        pictures.append(picture)
    video = Video(codec="prores_ks", pixel_format="yuv422p10le", top_field_first=top_first)
    path = write_clip(tmp_path / "fields.mov", pictures, video)
    clip = probe(path)
    frames = list(conform(path, clip, planned(clip, size=(160, 96))))
    assert len(frames) == 10
    edges = [int(np.argmax(row > 130)) for row in frames[5][8:88, :, 1]]
    assert max(edges) - min(edges) <= 1
    assert abs(edges[0] - 50) <= 1


def hdr_video(transfer: int) -> Video:
    return Video(
        codec="libx265",
        pixel_format="yuv420p10le",
        options={"x265-params": "lossless=1:bframes=0:log-level=none"},
        primaries=BT2020,
        transfer=transfer,
        matrix=BT2020,
    )


@pytest.mark.parametrize(
    ("transfer", "signals"), [(PQ, (0.0, 0.3023, 0.5807, 0.7518)), (HLG, (0.0, 0.2542, 0.75, 1.0))]
)
def test_hdr_greys_have_their_place(tmp_path: Path, transfer: int, signals: tuple[float, ...]) -> None:
    """0, 10, 203 and 1000 cd/m², by the tables of BT.2100; black, dark, reference white and peak."""
    rgb = blocks(np.array(signals)[None, :, None] * np.ones(3))
    frame = exact_frame(rgb, "yuv420p10le", BT2020, LIMITED)
    colors = patch_colors(tmp_path / "grey.mkv", frame, hdr_video(transfer), (1, 4))[0]
    dark = 255 * (10 / 203) ** (1 / 2.4)
    assert np.abs(colors - np.array((0, dark, 230, 255))[:, None]).max() <= 2
    assert np.ptp(colors, axis=1).max() <= 1


def test_pictures_without_tags_of_wide_gamut_are_left_alone(tmp_path: Path) -> None:
    video = Video(codec="ffv1", pixel_format="yuv420p10le", primaries=BT601, transfer=BT601, matrix=BT601)
    frame = exact_frame(blocks(PATCHES), "yuv420p10le", BT601, LIMITED)
    colors = patch_colors(tmp_path / "601.mkv", frame, video, (5, 25))
    assert np.abs(colors - PATCHES * 255).max() <= 1
