"""Where a clip's first picture comes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from syncedit_demo.media.first_picture import first_picture
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions, plan_edit
from tests.support.clips import scene
from tests.support.media import Video, numbered, write_clip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.frames import Frame

SIZE = (160, 128)


def shown(frames: list[Frame]) -> list[av.VideoFrame]:
    return [av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in frames]


def pictures(count: int) -> list[Frame]:
    return [scene(index, SIZE) for index in range(count)]


def blank(count: int, level: int) -> list[Frame]:
    noise = np.random.default_rng(3).integers(-1, 2, (SIZE[1], SIZE[0], 3))
    return [(np.clip(level + noise, 0, 255)).astype(np.uint8) for _ in range(count)]


def faded(count: int, level: int, begin: float = 0.0) -> list[Frame]:
    """A picture that comes out of a plain colour, whole with the last of so many frames."""
    shares = np.linspace(begin, 1, count)
    return [
        np.rint(level + share * (picture.astype(float) - level)).astype(np.uint8)
        for share, picture in zip(shares, pictures(count), strict=True)
    ]


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("count", [1, 7, 40])
def test_blank_frames_are_passed_over(level: int, count: int) -> None:
    assert first_picture(shown(blank(count, level) + pictures(5))) == count


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("begin", [0.0, 0.3, 0.6])
def test_the_first_picture_of_a_fade_is_the_one_that_it_leads_to(level: int, begin: float) -> None:
    found = first_picture(shown(faded(20, level, begin) + [scene(index, SIZE) for index in range(20, 25)]))
    assert abs(found - 19) <= 1


def test_a_clip_that_begins_with_a_picture_is_looked_at_no_further() -> None:
    asked = 0

    def frames() -> Iterator[av.VideoFrame]:
        nonlocal asked
        for frame in shown(pictures(50)):
            asked += 1
            yield frame

    assert first_picture(frames()) == 0
    assert asked == 2


@pytest.mark.parametrize(
    "frames",
    [
        [*pictures(1), *blank(3, 0), *pictures(5)],
        [*pictures(1), *[255 - picture for picture in pictures(5)]],
        pictures(1),
        blank(5, 0),
        faded(20, 0, 0.9) + pictures(3),
    ],
    ids=["flash", "cut", "single", "all blank", "lights"],
)
def test_nothing_is_passed_over_where_the_first_frame_is_as_good_as_any(frames: list[Frame]) -> None:
    assert first_picture(shown(frames)) == 0


@pytest.mark.parametrize("rate", [25, 50])
def test_the_plan_says_where_to_start(tmp_path: Path, rate: int) -> None:
    frames = blank(7, 0) + pictures(20)
    path = write_clip(tmp_path / "late.mp4", frames, Video(rate=Fraction(rate)))
    clip = probe(path)
    start = {25: 7, 50: 4}[rate]
    assert clip.picture_start == Fraction(7, rate)
    plan = plan_edit(clip, PlanOptions())
    assert plan.better_start == start
    assert any(f"its first picture is frame {start + 1} (--start {start})." in note for note in plan.notes)
    after = plan_edit(clip, PlanOptions(start=start))
    assert after.better_start is None
    assert not any("--start" in note for note in after.notes)


def test_of_what_has_no_clock_frames_are_counted(tmp_path: Path) -> None:
    pictures = [*[np.zeros((96, 160, 3), np.uint8)] * 3, *(numbered(number) for number in range(1, 9))]
    clip = probe(write_clip(tmp_path / "raw.h264", pictures, Video(options={"bf": "0"})))
    assert (clip.timed, clip.picture_start) == (False, Fraction(3, 25))
