"""The edited frame is brought to frame 0: what was displaced is undone, what is aligned is left, the rest refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.registration.maps import Displacement, largest_distance
from syncedit_demo.registration.register import Registration, register
from tests.support.edited_frames import (
    HEIGHT,
    SIZE,
    WIDTH,
    busy_scene,
    displaced,
    jpeg,
    plain_scene,
    resized,
    similarities,
    third_edited,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame


def error_of(found: Registration, truth: Displacement, size: tuple[int, int] = SIZE) -> float:
    """The largest error over the frame, in pixels."""
    return largest_distance(found.transform.matrix(size), truth.matrix(size), size)


@settings(max_examples=12)
@given(truth=similarities, seed=st.integers(0, 20), compressed=st.booleans())
def test_a_displacement_is_found_with_a_third_of_the_frame_edited(
    truth: Displacement, seed: int, compressed: bool
) -> None:
    first = busy_scene(seed)
    image = displaced(third_edited(first, seed), truth)
    found = register(first, jpeg(image, 90) if compressed else image)
    if truth.largest_displacement(SIZE) > 1.1:
        assert found.corrected
    assert error_of(found, truth) <= (0.3 if found.corrected else 1.1)


@pytest.mark.parametrize(
    "truth",
    [
        Displacement(dx=5),
        Displacement(dx=-3, dy=2),
        Displacement(zoom=1.02),
        Displacement(zoom=0.95, turn=1.5),
        Displacement(12, -30, 1.08, -2),
    ],
)
def test_a_displacement_of_a_plain_scene_is_found(truth: Displacement) -> None:
    found = register(plain_scene(), jpeg(displaced(plain_scene(), truth), 90))
    assert found.corrected
    assert error_of(found, truth) <= 0.3


def test_a_corrected_frame_lies_on_frame_0_and_the_report_says_so() -> None:
    first = busy_scene()
    found = register(first, displaced(third_edited(first, 3), Displacement(dx=5)))
    assert found.notes[0] == "Shifted by 5 px: corrected."
    assert "filled from the first frame" in found.notes[1]
    assert found.frame.shape == first.shape
    inside = np.s_[8:-8, 8:-8]
    difference = np.abs(found.frame.astype(int) - third_edited(first, 3))[inside]
    assert np.median(difference) <= 1
    assert difference.mean() < 2
    assert 0.28 < found.edited_share < 0.42


def test_an_uncovered_border_repeats_the_edge_where_frame_0_does_not_belong() -> None:
    first = busy_scene()
    edited = third_edited(first, 3)
    edited[:, -60:] = (250, 10, 250)
    found = register(first, np.roll(edited, 20, axis=1))
    assert found.corrected
    # What was at the right edge is lost, and there the edit has nothing to do with frame 0.
    assert np.abs(found.frame[:, -20:-2].astype(int) - (250, 10, 250)).max() < 12
    assert "filled from repeating its edge" in found.notes[1]


@pytest.mark.parametrize("stretch", [0.96, 1.03])
@pytest.mark.parametrize("scene", [busy_scene, plain_scene])
def test_a_frame_that_came_back_wider_or_higher_is_brought_back(scene: Callable[[], Frame], stretch: float) -> None:
    """As image models give it that know only some shapes."""
    first, truth = scene(), Displacement(2, -3, 1.01, stretch=stretch)
    image = third_edited(first, 3) if scene is busy_scene else first
    found = register(first, jpeg(displaced(image, truth), 90))
    assert found.corrected
    assert error_of(found, truth) <= 0.3
    assert "stretched by" in found.notes[0]


def mirrored(frame: Frame) -> Frame:
    return np.ascontiguousarray(frame[:, ::-1])


def test_a_mirrored_frame_is_turned_back_and_that_is_said() -> None:
    first = busy_scene(3)
    edited = third_edited(first, 3)
    found = register(first, mirrored(edited))
    assert found.mirrored
    assert found.corrected
    assert np.array_equal(found.frame, edited)
    assert found.notes[0] == "Mirrored left to right: turned back."
    assert 0.28 < found.edited_share < 0.42


def test_a_mirrored_frame_that_is_displaced_and_of_another_size_is_brought_back() -> None:
    first, truth = busy_scene(6), Displacement(9, -6, 1.03)
    moved = displaced(first, truth)
    found = register(first, jpeg(resized(mirrored(moved), WIDTH * 3 // 2, HEIGHT * 3 // 2), 92))
    assert found.mirrored
    assert error_of(found, truth) <= 0.3
    assert np.abs(found.frame.astype(int) - first)[40:-40, 40:-40].mean() < 4


def test_a_mirrored_frame_in_another_style_or_shape_is_turned_back() -> None:
    first = busy_scene(7)
    found = register(first, mirrored(cartoon(first)))
    assert found.mirrored
    assert np.array_equal(found.frame, cartoon(first))
    found = register(first, mirrored(third_edited(first, 7)[:, 40:-20]))
    assert found.mirrored
    assert np.abs(found.frame.astype(int) - third_edited(first, 7))[8:-8, 48:-28].mean() < 5


def opacity(share: float) -> NDArray[np.uint8]:
    """All but the left part of the frame is opaque, with a soft edge between."""
    ramp = np.clip((np.arange(WIDTH) - share * WIDTH) * 16, 0, 255).astype(np.uint8)
    return np.repeat(ramp[None], HEIGHT, 0)


def test_transparent_parts_show_frame_0() -> None:
    first = busy_scene()
    edited = third_edited(first, 3)
    # What an editor leaves under its transparency is no part of the picture.
    edited[:, :100] = (255, 0, 255)
    found = register(first, edited, opacity(0.3))
    clear, opaque = opacity(0.3) == 0, opacity(0.3) == 255
    assert not found.corrected
    assert np.array_equal(found.frame[clear], first[clear])
    assert np.array_equal(found.frame[opaque], edited[opaque])
    assert "Transparent parts of the edited frame show the first frame." in found.notes


def test_a_sticker_alone_lies_where_it_is_at_any_size() -> None:
    first = busy_scene()
    sticker = np.full_like(first, 250)
    shown = np.zeros((HEIGHT, WIDTH), np.uint8)
    shown[200:260, 300:380] = 255
    found = register(first, resized(sticker, 2 * WIDTH, 2 * HEIGHT), resized(shown, 2 * WIDTH, 2 * HEIGHT))
    assert not found.corrected
    assert np.array_equal(found.frame[:190], first[:190])
    assert (found.frame[205:255, 305:375] == 250).all()


def test_a_displaced_frame_with_transparent_parts_is_brought_back() -> None:
    first, truth = busy_scene(4), Displacement(14, -9)
    image, shown = (displaced(each, truth) for each in (first, opacity(0.2)))
    found = register(first, image, shown)
    assert found.corrected
    assert error_of(found, truth) <= 0.3
    assert np.abs(found.frame.astype(int) - first)[12:-12, 12:-20].mean() < 1.5


def test_the_same_input_gives_the_same_result() -> None:
    first = busy_scene(4)
    image = jpeg(displaced(third_edited(first, 4), Displacement(7, -9, 1.03, 1)), 90)
    one, two = register(first, image), register(first, image)
    assert one.transform == two.transform
    assert np.array_equal(one.frame, two.frame)


def duotone(frame: Frame) -> Frame:
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[..., None] / 255.0
    return ((1 - gray) * (30, 10, 80) + gray * (255, 220, 120)).astype(np.uint8)


def negative_duotone(frame: Frame) -> Frame:
    return duotone(255 - frame)


def cartoon(frame: Frame) -> Frame:
    return np.asarray(cv2.stylization(frame, sigma_s=60, sigma_r=0.45), np.uint8)


def poster(frame: Frame) -> Frame:
    return frame // 64 * 64 + np.uint8(32)


def relight(frame: Frame) -> Frame:
    light = np.linspace(0.25, 1.7, frame.shape[1])[None, :, None] * (1.2, 0.9, 0.6)
    return np.clip(frame * light, 0, 255).astype(np.uint8)


def night(frame: Frame) -> Frame:
    return (255 * (frame / 255.0) ** 2.4 * (0.6, 0.7, 1.0)).astype(np.uint8)


def new_background(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    person = np.zeros((height, width), np.uint8)
    cv2.ellipse(person, (width // 2, height // 2), (width // 4, height * 2 // 5), 0, 0, 360, 255, -1)
    return np.where(person[..., None] > 0, frame, busy_scene(77, width, height))


def third_replaced(frame: Frame) -> Frame:
    return third_edited(frame, 2)


def moved_subject(frame: Frame) -> Frame:
    edited = frame.copy()
    edited[100:300, 180:340] = frame[110:310, 155:315]
    return edited


def untouched(frame: Frame) -> Frame:
    return frame.copy()


EDITS = [
    duotone,
    negative_duotone,
    cartoon,
    poster,
    relight,
    night,
    new_background,
    third_replaced,
    moved_subject,
    untouched,
]


@pytest.mark.parametrize("scene", [busy_scene, plain_scene])
@pytest.mark.parametrize("edit", EDITS)
def test_an_aligned_edit_is_never_moved(scene: type, edit: type) -> None:
    first = scene()
    image = edit(first)
    found = register(first, image)
    assert not found.corrected
    assert np.array_equal(found.frame, image)
    assert found.transform == Displacement()


@pytest.mark.parametrize("size", [(300, 262), (1024, 896), (768, 672)])
def test_an_aligned_edit_of_another_size_is_only_resized(size: tuple[int, int]) -> None:
    first = busy_scene(2)
    found = register(first, jpeg(resized(third_edited(first, 2), *size), 92))
    assert not found.corrected
    assert found.frame.shape == first.shape
    assert found.notes[0] == f"Resized from {size[0]}×{size[1]} to 512×448."
    assert np.abs(found.frame.astype(int) - third_edited(first, 2)).mean() < 6


def test_less_than_a_pixel_is_left_as_it_is() -> None:
    first = busy_scene(5)
    image = displaced(first, Displacement(dx=0.6))
    found = register(first, image)
    assert not found.corrected
    assert np.array_equal(found.frame, image)


@pytest.mark.parametrize("edit", [duotone, negative_duotone, relight])
def test_a_recoloured_frame_is_still_measured(edit: type) -> None:
    first, truth = busy_scene(6), Displacement(9, -4, 1.03, -1)
    found = register(first, displaced(edit(first), truth))
    assert found.corrected
    assert error_of(found, truth) <= 0.3


def test_a_cartoon_far_off_is_brought_near_and_called_approximate() -> None:
    first, truth = busy_scene(7), Displacement(20, -12, 1.04, 1)
    found = register(first, displaced(cartoon(first), truth))
    assert found.corrected
    assert error_of(found, truth) < truth.largest_displacement(SIZE) / 3


@pytest.mark.parametrize("seed", range(1, 7))
def test_another_scene_is_refused(seed: int) -> None:
    with pytest.raises(EditedFrameError, match="does not look like your clip's first frame"):
        register(busy_scene(seed), busy_scene(seed + 50))


def test_a_scene_without_structure_is_used_as_it_is_and_that_is_said() -> None:
    flat = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    image = busy_scene(8)
    found = register(flat, image)
    assert np.array_equal(found.frame, image)
    assert "Too little of the first frame" in found.notes[0]


def test_a_crop_of_the_same_shape_is_refused() -> None:
    first = busy_scene(9)
    image = resized(first[HEIGHT // 4 : -HEIGHT // 4, WIDTH // 4 : -WIDTH // 4], WIDTH, HEIGHT)
    with pytest.raises(EditedFrameError, match="another crop: it shows only 25 %"):
        register(first, image)


def test_a_wider_view_is_cut_to_frame_0() -> None:
    wide = busy_scene(10, 1024, 896)
    first = np.ascontiguousarray(wide[200:648, 240:752])
    found = register(first, wide)
    assert found.corrected
    assert np.abs(found.frame.astype(int) - first).mean() < 6


@pytest.mark.parametrize("how", ["stretched", "extended", "cropped"])
def test_another_shape_is_placed_where_its_content_is_found(how: str) -> None:
    first = busy_scene(11)
    edited = third_edited(first, 11)
    image = {
        "stretched": resized(edited, 640, 448),
        "extended": cv2.copyMakeBorder(edited, 0, 0, 64, 128, cv2.BORDER_CONSTANT, value=(20, 20, 20)),
        "cropped": edited[:, 40:-20],
    }[how]
    found = register(first, np.ascontiguousarray(image, np.uint8))
    assert found.corrected
    assert "another shape" in found.notes[0]
    inside = np.s_[8:-8, 48:-28]
    assert np.abs(found.frame.astype(int) - edited)[inside].mean() < 5


@pytest.mark.parametrize("size", [(1024, 300), (3000, 100), (448, 512)])
def test_another_shape_of_another_scene_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(EditedFrameError, match=f"is {size[0]}×{size[1]}, the first frame is 512×448"):
        register(busy_scene(12), busy_scene(99, *size))


@pytest.mark.parametrize("scene", [busy_scene, plain_scene])
def test_nothing_edited_is_noticed_through_compression_and_resizing(scene: type) -> None:
    first = scene()
    for image in (
        first,
        jpeg(first, 85),
        resized(first, 1024, 896),
        resized(first, 384, 336),
        jpeg(resized(first, 768, 672), 85),
    ):
        found = register(first, image)
        assert found.notes[-1] == "Nothing was edited: it is the same as the first frame."
        assert found.edited_share == 0
        assert not found.corrected


def test_a_slight_grade_is_not_nothing() -> None:
    first = busy_scene()
    graded = np.clip(first + np.array([5, 0, -4]), 0, 255).astype(np.uint8)
    found = register(first, graded)
    assert found.notes == ("Only the colours were edited, and only slightly.",)
    assert np.array_equal(found.frame, graded)


@pytest.mark.parametrize("level", [0, 128])
def test_of_a_blank_frame_that_came_back_it_is_only_said_that_nothing_was_edited(level: int) -> None:
    blank = np.full((256, 320, 3), level, np.uint8)
    found = register(blank, blank.copy())
    assert found.notes == ("Nothing was edited: it is the same as the first frame.",)
