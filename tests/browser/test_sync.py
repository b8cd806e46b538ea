"""The sync report under the player, where there is something to see."""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import gradio as gr
import pytest
from gradio.themes import Base
from playwright.sync_api import expect

from syncedit_demo.media.web_tracks import Playable
from syncedit_demo.sync_report.faces import FaceCurve
from syncedit_demo.sync_report.report import SyncReport
from syncedit_demo.ui.components.player import Comparison, Side, compare_player
from syncedit_demo.ui.components.sync_view import SyncView, sync_view
from tests.support.numbered import FRAMES, HEIGHT, WIDTH, write_numbered

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage, Serve

WORST = 16
FROZEN = SyncReport(
    verdict="frozen",
    score=0.5,
    offset_frames=0,
    frozen_frames=10,
    first_frame_psnr=None,
    worst_frame=WORST,
    curves={
        "agreement": tuple(1 - 0.9 * (abs(frame - WORST) < 6) for frame in range(FRAMES)),
        "motion_reference": (1.0,) * FRAMES,
        "motion_result": (1.0,) * FRAMES,
        "offset": (0.0,) * FRAMES,
    },
    sentences=("The result stands still for 10 frames from frame 12 (0.4 s) on.",),
)

NODS = tuple(10 * math.sin(frame) for frame in range(FRAMES))
NODS_AND_HIDES = tuple(None if 10 <= frame < 14 else nod for frame, nod in enumerate(NODS))
WITH_FACES = replace(FROZEN, faces={"pitch": FaceCurve(NODS, NODS_AND_HIDES, 1.0, 0)})


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clips")
    side = Side.of(Playable.of(write_numbered(folder / "clip.mp4"), folder), "Clip")
    pair = Comparison(
        reference=side, result=side, width=WIDTH, height=HEIGHT, frames=FRAMES, rate=Fraction(30000, 1001)
    )
    with gr.Blocks() as app:
        compare_player(pair, elem_id="player")
        sync = sync_view(elem_id="sync")
        gr.Button("report").click(lambda: SyncView.of(FROZEN), outputs=sync, show_progress="hidden")
        gr.Button("faces").click(lambda: SyncView.of(WITH_FACES), outputs=sync, show_progress="hidden")
    return serve(app, theme=Base())


def test_the_worst_second_is_marked_and_shown_on_a_click(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    expect(page.locator(".compare-player")).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="report", exact=True).click()
    sync = page.locator("#sync .sync")
    expect(sync.locator(".verdict")).to_have_text("Frozen")
    sync.get_by_role("button", name="Sync check").click()
    mark, plot = sync.locator(".mark").bounding_box(), sync.locator(".plot").bounding_box()
    assert mark
    assert plot
    assert abs(mark["x"] - plot["x"] - plot["width"] * WORST / (FRAMES - 1)) < 2
    sync.get_by_role("button", name="Worst second").click()
    expect(page.locator(".compare-player .counter")).to_have_text(f"frame {WORST + 1} / {FRAMES}")
    expect(sync.locator(".frame")).to_have_value(str(WORST))


def test_the_curves_of_faces_are_shown_where_there_are_faces(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    faces = page.locator("#sync .faces")
    page.get_by_role("button", name="faces", exact=True).click()
    page.get_by_role("button", name="Sync check").click()
    expect(faces.get_by_role("listitem")).to_have_text(["Head nod in time (correlation 1.00)"])
    # Where there is no face the curve has a gap.
    path = faces.locator(".result").get_attribute("d") or ""
    assert (path.count("M"), path.count("L")) == (2, FRAMES - 4 - 2)
    page.get_by_role("button", name="report", exact=True).click()
    expect(faces).to_be_hidden()
    expect(faces.get_by_role("listitem")).to_have_count(0)
