"""The page over the Sync-LoRA engine, on tiny weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from syncedit_demo.edits.make import REPORT_PHASE, Started
from syncedit_demo.engines.interface import Preview, PreviewClip
from syncedit_demo.media.image_file import write_png
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.desk import Desk
from tests.support.held import serve_held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import OpenPage, Serve
    from tests.support.held import HeldService

pytest.importorskip("torch")
pytest.importorskip("ltx_core")

FRAMES = 9


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[HeldService, str]:
    """The page on a machine where a tiny set is prepared."""
    from syncedit_demo.engines.sync_lora import prepare_weights  # noqa: PLC0415 - needs torch
    from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, Slot  # noqa: PLC0415
    from tests.support import tiny_ltx  # noqa: PLC0415
    from tests.support.wide_products import multiply_in_float32  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("sync_lora")
    settings = Settings(
        prepared=folder / "prepared",
        weights=folder / "weights",
        device="cpu",
        max_frames=FRAMES,
        work_dir=folder / "work",
    )
    multiply_in_float32()
    tiny_ltx.write_weights(settings.weights)
    settings.prepared.mkdir()
    tiny_ltx.write_prompt(settings.prepared / "prompt.safetensors", settings.weights / FILE_NAMES[Slot.BASE])
    for _ in prepare_weights(settings):
        pass
    return serve_held(serve, settings)


@pytest.fixture
def service(app: tuple[HeldService, str]) -> Iterator[HeldService]:
    yield app[0]
    app[0].release()


@pytest.fixture
def desk(open_page: OpenPage, app: tuple[HeldService, str], tmp_path: Path) -> Desk:
    clip = write_scene(tmp_path / "scene.mp4", FRAMES, sound=True)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return Desk(open_page(app[1]), tmp_path)


def test_an_edit_is_made_by_the_engine_that_is_named(desk: Desk, service: HeldService) -> None:
    expect(desk.page.locator(".engine-name")).to_contain_text("Sync-LoRA on CPU")
    desk.prepare(256, 256)
    service.hold(Preview, PreviewClip)
    desk.generate.click()
    picture = desk.page.locator("#run-state img")
    expect(picture, "a picture of the first stage").to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(picture).to_be_visible()
    service.release(Preview)
    expect(picture, "the clip of the first stage").to_have_attribute("src", re.compile("^data:image/webp"))
    expect(picture).to_be_visible()
    service.release(PreviewClip)
    desk.is_done()
    expect(desk.player.locator(".name.result")).to_contain_text("Sync-LoRA on CPU")
    expect(desk.notice("caption")).to_contain_text("made by Sync-LoRA on CPU")


def test_the_engine_s_own_options_are_offered(desk: Desk) -> None:
    desk.prepare(256, 256)
    for label in ("Refine with the reference", "First frame compression", "Reference strength"):
        expect(desk.page.get_by_label(label).first).to_be_visible()
    desk.page.get_by_label("Quick").check()
    desk.run()
    assert desk.player.locator("video.result").evaluate("video => video.videoWidth") == 128
    expect(desk.notice("caption")).to_contain_text("128×128 · 25 fps · 9 frames")


def test_variants_are_ranked_and_all_kept(desk: Desk, service: HeldService) -> None:
    desk.prepare(256, 256)
    desk.page.get_by_label("Quick").check()
    variants = desk.variants.get_by_role("spinbutton")
    variants.fill("2")
    variants.press("Enter")
    service.hold(Started, REPORT_PHASE)
    desk.generate.click()
    expect(desk.phase).to_contain_text("Variant 1 of 2: ")
    service.release(Started)
    expect(desk.phase).to_have_text(f"Variant 1 of 2: {REPORT_PHASE}")
    service.hold(Started)
    service.release(REPORT_PHASE)
    expect(desk.phase).to_contain_text("Variant 2 of 2: ")
    service.release(Started)
    expect(desk.phase).to_have_text("2 variants are done")
    expect(desk.page.locator("#runs .tile")).to_have_count(2)
    best = desk.page.locator("#runs .tile:has([aria-pressed=true]) .detail").last
    expect(best).to_have_text(re.compile("seed 4[23] · best of 2"))
    expect(desk.page.locator("#runs .tile")).to_contain_text(["seed 42", "seed 43"])


def test_stop_stops_it_and_it_runs_again(desk: Desk, service: HeldService) -> None:
    desk.prepare(256, 256)
    service.hold("Following the motion")
    desk.generate.click()
    expect(desk.phase).to_have_text("Following the motion")
    desk.stop.click()
    expect(desk.stop).to_have_text("Stopping …")
    service.release("Following the motion")
    expect(desk.phase).to_have_text("Stopped")
    desk.run()
