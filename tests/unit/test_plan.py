"""The arithmetic of an edit, over everything a clip can be."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.errors import PlanError
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.plan import (
    EditPlan,
    PlanOptions,
    conformed_frames,
    pad_frame_count,
    parse_rate,
    parse_size,
    plan_edit,
    whole_number,
)
from tests.support.clips import clip_info

NTSC_30 = Fraction(30000, 1001)


def clips() -> st.SearchStrategy[ClipInfo]:
    """Clips of every rate that is motion, every length and shape, constant and variable."""
    rates = st.one_of(
        st.integers(1, 240).map(Fraction),
        st.sampled_from([24, 30, 48, 60, 120]).map(lambda rate: Fraction(1000 * rate, 1001)),
        st.fractions(min_value=1, max_value=1000),
    )

    def build(frames: int, rate: Fraction, size: tuple[int, int], *, variable: bool) -> ClipInfo:
        return clip_info(frames=frames, rate=rate, size=size, variable=variable)

    sides = st.integers(1, 16384)
    return st.builds(
        build, frames=st.integers(1, 100_000), rate=rates, size=st.tuples(sides, sides), variable=st.booleans()
    )


def plan(size: tuple[int, int] = (1920, 1080), frames: int = 81, rate: Fraction | int = 25) -> EditPlan:
    return plan_edit(clip_info(frames=frames, rate=Fraction(rate), size=size), PlanOptions())


@given(clips())
def test_every_clip_has_a_plan_the_model_accepts(clip: ClipInfo) -> None:
    made = plan_edit(clip, PlanOptions())
    assert made.width % 64 == made.height % 64 == 0
    assert made.width * made.height <= 1024 * 1024
    assert made.padded_frames % 8 == 1
    assert 0 <= made.padded_frames - made.frames < 8
    assert 1 <= made.frames <= 161
    assert 0 < made.frame_rate <= 30


@pytest.mark.parametrize("rate", [Fraction(1, 1000), Fraction(25, 536870913), Fraction(1, 2)])
def test_a_slide_show_is_refused(rate: Fraction) -> None:
    with pytest.raises(PlanError, match="slide show, with no motion"):
        plan(rate=rate)
    assert plan(rate=Fraction(999, 1000)).frame_rate == Fraction(999, 1000), "a clock that is a trace slow"


@given(clips())
def test_the_crop_lies_in_the_picture_and_has_the_aspect_of_the_result(clip: ClipInfo) -> None:
    made = plan_edit(clip, PlanOptions())
    x, y, width, height = made.crop
    assert x >= 0
    assert y >= 0
    assert width >= 1
    assert height >= 1
    assert x + width <= clip.display_size[0]
    assert y + height <= clip.display_size[1]
    assert x % 2 == y % 2 == 0
    # One side is whole, and the other within a pixel and a half of what the aspect asks for.
    assert width == clip.display_size[0] or height == clip.display_size[1]
    assert abs(width - height * made.width / made.height) <= 2 * made.width / made.height + 2


@given(clips())
def test_speed_and_duration_stay(clip: ClipInfo) -> None:
    made = plan_edit(clip, PlanOptions(max_frames=10**7))
    assert abs(made.frames / made.frame_rate - clip.duration) <= Fraction(1, 2) / made.frame_rate or made.frames == 1


@given(clips(), st.data())
def test_start_and_frames_choose_any_stretch_of_the_clip(clip: ClipInfo, data: st.DataObject) -> None:
    whole = plan_edit(clip, PlanOptions(max_frames=10**7))
    start = data.draw(st.integers(0, whole.frames - 1))
    frames = data.draw(st.integers(1, whole.frames - start))
    made = plan_edit(clip, PlanOptions(start=start, frames=frames, max_frames=10**7))
    assert (made.start, made.frames) == (start, frames)
    for options in (
        PlanOptions(start=whole.frames),
        PlanOptions(start=start, frames=whole.frames - start + 1),
        PlanOptions(frames=0),
        PlanOptions(start=-1),
    ):
        with pytest.raises(PlanError, match="not"):
            plan_edit(clip, options)


@given(st.integers(1, 10**6))
def test_padding_is_the_next_eight_k_plus_one(frames: int) -> None:
    padded = pad_frame_count(frames)
    assert padded % 8 == 1
    assert frames <= padded < frames + 8


@pytest.mark.parametrize(
    ("clip_size", "size"),
    [
        ((1080, 1080), (1024, 1024)),
        ((480, 480), (1024, 1024)),
        ((768, 1024), (768, 1024)),
        ((1536, 2048), (768, 1024)),
        ((640, 480), (1024, 768)),
        ((720, 1080), (768, 1152)),
    ],
)
def test_common_shapes_are_not_cropped(clip_size: tuple[int, int], size: tuple[int, int]) -> None:
    made = plan(clip_size)
    assert (made.width, made.height) == size
    assert made.crop == (0, 0, *clip_size)


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (3840, 2160), (854, 480), (1080, 1920)])
def test_wide_clips_stay_within_two_per_cent_of_their_aspect(size: tuple[int, int]) -> None:
    made = plan(size)
    assert made.width / made.height == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_nearly_fitting_picture_loses_less_than_two_per_cent_and_it_is_said() -> None:
    made = plan((1920, 1080))
    assert made.crop == (14, 0, 1890, 1080)
    assert "Cropped from 1920×1080 to 1890×1080, 1.6 % of the width, to fit the aspect of 1344×768." in made.notes


@pytest.mark.parametrize(
    ("rate", "made_rate"),
    [
        (Fraction(50), Fraction(25)),
        (Fraction(60), Fraction(30)),
        (Fraction(60000, 1001), NTSC_30),
        (Fraction(48), Fraction(24)),
        (Fraction(120), Fraction(30)),
        (Fraction(144), Fraction(18)),
        (NTSC_30, NTSC_30),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(30), Fraction(30)),
        (Fraction(10), Fraction(10)),
        (Fraction(3002, 100), Fraction(30)),
    ],
)
def test_fast_clips_are_halved_until_they_fit(rate: Fraction, made_rate: Fraction) -> None:
    made = plan(rate=rate)
    assert made.frame_rate == made_rate
    said = any("Frame rate" in note for note in made.notes)
    assert said == (rate != made_rate)


@pytest.mark.parametrize(
    ("rate", "made_rate"),
    [(Fraction(2993, 100), NTSC_30), (Fraction(3003, 100), Fraction(30)), (Fraction(171, 10), Fraction(15))],
)
def test_a_variable_rate_becomes_the_nearest_standard_one(rate: Fraction, made_rate: Fraction) -> None:
    clip = clip_info(frames=120, rate=rate, variable=True)
    made = plan_edit(clip, PlanOptions())
    assert made.frame_rate == made_rate
    assert made.frames == round(clip.duration * made_rate)
    assert any(note.startswith("Variable frame rate") for note in made.notes)


def test_nothing_is_lost_at_the_end() -> None:
    made = plan(frames=150)
    assert (made.frames, made.padded_frames) == (150, 153)
    assert any(
        "153 are generated by holding the last frame, and 150 are given back" in note for note in made.model_notes
    )
    exact = plan(frames=153, rate=30)
    assert (exact.frames, exact.padded_frames) == (153, 153)


def test_what_is_left_out_is_said() -> None:
    made = plan(frames=201)
    assert made.frames == 161
    assert any("The last 40 frames of the clip are left out" in note for note in made.notes)
    assert any("trained at 81 frames" in note for note in made.model_notes)
    assert plan(frames=81).model_notes == plan(frames=9).model_notes == ()
    later = plan_edit(clip_info(frames=201), PlanOptions(start=40))
    assert (later.start, later.frames) == (40, 161)
    assert any("The first 40 frames of the clip are left out" in note for note in later.notes)


def test_what_the_picture_needs_is_said() -> None:
    made = plan_edit(
        clip_info(transfer="smpte2084", interlaced=True, alpha=True, notes=("The file ends early.",)), PlanOptions()
    )
    assert made.notes[0] == "The file ends early."
    for word in ("PQ", "deinterlaced", "black"):
        assert any(word in note for note in made.notes)


@pytest.mark.parametrize(
    ("size", "nearest"),
    [((1000, 1000), "1024×1024"), ((0, 64), "256×256"), ((99999, 512), "2048×512"), ((65, 512), "256×512")],
)
def test_a_size_the_model_cannot_make_is_refused_with_the_nearest(size: tuple[int, int], nearest: str) -> None:
    with pytest.raises(PlanError, match=f"The nearest is {nearest}"):
        plan_edit(clip_info(), PlanOptions(size=size))


def test_a_size_and_a_rate_can_be_chosen() -> None:
    made = plan_edit(clip_info(frames=60, rate=Fraction(30)), PlanOptions(size=(512, 512), rate=Fraction(15)))
    assert (made.width, made.height, made.frame_rate, made.frames) == (512, 512, Fraction(15), 30)
    assert any("30 fps → 15 fps" in note for note in made.notes)
    assert made.crop == (80, 0, 480, 480)


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(61), Fraction(1, 2), Fraction(10**7 + 1, 10**6)])
def test_a_rate_no_player_can_keep_is_refused(rate: Fraction) -> None:
    with pytest.raises(PlanError, match="not possible"):
        plan_edit(clip_info(), PlanOptions(rate=rate))


def test_more_frames_than_the_machine_is_set_to_make_are_refused_by_the_name_of_the_setting() -> None:
    with pytest.raises(PlanError, match="SYNCEDIT_MAX_FRAMES"):
        plan_edit(clip_info(frames=300), PlanOptions(frames=200))


@pytest.mark.parametrize(
    ("text", "rate"),
    [("25", 25), ("30000/1001", NTSC_30), ("29.97", NTSC_30), ("23.976", Fraction(24000, 1001)), (" 12.5 ", 12.5)],
)
def test_rates_are_read_as_people_write_them(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "1/0", "-25", "0", "nan", "25fps"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(PlanError, match="A frame rate is a number"):
        parse_rate(text)


def test_the_whole_clip_has_at_least_one_frame_at_any_rate() -> None:
    assert conformed_frames(clip_info(frames=1, rate=Fraction(60)), Fraction(1)) == 1


@pytest.mark.parametrize(
    ("rate", "kept"),
    [(60, "second"), (120, "fourth"), (240, "8th"), (480, "16th"), (960, "32nd"), (1920, "64th"), (2 * 1920, "128th")],
)
def test_which_frames_are_used_is_said_in_words_that_there_are(rate: int, kept: str) -> None:
    (note,) = (note for note in plan(rate=rate, frames=3000).notes if "Frame rate" in note)
    assert note == f"Frame rate {rate} fps → 30 fps: every {kept} frame is used."


def test_a_single_picture_has_no_other_frames() -> None:
    (note,) = (note for note in plan(rate=240, frames=1).notes if "Frame rate" in note)
    assert note == "Frame rate 240 fps → 30 fps: the clip is a single picture."


@pytest.mark.parametrize("rate", ["1e10000000", "9" * 5000, "1/" + "9" * 5000, "0/1", "1/0", "٢٥", "-25", "nan", "1_0"])
def test_a_rate_is_matched_before_it_is_computed_with(rate: str) -> None:
    with pytest.raises(PlanError, match="A frame rate is a number such as") as refusal:
        parse_rate(rate)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("size", ["9" * 5000 + "x256", "1024x" + "9" * 5000, "1024x", "²x256", "-1x256", "1e3x256"])
def test_a_size_is_matched_before_it_is_computed_with(size: str) -> None:
    with pytest.raises(PlanError, match="A size is written like") as refusal:
        parse_size(size)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize(
    "number", [10**400, -(10**400), math.inf, math.nan, 1.5, 10**9, None], ids=lambda n: str(n)[:9]
)
def test_a_number_from_outside_is_matched_before_it_is_computed_with(number: float | None) -> None:
    with pytest.raises(PlanError) as refusal:
        whole_number(number, "start")
    assert str(refusal.value).startswith("The start is ")
    assert len(str(refusal.value)) < 150
