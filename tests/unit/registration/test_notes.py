"""What is said of an edited frame, and what is made of it, on small pictures."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from syncedit_demo.errors import EditedFrameError
from syncedit_demo.frames import Frame, as_frame
from syncedit_demo.registration.maps import Displacement
from syncedit_demo.registration.position import flipped, resized, same_aspect
from syncedit_demo.registration.register import register
from tests.support.grey_pictures import SIZE, textured

FIRST = as_frame(np.dstack([textured(1), textured(1) * 0.8 + 20, 255 - textured(1)]).astype(np.uint8))
EDITED = FIRST.copy()
EDITED[40:80, 60:100] = (200, 30, 60)  # 5 % of it, and a pixel around
NOTHING = "Nothing was edited: it is the same as the first frame."


def moved(picture: Frame, by: Displacement) -> Frame:
    flags = cv2.INTER_CUBIC
    return as_frame(cv2.warpAffine(picture, by.matrix(SIZE), SIZE, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def test_what_is_in_place_is_used_as_it_is() -> None:
    found = register(FIRST, EDITED)
    assert found.frame is EDITED
    assert (found.transform, found.mirrored, found.corrected) == (Displacement(), False, False)
    assert found.edited_share == pytest.approx(0.06, abs=0.005)
    assert found.notes == ("6 % of the frame is edited.",)


def test_what_was_not_edited_is_said() -> None:
    same = register(FIRST, FIRST)
    assert (same.notes, same.edited_share) == ((NOTHING,), 0)
    warmer = register(FIRST, np.clip(FIRST + np.array((4, 0, -3)), 0, 255).astype(np.uint8))
    assert warmer.notes == ("Only the colours were edited, and only slightly.",)
    dot = FIRST.copy()
    dot[40:46, 60:66] = (255, 0, 255)
    assert register(FIRST, dot).notes == ("Less than 1 % of the frame is edited.",)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Displacement(dx=3, dy=4), r"Shifted by 5 px: corrected\."),
        (Displacement(zoom=1.05), r"Zoomed by 1\.050: corrected\."),
        (Displacement(turn=2), r"Turned by 2\.0°: corrected\."),
        (
            Displacement(dx=4.2, zoom=0.97, turn=-1.5),
            r"Shifted by 4\.[12] px, zoomed by 0\.970 and turned by 1\.5°: .*",
        ),
        (Displacement(stretch=1.06), r"Stretched by 1\.030 in width and 0\.971 in height: corrected\."),
    ],
    ids=["shift", "zoom", "turn", "all", "stretch"],
)
def test_a_displacement_is_undone_and_said(by: Displacement, said: str) -> None:
    found = register(FIRST, moved(EDITED, by))
    assert re.fullmatch(said, found.notes[0])
    assert found.corrected
    assert not found.mirrored
    for name in ("dx", "dy", "zoom", "turn", "stretch"):
        assert getattr(found.transform, name) == pytest.approx(getattr(by, name), abs=0.15)
    inner = np.abs(found.frame.astype(int) - EDITED)[12:-12, 12:-12]
    assert inner.mean() < 6
    assert found.notes[-1] == f"{100 * found.edited_share:.0f} % of the frame is edited."


def test_a_mirror_image_is_turned_back() -> None:
    found = register(FIRST, flipped(EDITED))
    assert (found.mirrored, found.corrected, found.transform) == (True, True, Displacement())
    assert found.notes == ("Mirrored left to right: turned back.", "6 % of the frame is edited.")
    assert np.array_equal(found.frame, EDITED)
    shifted = register(FIRST, flipped(moved(EDITED, Displacement(dx=6))))
    assert shifted.notes[:2] == ("Mirrored left to right: turned back.", "Shifted by 6 px: corrected.")


def test_an_uncovered_border_shows_frame_0_or_the_edge_again() -> None:
    by = Displacement(dx=20)
    away = as_frame(cv2.warpAffine(EDITED, by.matrix(SIZE), SIZE, borderMode=cv2.BORDER_CONSTANT))
    found = register(FIRST, away)
    assert found.notes[1] == "The border this uncovered (10 % of the frame) was filled from the first frame."
    assert np.abs(found.frame.astype(int) - FIRST)[:, 182:].mean() < 4
    other = away.copy()
    other[:, -40:] = (250, 250, 0)
    found = register(FIRST, other)
    assert found.notes[1] == "The border this uncovered (10 % of the frame) was filled from repeating its edge."
    assert np.abs(found.frame[:, 182:].astype(int) - (250, 250, 0)).max() < 8
    half = away.copy()
    half[:80, -40:] = (250, 250, 0)
    found = register(FIRST, half)
    assert found.notes[1].endswith("(10 % of the frame) was filled from the first frame and repeating its edge.")


def test_frame_0_has_the_tone_of_the_edit_where_it_fills_a_border() -> None:
    brighter = np.clip(EDITED.astype(int) + 15, 0, 255).astype(np.uint8)
    found = register(FIRST, moved(brighter, Displacement(dx=20)))
    assert found.notes[1].endswith("was filled from the first frame.")
    filled = found.frame[:, 182:].astype(int) - FIRST[:, 182:]
    assert np.median(filled) == pytest.approx(15, abs=2)


def test_what_is_displaced_and_transparent_is_put_back_over_frame_0() -> None:
    opacity = np.zeros(SIZE[::-1], np.uint8)
    opacity[20:140, 30:170] = 255
    by = Displacement(dx=7, dy=-4)
    away = as_frame(cv2.warpAffine(opacity, by.matrix(SIZE), SIZE))
    found = register(FIRST, moved(EDITED, by), away)
    assert found.notes[0] == "Shifted by 8.1 px: corrected."
    assert found.notes[-2] == "Transparent parts of the edited frame show the first frame."
    assert np.abs(found.frame.astype(int) - EDITED).mean() < 3
    assert np.array_equal(found.frame[:12], FIRST[:12])


def test_what_is_opaque_may_be_another_scene_in_a_picture_of_frame_0_s_shape() -> None:
    other = as_frame(np.dstack([textured(2)] * 3).astype(np.uint8))
    opacity = np.zeros(SIZE[::-1], np.uint8)
    opacity[:, :110] = 255
    found = register(FIRST, other, opacity)
    assert np.array_equal(found.frame[:, 110:], FIRST[:, 110:])
    assert np.array_equal(found.frame[:, :110], other[:, :110])
    assert not found.corrected


def test_transparent_parts_show_frame_0() -> None:
    opacity = np.zeros(SIZE[::-1], np.uint8)
    opacity[20:140, 30:170] = 255
    opacity[50:60, 70:80] = 128
    found = register(FIRST, EDITED, opacity)
    assert found.notes == ("Transparent parts of the edited frame show the first frame.", "6 % of the frame is edited.")
    expected = EDITED.astype(float)
    expected[50:60, 70:80] = FIRST[50:60, 70:80] * (127 / 255) + EDITED[50:60, 70:80] * (128 / 255)
    assert np.abs(found.frame - expected).max() <= 2
    assert np.array_equal(found.frame[:20], FIRST[:20])


def test_another_size_of_the_same_shape_is_only_resized() -> None:
    double = resized(EDITED, (400, 320))
    found = register(FIRST, double)
    assert found.notes == ("Resized from 400×320 to 200×160.", "6 % of the frame is edited.")
    assert np.abs(found.frame.astype(int) - EDITED).mean() < 4
    assert not found.corrected


def test_a_picture_is_enlarged_sharply_and_reduced_without_ringing() -> None:
    step = np.full_like(FIRST, 60)
    step[:, 100:] = 190
    assert resized(step, (300, 160)).max() > 190
    assert resized(step, (150, 180)).max() == 190
    assert resized(step, (151, 160)).max() == 190


def test_a_part_of_the_picture_is_refused_with_its_share() -> None:
    part = resized(np.ascontiguousarray(FIRST[32:128, 40:160]), SIZE)
    with pytest.raises(
        EditedFrameError,
        match=r"^This looks like another crop: it shows only 3\d % of the first frame\. Edit the whole frame ",
    ):
        register(FIRST, part)


def test_another_scene_is_refused() -> None:
    other = as_frame(np.dstack([textured(2)] * 3).astype(np.uint8))
    with pytest.raises(EditedFrameError, match=r"^This does not look like your clip's first frame: nothing in it lies"):
        register(FIRST, other)
    wide = resized(other, (300, 120))
    with pytest.raises(
        EditedFrameError, match=r"^The edited frame is 300×120, the first frame is 200×160, and it could not be"
    ):
        register(FIRST, wide)
    with pytest.raises(
        EditedFrameError, match=r"^The edited frame is 2000×100, the first frame is 200×160, and it could not"
    ):
        register(FIRST, resized(FIRST, (2000, 100)))


def test_another_shape_is_taken_for_what_it_is() -> None:
    stretched = register(FIRST, resized(EDITED, (300, 160)))
    assert (
        stretched.notes[0] == "The edited frame has another shape (300×160 instead of 200×160), stretched: corrected."
    )
    assert np.abs(stretched.frame.astype(int) - EDITED)[4:-4, 4:-4].mean() < 5
    cropped = register(FIRST, np.ascontiguousarray(EDITED[:, 20:180]))
    assert cropped.notes[0] == (
        "The edited frame has another shape (160×160 instead of 200×160), cropped or extended: corrected."
    )
    assert np.abs(cropped.frame.astype(int) - EDITED)[4:-4, 24:176].mean() < 3


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ((200, 160), True),
        ((400, 320), True),
        ((100, 80), True),
        ((201, 160), True),
        ((203, 160), False),
        ((160, 200), False),
    ],
)
def test_a_shape_is_the_same_to_a_pixel_of_rounding(other: tuple[int, int], same: bool) -> None:
    assert same_aspect(SIZE, other) == same_aspect(other, SIZE) == same
