"""Which stored samples are shown, and by which matrix they are read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.conform.converter import crop_in_samples, guess_matrix, same_shape
from syncedit_demo.conform.sound import audio_interval
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.display import ColorInfo, display_size
from syncedit_demo.media.probe import AudioInfo
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.clips import clip_info

sides = st.integers(1, 400)


@given(
    size=st.tuples(sides, sides),
    aspect=st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(1, 8), Fraction(8)]),
    rotation=st.sampled_from([0, 90, 180, 270]),
    mirrored=st.booleans(),
    alignment=st.sampled_from([(1, 1), (2, 1), (2, 2), (4, 1)]),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_the_box_lies_in_the_picture_on_whole_chroma_samples(
    size: tuple[int, int],
    aspect: Fraction,
    rotation: int,
    mirrored: bool,
    alignment: tuple[int, int],
    share: tuple[float, float, float, float],
) -> None:
    shown = display_size(size, aspect, rotation)
    clip = replace(clip_info(size=size), rotation=rotation, mirrored=mirrored, display_size=shown)
    x, y = (min(int(part * whole), whole - 1) for part, whole in zip(share[:2], shown, strict=True))
    width, height = (max(1, int(part * (w - at))) for part, w, at in zip(share[2:], shown, (x, y), strict=True))
    *start, wide, high = crop_in_samples(clip, (x, y, width, height), size, alignment)
    wanted = (width, height) if rotation in (0, 180) else (height, width)
    turned = shown if rotation in (0, 180) else shown[::-1]
    for at, length, whole, step, asked, of in zip(start, (wide, high), size, alignment, wanted, turned, strict=True):
        assert 0 <= at < whole
        assert 1 <= length <= whole - at
        if whole % step == 0:
            assert at % step == 0 or at == whole - 1
            assert length % step == 0 or length == 1 or at == whole - 1
        assert abs(length - Fraction(asked * whole, of)) < 2 * step
    assert crop_in_samples(clip, (0, 0, *shown), size, alignment) == (0, 0, *size)


def test_each_side_has_its_own_alignment() -> None:
    clip = clip_info(size=(160, 96))
    assert crop_in_samples(clip, (3, 3, 33, 33), (160, 96), (2, 1)) == (4, 3, 32, 33)
    assert crop_in_samples(clip, (3, 3, 33, 33), (160, 96), (1, 2)) == (3, 4, 33, 32)


def test_what_is_rounded_past_the_end_ends_there() -> None:
    wide = replace(clip_info(size=(20, 20)), display_size=(160, 20))
    assert crop_in_samples(wide, (159, 0, 1, 20), (20, 20), (1, 1)) == (19, 0, 1, 20)
    assert crop_in_samples(clip_info(size=(34, 34)), (3, 0, 31, 34), (34, 34), (2, 2)) == (4, 0, 30, 34)


@pytest.mark.parametrize(
    ("primaries", "matrix", "size", "read"),
    [
        ("unknown", "unknown", (1279, 576), "smpte170m"),
        ("unknown", "unknown", (1280, 576), "bt709"),
        ("unknown", "unknown", (1279, 577), "bt709"),
        ("unknown", "unknown", (320, 577), "bt709"),
        ("unknown", "unknown", (1280, 96), "bt709"),
        ("bt2020", "unknown", (320, 240), "bt2020nc"),
        ("bt709", "smpte170m", (1920, 1080), "smpte170m"),
        ("bt2020", "gbr", (320, 240), "gbr"),
        ("bt709", "ycgco", (1920, 1080), "bt709"),
    ],
)
def test_the_matrix_is_the_one_that_is_said_or_that_of_the_size(
    primaries: str, matrix: str, size: tuple[int, int], read: str
) -> None:
    assert guess_matrix(ColorInfo(primaries, "unknown", matrix, full_range=False), size) == read


@pytest.mark.parametrize(
    ("other", "same"),
    [((320, 192), True), ((160, 97), True), ((160, 98), False), ((161, 96), True), ((96, 160), False)],
)
def test_a_shape_is_the_same_to_a_sample(other: tuple[int, int], same: bool) -> None:
    assert same_shape((160, 96), other) == same_shape(other, (160, 96)) == same


def test_the_sound_is_that_of_the_frames_on_the_clocks_of_both() -> None:
    silent = clip_info(frames=100, rate=Fraction(50))
    clip = replace(silent, audio=AudioInfo(3, "aac", 48000, 2), start_time=Fraction(10))
    whole = plan_edit(clip, PlanOptions())
    part = plan_edit(clip, PlanOptions(start=5, frames=9))
    path = Path("clip.mkv")
    assert audio_interval(path, silent, whole) is None
    assert audio_interval(path, clip, whole) == AudioInterval(path, 3, Fraction(10), Fraction(2), True)
    assert audio_interval(path, clip, part) == AudioInterval(path, 3, Fraction(51, 5), Fraction(9, 25), False)
