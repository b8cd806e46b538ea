"""What a page says of the machine that it is served from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from syncedit_demo.service import EditService
from syncedit_demo.settings import EngineChoice, Settings
from syncedit_demo.ui.steps.place import offer_a_copy, place_in_words

if TYPE_CHECKING:
    from pathlib import Path


def offered(engine: EngineChoice, folder: Path) -> str:
    service = EditService(Settings(work_dir=folder, engine=engine))

    async def lay_out() -> str:
        # Gradio makes a loop of its own where there is none, and leaves it open.
        with gr.Blocks() as page:
            offer_a_copy(service)
        return " ".join(str(getattr(each, "value", "")) for each in page.blocks.values())

    return asyncio.run(lay_out())


def test_at_home_it_is_this_machine_and_nobody_needs_a_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert place_in_words() == "this machine"
    assert not offered("draft", tmp_path).strip()


def test_on_a_space_it_is_this_server_and_one_without_a_gpu_offers_a_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/syncedit")
    assert place_in_words() == "this server"
    said = offered("draft", tmp_path)
    assert "Duplicate this Space" in said
    assert "ZeroGPU" in said
    # Whose weights are not there.
    assert not offered("sync-lora", tmp_path).strip()
