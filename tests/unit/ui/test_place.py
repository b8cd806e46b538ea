"""What a page says of the machine that it is served from."""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest

from syncedit_demo.ui.steps.place import offer_a_copy, place_in_words


def offered(engine: str | None) -> str:
    async def lay_out() -> str:
        # Gradio makes a loop of its own where there is none, and leaves it open.
        with gr.Blocks() as page:
            offer_a_copy(engine)
        return " ".join(str(getattr(each, "value", "")) for each in page.blocks.values())

    return asyncio.run(lay_out())


def test_at_home_it_is_this_machine_and_nobody_needs_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert place_in_words() == "this machine"
    assert not offered("draft").strip()


def test_on_a_space_it_is_this_server_and_one_without_a_gpu_offers_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/syncedit")
    assert place_in_words() == "this server"
    said = offered("draft")
    assert "Duplicate this Space" in said
    assert "ZeroGPU" in said
    assert not offered("sync-lora").strip()
    assert not offered(None).strip()
