"""The draft engine on small clips whose true edit is known."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import benchmarks.draft
from benchmarks.draft import red_for_blue, to_bytes, warm_look
from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.engine import PHASE
from syncedit_demo.engines.draft.local_motion import LocalTracker
from syncedit_demo.engines.draft.look import LearnedLook, learnt_look
from syncedit_demo.engines.draft.screen import screen_light
from syncedit_demo.engines.draft.warping import resize
from syncedit_demo.engines.interface import EditJob, Engine, Event, Finished, Frames, Preview, Progress
from syncedit_demo.errors import Cancelled
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import EditPlan, pad_frame_count
from tests.support.slow_reference import slow_after

Frame = NDArray[np.uint8]
SIDE = 256
EXAMPLE = Path(__file__).parents[4] / "examples" / "turning-vase"


def make_job(frames: list[Frame], edited: Frame, reference: Callable[[], Iterator[Frame]] | None = None) -> EditJob:
    height, width = frames[0].shape[:2]
    plan = EditPlan(
        width=width,
        height=height,
        frames=len(frames),
        padded_frames=pad_frame_count(len(frames)),
        start=0,
        frame_rate=Fraction(25),
        crop=(0, 0, width, height),
        notes=(),
    )
    return EditJob(plan, edited, reference or (lambda: iter(frames)), seed=0, cancel=CancelFlag())


def edit(frames: list[Frame], edited: Frame) -> tuple[list[Frame], tuple[str, ...]]:
    events = list(DraftEngine().run(make_job(frames, edited)))
    assert isinstance(events[-1], Finished)
    return [frame for event in events if isinstance(event, Frames) for frame in event.frames], events[-1].notes


def psnr(result: Frame, truth: Frame, region: NDArray[np.bool_] | None = None) -> float:
    error = np.square(result.astype(np.float64) - truth)
    return float(10 * np.log10(255**2 / max(float(np.mean(error if region is None else error[region])), 1e-3)))


def texture(seed: int, side: int = 2 * SIDE, colour: tuple[int, int, int] = (128, 128, 128)) -> Frame:
    """Coloured noise around a colour, whose scales are pixels, whatever the side."""
    return benchmarks.draft.texture(seed, side, colour, (side // 64, side // 16, side // 5))


def moved(picture: Frame, degrees: float, zoom: float, shift: tuple[float, float]) -> Frame:
    """The middle of a large picture, turned, zoomed and shifted."""
    centre = picture.shape[1] / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), degrees, zoom)
    matrix[:, 2] += np.array(shift) + SIDE / 2 - centre
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC), np.uint8)


def swayed(picture: Frame, count: int) -> list[Frame]:
    """A textured sheet in motion: turns, comes closer and drifts."""
    return [moved(picture, 1.5 * t, 1 + 0.01 * t, (2.5 * t, 1.5 * t)) for t in range(count)]


def with_badge(picture: Frame) -> Frame:
    """A badge on the middle of a large picture."""
    centre = picture.shape[1] // 2
    marked = picture.copy()
    cv2.circle(marked, (centre, centre), 34, (235, 225, 60), -1, cv2.LINE_AA)
    cv2.rectangle(marked, (centre - 16, centre - 10), (centre + 16, centre + 10), (30, 40, 160), -1, cv2.LINE_AA)
    cv2.line(marked, (centre - 24, centre + 22), (centre + 24, centre - 22), (200, 30, 40), 4, cv2.LINE_AA)
    return marked


def with_ball(frame: Frame, x: int) -> Frame:
    """Something that crosses in front."""
    return np.asarray(cv2.circle(frame.copy(), (x, 140), 26, (30, 110, 50), -1, cv2.LINE_AA), np.uint8)


def differs(one: Frame, other: Frame) -> NDArray[np.bool_]:
    changed = cv2.absdiff(one, other).max(axis=-1) > 8
    return cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def in_place(reference: Frame, frames: list[Frame], edited: Frame) -> Frame:
    """The peer that anything must beat: the change of frame 0 left where it is."""
    return to_bytes(reference.astype(np.float64) + edited - frames[0].astype(np.float64))


def blue_disc_clip(count: int) -> list[Frame]:
    """A blue textured disc that crosses a grey textured scene."""
    scene, paint = texture(1), texture(2, colour=(60, 80, 190))
    frames: list[Frame] = []
    for t in range(count):
        background, front = moved(scene, 0, 1, (0, 0)), moved(paint, 3 * t, 1, (5 * t - 30, 0))
        mask = np.zeros((SIDE, SIDE), np.float64)
        cv2.circle(mask, (98 + 5 * t, 128), 60, (1.0,), -1, cv2.LINE_AA)
        frames.append(to_bytes(background * (1 - mask[..., None]) + front * mask[..., None]))
    return frames


def test_recoloured_thing_stays_recoloured() -> None:
    frames = blue_disc_clip(13)
    truth = [red_for_blue(frame) for frame in frames]
    result, notes = edit(frames, truth[0])
    assert notes == ()
    for t in (6, 12):
        region = differs(frames[t], truth[t])
        assert psnr(result[t], truth[t], region) > 34
        assert psnr(in_place(frames[t], frames, truth[0]), truth[t], region) < 24
        assert psnr(result[t], truth[t]) > 38


def test_a_preview_is_the_whole_picture_at_half_the_side() -> None:
    frames = swayed(texture(3), 3)
    edited = with_badge(frames[0])
    job = make_job(frames, edited)
    made = {
        quality: np.concatenate(
            [
                event.frames
                for event in DraftEngine().run(replace(job, options={"quality": quality}))
                if isinstance(event, Frames)
            ]
        )
        for quality in ("full", "preview")
    }
    width, height = job.plan.width, job.plan.height
    assert made["full"].shape == (3, height, width, 3)
    assert made["preview"].shape == (3, height // 2, width // 2, 3)
    for full, preview in zip(made["full"], made["preview"], strict=True):
        assert psnr(preview, resize(full, (width // 2, height // 2))) > 30


def test_badge_sticks_to_a_sheet_that_turns_and_zooms() -> None:
    sheet = texture(3)
    frames, truth = swayed(sheet, 13), swayed(with_badge(sheet), 13)
    result, _ = edit(frames, truth[0])
    for t in (4, 8, 12):
        assert psnr(result[t], truth[t], differs(frames[t], truth[t])) > 28
        assert psnr(result[t], truth[t]) > 38


def test_badge_does_not_swim_on_smooth_skin() -> None:
    noise = np.random.default_rng(5).normal(0, 1.5, (13, SIDE, SIDE, 3))
    skin = to_bytes(np.array((200, 155, 130)) + (texture(4).astype(np.float64) - 128) / 6)
    frames = [to_bytes(frame + grain) for frame, grain in zip(swayed(skin, 13), noise, strict=True)]
    truth = [to_bytes(frame + grain) for frame, grain in zip(swayed(with_badge(skin), 13), noise, strict=True)]
    result, _ = edit(frames, truth[0])
    for t in (4, 8, 12):
        assert psnr(result[t], truth[t], differs(frames[t], truth[t])) > 25


def test_badge_on_smooth_skin_keeps_its_place_while_something_passes_over_it() -> None:
    """Optical flow is drawn along with what passes; there is next to nothing on the skin to hold it."""
    noise = np.random.default_rng(7).normal(0, 1.5, (15, SIDE, SIDE, 3))
    skin = to_bytes(np.array((200, 155, 130)) + (texture(4).astype(np.float64) - 128) / 8)

    def passed(picture: Frame) -> list[Frame]:
        return [
            to_bytes(cv2.circle(frame.copy(), (20 * t - 60, 135), 40, (60, 75, 90), -1, cv2.LINE_AA) + noise[t])
            for t, frame in enumerate(swayed(picture, 15))
        ]

    frames, truth = passed(skin), passed(with_badge(skin))
    result, _ = edit(frames, truth[0])
    for t in (6, 10, 13):
        assert psnr(result[t], truth[t], differs(frames[t], truth[t])) > 20


def test_pattern_on_a_plain_wall_rests_behind_what_moves() -> None:
    rows, columns = np.indices((SIDE, SIDE))
    wall = np.stack([150 + rows / 9, 155 + rows / 10, 160 + columns / 13], axis=-1)
    pattern = 40 * np.stack([np.sin(columns / 9), np.cos(rows / 11), np.sin((rows + columns) / 8)], axis=-1)
    cloth = texture(15, colour=(90, 60, 50))
    noise = np.random.default_rng(8).normal(0, 0.7, (9, SIDE, SIDE, 3))

    def behind_cloth(back: NDArray[Any], t: int) -> Frame:
        shift = 55 * np.sin(t / 3)
        hidden = (np.abs(columns - SIDE / 2 - shift) < 35) & (rows > 70)
        return to_bytes(np.where(hidden[..., None], moved(cloth, 2 * np.sin(t / 2), 1, (shift, 0)), back) + noise[t])

    frames, truth = ([behind_cloth(back, t) for t in range(9)] for back in (wall, wall + pattern))
    result, _ = edit(frames, truth[0])
    seen_at_first = differs(frames[0], truth[0])
    for t in (4, 8):
        assert psnr(result[t], truth[t], seen_at_first & differs(frames[t], truth[t])) > 27


def test_what_crosses_in_front_is_left_alone_and_the_edit_comes_back() -> None:
    sheet = texture(6)
    count = 17
    crossing = [with_ball(frame, 16 * t - 40) for t, frame in enumerate(swayed(sheet, count))]
    truth = [with_ball(frame, 16 * t - 40) for t, frame in enumerate(swayed(with_badge(sheet), count))]
    result, _ = edit(crossing, truth[0])
    ball = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(ball, (16 * 11 - 40, 140), 23, (1,), -1)
    assert psnr(result[11], truth[11], ball > 0) > 35
    assert psnr(result[16], truth[16], differs(crossing[16], truth[16])) > 26


def test_look_reaches_the_whole_picture_and_what_comes_in() -> None:
    frames = blue_disc_clip(9)
    truth = [warm_look(frame) for frame in frames]
    result, _ = edit(frames, truth[0])
    assert min(psnr(one, other) for one, other in zip(result, truth, strict=True)) > 38


def poster(frame: Frame) -> Frame:
    smooth = cv2.bilateralFilter(frame, 7, 30, 5)
    return np.asarray(smooth // 43 * 43 + 20, np.uint8)


def ink_drawing(frame: Frame) -> Frame:
    """Flat colours with dark lines where the picture is darker than around."""
    smooth = np.asarray(cv2.medianBlur(frame, 5), np.float32)
    light = np.asarray(smooth.mean(axis=-1), np.float32)
    lines = np.asarray(cv2.GaussianBlur(light, (0, 0), 1)) - np.asarray(cv2.GaussianBlur(light, (0, 0), 3))
    return to_bytes(smooth * np.clip(1 + lines / 6, 0.2, 1)[..., None])


def poster_of_lightness(frame: Frame) -> Frame:
    """Steps of lightness, which are no steps of any channel."""
    smooth = cv2.cvtColor(cv2.bilateralFilter(frame, 7, 40, 5), cv2.COLOR_RGB2YCrCb)
    smooth[..., 0] = smooth[..., 0] // 30 * 30 + 14
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_YCrCb2RGB), np.uint8)


def soft_recolour(frame: Frame) -> Frame:
    """Blue things turned red by a mask that is blurred, so that it is no function of a pixel's own colour."""
    picture = frame.astype(np.float64)
    blueness = np.clip((picture[..., 2:] - picture[..., :1]) / 50 - 0.4, 0, 1)
    mask = np.asarray(cv2.GaussianBlur(blueness[..., 0], (0, 0), 3))[..., None]
    return to_bytes(picture * (1 - mask) + picture[..., ::-1] * mask)


@pytest.mark.parametrize(
    ("look", "least", "by_colour"),
    [
        pytest.param(poster, 40, 29, marks=pytest.mark.thorough),
        pytest.param(poster_of_lightness, 46, 32, marks=pytest.mark.thorough),
        (ink_drawing, 35, 23),
        (soft_recolour, 42, 33),
    ],
)
def test_look_made_from_surroundings_is_learnt(look: Callable[[Frame], Frame], least: float, by_colour: float) -> None:
    frames = blue_disc_clip(9)
    truth = [look(frame) for frame in frames]
    result, _ = edit(frames, truth[0])
    lookup = ColourLookup(frames[0], truth[0], everywhere=True)
    for t in (4, 8):
        region = differs(frames[t], truth[t])
        assert psnr(result[t], truth[t], region) > least
        assert psnr(to_bytes(lookup.apply(frames[t])), truth[t], region) < by_colour


def look_of(
    first: Frame, edited: Frame, *, everywhere: bool, check: Callable[[], None] = lambda: None
) -> LearnedLook | None:
    lookup = ColourLookup(first, edited, everywhere=everywhere)
    return learnt_look(first, edited, lookup, everywhere=everywhere, check=check)


def test_a_stop_ends_the_learning_of_a_look() -> None:
    def check() -> None:
        steps.append(1)
        if len(steps) == 3:
            raise Cancelled

    steps: list[int] = []
    first = swayed(texture(3), 1)[0]
    edited = np.asarray(cv2.GaussianBlur(first, (0, 0), 3)[:, :, ::-1], np.uint8)
    with pytest.raises(Cancelled):
        look_of(first, edited, everywhere=True, check=check)


def test_texture_is_no_look() -> None:
    sheet = texture(3)
    first, edited = swayed(sheet, 1)[0], swayed(with_badge(sheet), 1)[0]
    assert look_of(first, edited, everywhere=False) is None


def test_another_background_is_no_look() -> None:
    """A gradient's colours tell where they are, so a picture in its place could be learnt; it would swim and tear."""
    y, x = np.mgrid[:SIDE, :SIDE]
    grain = np.random.default_rng(3).normal(0, 0.7, (SIDE, SIDE, 1))
    wall = np.stack([90 + 60 * y / SIDE, 120 + 50 * y / SIDE + 20 * x / SIDE, 150 + 30 * y / SIDE], axis=-1) + grain
    first = wall.clip(0, 255).astype(np.uint8)
    far = np.where((y > 60 + 25 * np.sin(x / 17 + 1))[..., None], (180, 120, 80), (230, 200, 170))
    edited = np.where((y > 110 + 40 * np.sin(x / 25))[..., None], (70, 40, 110), far).astype(np.uint8)
    assert look_of(first, edited, everywhere=True) is None


def test_badge_follows_a_faint_shirt() -> None:
    """Cloth that stretches, of hardly any contrast, under noise: what a white shirt is."""
    cloth = to_bytes(np.array((225, 224, 222)) + (texture(14).astype(np.float64) - 128) / 9)
    noise = np.random.default_rng(6).normal(0, 1, (13, SIDE, SIDE, 3))

    def bent(picture: Frame, t: int) -> Frame:
        rows, columns = np.indices((SIDE, SIDE)).astype(np.float32)
        across = columns + 128 + 0.9 * t * np.sin(rows / 30) + 1.5 * t
        down = rows + 128 + 0.7 * t * np.sin(columns / 35)
        no_second_map: Any = None
        return to_bytes(np.asarray(cv2.remap(picture, np.dstack([across, down]), no_second_map, cv2.INTER_CUBIC)))

    frames = [to_bytes(bent(cloth, t).astype(np.float64) + noise[t]) for t in range(13)]
    truth = [to_bytes(bent(with_badge(cloth), t).astype(np.float64) + noise[t]) for t in range(13)]
    result, _ = edit(frames, truth[0])
    for t in (6, 12):
        assert psnr(result[t], truth[t], differs(frames[t], truth[t])) > 26


def test_cut_is_said_and_only_colours_cross_it() -> None:
    other = swayed(texture(8, colour=(150, 110, 90)), 5)
    frames = [*blue_disc_clip(6), *other]
    result, notes = edit(frames, warm_look(frames[0]))
    assert len(notes) == 1
    assert "cuts to another scene at frame 7" in notes[0]
    assert min(psnr(one, warm_look(frame)) for one, frame in zip(result[6:], other, strict=True)) > 28


def test_badge_does_not_cross_a_cut_but_returns_with_its_scene() -> None:
    sheet = texture(9)
    first, badge = swayed(sheet, 4), swayed(with_badge(sheet), 4)
    other = swayed(texture(10, colour=(90, 140, 70)), 4)
    result, notes = edit([*first, *other, *first], badge[0])
    assert [note.split(" at ")[1].split(":")[0].rstrip(".") for note in notes] == ["frame 5", "frame 9"]
    assert min(psnr(one, frame) for one, frame in zip(result[4:8], other, strict=True)) > 37
    assert psnr(result[9], badge[1], differs(first[1], badge[1])) > 26


@pytest.mark.parametrize("count", [1, 2, 9])
def test_frames_are_counted_exactly_and_frame_0_is_the_edit(count: int) -> None:
    frames = blue_disc_clip(count)
    edited = to_bytes(np.random.default_rng(0).integers(0, 256, frames[0].shape))
    result, _ = edit(frames, edited)
    assert len(result) == count
    assert np.array_equal(result[0], edited)
    assert all(frame.shape == frames[0].shape and frame.dtype == np.uint8 for frame in result)


@pytest.mark.parametrize("size", [(1024, 768), (256, 320), pytest.param((1344, 256), marks=pytest.mark.thorough)])
def test_any_size_of_a_plan(size: tuple[int, int]) -> None:
    frames = [np.asarray(cv2.resize(frame, size), np.uint8) for frame in blue_disc_clip(3)]
    truth = [red_for_blue(frame) for frame in frames]
    result, _ = edit(frames, truth[0])
    assert psnr(result[2], truth[2], differs(frames[2], truth[2])) > 32


def test_nothing_edited_gives_the_clip_back() -> None:
    frames = blue_disc_clip(6)
    result, notes = edit(frames, frames[0])
    assert notes == ()
    assert all(np.array_equal(one, other) for one, other in zip(result, frames, strict=True))


@pytest.mark.parametrize(("radius", "place"), [(0, (200, 40)), (2, (128, 128)), (6, (0, 0))])
def test_tiny_edits_do_no_harm(radius: int, place: tuple[int, int]) -> None:
    frames = swayed(texture(13), 4)
    edited = np.asarray(cv2.circle(frames[0].copy(), place, radius, (255, 0, 0), -1), np.uint8)
    result, _ = edit(frames, edited)
    assert all(psnr(one, other) > 34 for one, other in zip(result[1:], frames[1:], strict=True))


def test_same_job_gives_the_same_pixels_on_any_number_of_threads() -> None:
    sheet = texture(11)
    frames, edited = swayed(sheet, 5), swayed(with_badge(sheet), 1)[0]
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone, _ = edit(frames, edited)
        cv2.setNumThreads(3)
        together, _ = edit(frames, edited)
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(alone, together)


def test_motion_is_the_same_wherever_its_buffers_lie() -> None:
    """Some of OpenCV's vector code rounds by the alignment of its buffers, which allocations in between shift."""
    first, second, *_ = read_frames(EXAMPLE / "reference.mp4")
    edit_mask = np.zeros(first.shape[:2], np.float32)
    edit_mask[150:380, 130:380] = 1
    rng = np.random.default_rng(3)
    found: set[bytes] = set()
    for _ in range(10):
        for size in rng.integers(1000, 200_000, 3):
            rng.random(int(size))
        motion = LocalTracker(first, edit_mask).step(second)
        found.add(motion.flow.tobytes() + motion.confidence.tobytes())
    assert len(found) == 1


def test_stop_is_heard_at_the_next_frame() -> None:
    frames = blue_disc_clip(9)
    job = make_job(frames, red_for_blue(frames[0]))
    events = DraftEngine().run(job)
    frames_given = (event for event in events if isinstance(event, Frames))
    assert sum(len(next(frames_given).frames) for _ in range(3)) == 3
    job.cancel.set()
    with pytest.raises(Cancelled):
        next(frames_given)


def test_few_frames_are_held_whatever_the_length() -> None:
    sheet = texture(12)
    seen: list[weakref.ref[Frame]] = []

    def reference() -> Iterator[Frame]:
        for t in range(14):
            frame = moved(sheet, 0, 1, (t, 0))
            seen.append(weakref.ref(frame))
            yield frame

    frames = [moved(sheet, 0, 1, (t, 0)) for t in range(14)]
    most_held, given = 0, 0
    for event in DraftEngine().run(make_job(frames, red_for_blue(frames[0]), reference)):
        most_held = max(most_held, sum(frame() is not None for frame in seen))
        if isinstance(event, Frames):
            given += len(event.frames)
            assert len(seen) - given <= 4
    assert given == 14
    assert most_held <= 5


def test_events_come_in_order() -> None:
    frames = blue_disc_clip(18)
    engine: Engine = DraftEngine()
    events: list[Event] = list(engine.run(make_job(frames, warm_look(frames[0]))))
    steps = [event for event in events if isinstance(event, Progress)]
    assert [step.step for step in steps] == list(range(1, 19))
    assert {step.total for step in steps} == {18}
    previews = [event for event in events if isinstance(event, Preview)]
    assert previews
    assert [event for event in events if isinstance(event, Finished)] == [events[-1]]


def vignette(frame: Frame) -> Frame:
    """Warmer, and darker towards the corners."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    return to_bytes(warm_look(frame).astype(np.float64) * (1 - 1.1 * (x * x + y * y))[..., None])


def graduated_filter(frame: Frame) -> Frame:
    """A sky that is darker and bluer, with a soft edge."""
    y = np.mgrid[:SIDE, :SIDE][0] / SIDE
    density = 1 / (1 + np.exp((y - 0.4) / 0.1))
    return to_bytes(frame * (1 - density[..., None] * np.array((0.6, 0.5, 0.2))))


def light_leak(frame: Frame) -> Frame:
    """Orange light from the upper right."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    leak = np.exp(-((x - 1) ** 2 + y**2) / 0.2)[..., None] * np.array((0.9, 0.5, 0.2))
    return to_bytes(255 - (255 - frame.astype(np.float64)) * (1 - leak))


@pytest.mark.parametrize("edited", [with_badge, warm_look, vignette], ids=["local", "look", "light"])
def test_a_stop_lets_go_of_the_reference_that_is_being_read(edited: Callable[[Frame], Frame]) -> None:
    frames = blue_disc_clip(9)
    reference = slow_after(2, frames)
    job = make_job(frames, edited(frames[0]), lambda: reference)

    def edit_until_stopped() -> None:
        for event in DraftEngine().run(job):
            if event == Progress(PHASE, 2, 9):
                job.cancel.set()

    # What is caught keeps all that was under way alive.
    with pytest.raises(Cancelled) as stopped:
        edit_until_stopped()
    # While another thread were in it still, this would raise.
    reference.close()
    assert stopped.value.__traceback__ is not None


@pytest.mark.parametrize(
    "look", [vignette, *(pytest.param(look, marks=pytest.mark.thorough) for look in (graduated_filter, light_leak))]
)
def test_light_on_the_screen_stays_there_while_the_camera_moves(look: Callable[[Frame], Frame]) -> None:
    sheet = texture(21)
    frames = [moved(sheet, 0, 1, (9 * t, -5 * t)) for t in range(7)]
    truth = [look(frame) for frame in frames]
    result, _ = edit(frames, truth[0])
    assert psnr(result[6], truth[6]) > 45
    assert psnr(in_place(frames[6], frames, truth[0]), truth[6]) < 36


def test_badge_moves_on_under_light_that_stays() -> None:
    sheet = texture(22)
    frames, marked = swayed(sheet, 7), swayed(with_badge(sheet), 7)
    truth = [vignette(frame) for frame in marked]
    result, _ = edit(frames, truth[0])
    assert psnr(result[6], truth[6]) > 40
    assert psnr(result[6], truth[6], differs(frames[6], marked[6])) > 36


def test_wide_change_of_a_surface_is_no_light() -> None:
    """Patches as wide as light, which are painted on what moves."""
    rows, columns = np.indices((2 * SIDE, 2 * SIDE))
    paint = 40 * np.stack([np.sin(columns / 15), np.cos(rows / 13), np.sin((rows + columns) / 18)], axis=-1)
    sheet = texture(23)
    frames, truth = swayed(sheet, 7), swayed(to_bytes(sheet + paint), 7)
    assert screen_light(frames[0], truth[0]) is None
    result, _ = edit(frames, truth[0])
    assert psnr(result[6], truth[6]) > 30


def test_another_background_is_no_light() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    grain = np.random.default_rng(3).normal(0, 0.7, (SIDE, SIDE, 1))
    wall = np.stack([90 + 60 * y / SIDE, 120 + 50 * y / SIDE + 20 * x / SIDE, 150 + 30 * y / SIDE], axis=-1) + grain
    sky = np.stack([230 - 200 * y / SIDE, 150 - 60 * y / SIDE, 60 + 120 * y / SIDE], axis=-1)
    person = (np.square(x - 128) / 1.5 + np.square(y - 170) / 3 < 2500)[..., None]
    shirt = texture(24, SIDE)
    first, edited = (to_bytes(np.where(person, shirt, back)) for back in (wall, sky))
    assert screen_light(first, edited) is None
