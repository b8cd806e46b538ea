"""Where the page is served from, as far as its visitors have to know: a machine of theirs, or a Space."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import gradio as gr

from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from syncedit_demo.service import EditService

HARDWARE = (
    '<p class="hint">This Space has no GPU, and makes drafts. For Sync-LoRA a Space of your own takes '
    "ZeroGPU, or a GPU with 48 GB: push it with a prepared set as docs/spaces.md in its files says.</p>"
)


def is_space() -> bool:
    """Whether this process serves a Space of the Hub."""
    return "SPACE_ID" in os.environ


def place_in_words() -> str:
    """What visitors call the machine that their files are on."""
    return "this server" if is_space() else "this machine"


def offer_a_copy(service: EditService) -> None:
    """Lay out the way to a Space of one's own, on a Space that makes drafts alone."""
    if not is_space() or service.engines.coming:
        return
    try:
        engine, _ = service.engine()
    except EngineError:
        return
    if engine.name == "draft":
        gr.HTML(HARDWARE)
        gr.DuplicateButton("Duplicate this Space", elem_id="duplicate", size="sm")
