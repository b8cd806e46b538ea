"""The page over the Sync-LoRA engine, on tiny weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from syncedit_demo.render import write_png
from tests.browser.test_page import Desk
from tests.clips import edited_scene, write_scene
from tests.running import running_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import OpenPage

pytest.importorskip("torch")
pytest.importorskip("ltx_core")

FRAMES = 9


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a machine where a tiny set is prepared."""
    from syncedit_demo.engines.sync_lora import SyncLoraSettings, prepare_weights  # noqa: PLC0415
    from syncedit_demo.engines.sync_lora.weights import FILE_NAMES, Slot  # noqa: PLC0415
    from tests import tiny_ltx  # noqa: PLC0415 - needs torch

    folder = tmp_path_factory.mktemp("sync_lora")
    settings = SyncLoraSettings(prepared=folder / "prepared", weights=folder / "weights", device="cpu")
    tiny_ltx.write_weights(settings.weights)
    settings.prepared.mkdir()
    tiny_ltx.write_prompt(settings.prepared / "prompt.safetensors", settings.weights / FILE_NAMES[Slot.BASE])
    for _ in prepare_weights(settings):
        pass
    with running_app(
        folder, engine="auto", weights=settings.weights, prepared=settings.prepared, device="cpu", max_frames=FRAMES
    ) as address:
        yield address
    assert "Traceback" not in (folder / "app.log").read_text(encoding="utf-8")


@pytest.fixture
def desk(open_page: OpenPage, app: str, tmp_path: Path) -> Desk:
    write_scene(tmp_path / "scene.mp4", FRAMES, sound=True)
    write_png(edited_scene(), tmp_path / "edited.png")
    return Desk(open_page(app), tmp_path)


def test_an_edit_is_made_by_the_engine_that_is_named(desk: Desk) -> None:
    expect(desk.page.locator(".engine")).to_contain_text("Sync-LoRA on CPU")
    desk.prepare(512, 512)
    desk.generate.click()
    expect(desk.page.locator("#run-state img[src^='data:image/jpeg']")).to_be_visible(timeout=60_000)
    moving = desk.page.locator("#run-state img[src^='data:image/webp']")
    expect(moving, "the clip of the first stage").to_be_visible(timeout=60_000)
    desk.is_done()
    expect(desk.player.locator(".name.result")).to_contain_text("Sync-LoRA on CPU")
    expect(desk.notice("caption")).to_contain_text("made by Sync-LoRA on CPU")


def test_the_engine_s_own_options_are_offered(desk: Desk) -> None:
    desk.prepare(256, 256)
    for label in ("Refine with the reference", "First frame compression", "Reference strength"):
        expect(desk.page.get_by_label(label).first).to_be_visible()
    desk.page.get_by_label("preview", exact=True).check()
    desk.run()
    assert desk.player.locator("video").last.evaluate("video => video.videoWidth") == 128
    expect(desk.notice("caption")).to_contain_text("128×128 · 25 fps · 9 frames")


def test_stop_stops_it_and_it_runs_again(desk: Desk) -> None:
    desk.prepare(1024, 1024)
    desk.generate.click()
    expect(desk.phase).to_have_text("Following the motion", timeout=60_000)
    desk.stop.click()
    expect(desk.phase).to_have_text("Stopped", timeout=60_000)
    expect(desk.generate).to_be_enabled()
