"""Where the page is served from, as far as its visitors have to know: a machine of theirs, or a Space."""

from __future__ import annotations

import os

import gradio as gr

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


def offer_a_copy(engine: str | None) -> None:
    """Lay out the way to a Space of one's own, on a Space without a GPU.

    Args:
        engine: The name of the engine that is used; None where none is ready.
    """
    if is_space() and engine == "draft":
        gr.HTML(HARDWARE)
        gr.DuplicateButton("Duplicate this Space", elem_id="duplicate", size="sm")
