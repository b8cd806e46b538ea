"""ZeroGPU, by the platform's own package `spaces`: whether GPUs are lent here, to what, and what it says otherwise.

Only here is `spaces` imported. It must be before anything of CUDA begins, and from then on torch pretends to have a GPU
in the thread that imported it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.lent.exchange import LentJob, Message

Task = Callable[["LentJob"], Generator["Message"]]

_LEFT = re.compile(r"(\d+)s requested vs\. (-?\d+)s left")
_AGAIN = re.compile(r"Try again in ([\d:]+(?: days?, [\d:]+)?)")

_SAID = (
    (
        "ZeroGPU illegal duration",
        "",
        "This edit takes longer than anybody may have the GPU here: choose fewer frames, a smaller size or a preview.",
    ),
    (
        "ZeroGPU pending credits exceeded",
        "",
        "Too much of your GPU time is taken by what runs for you already: try again when that has ended.",
    ),
    ("ZeroGPU queue timeout", "", "No GPU became free in time: try again in a few minutes."),
    ("ZeroGPU client error", "No GPU", "No GPU became free: try again in a few minutes."),
    ("ZeroGPU client error", "", "The GPU could not be asked for from this page: load it anew and try again."),
    (
        "ZeroGPU worker error",
        "aborted",
        "The GPU was taken back before the edit was done: its worker was ended, or took longer than was asked for. Try "
        "again, or choose fewer frames or a preview.",
    ),
)
"""By title and a part of the text, the first that fits: what there is to say to a visitor."""


class Lender(Protocol):
    """Lends a GPU to one function at a time.

    Attributes:
        device: What torch calls the GPU.
        duration_factor: By what the platform multiplies the seconds that are asked for.
    """

    device: str
    duration_factor: float

    def lend(self, task: Task, seconds: Callable[[LentJob], int]) -> Task:
        """The function as it runs with a GPU; `seconds` says for how long."""
        ...


def is_zerogpu() -> bool:
    """Whether this process runs where GPUs are lent."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


class ZeroGpu:
    """The platform's package."""

    device = "cuda"

    def __init__(self) -> None:
        import spaces  # noqa: PLC0415  # pyright: ignore[reportMissingImports, reportUnusedImport]
        from spaces.zero.config import get_config  # noqa: PLC0415  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

        self._spaces = cast("Any", spaces)
        self.duration_factor = float(cast("Any", get_config)()["duration_factor"])

    def lend(self, task: Task, seconds: Callable[[LentJob], int]) -> Task:
        """The function as it runs in a worker with half a card, which bfloat16 fits into."""
        return self._spaces.GPU(task, duration=seconds, size="large")


def refusal(error: Exception) -> str | None:
    """What there is to say to a visitor of what the platform raised; None for what is a fault.

    Its errors are Gradio's, with a title that says which they are and a text that may hold links.
    """
    title, text = str(getattr(error, "title", "")), str(error).strip("'\"")
    if title == "ZeroGPU quota exceeded":
        return _quota(text)
    return next((said for kind, part, said in _SAID if title == kind and part in text), None)


def _quota(text: str) -> str:
    if "No GPU was available" in text:
        return "No GPU became free in time: try again in a few minutes."
    if "app has reached" in text:
        return "This page has had the GPU as long as it may for now: sign in on the Hub, or try again later."
    figures, again = _LEFT.search(text), _AGAIN.search(text)
    needed = f": it takes {figures[1]} s, and {max(0, int(figures[2]))} s are left" if figures else ""
    later = f" More is there in {again[1]} (hours, minutes, seconds)." if again else ""
    if "runs limit" in text:
        return f"You have made as many edits with the GPU as you may for now.{later}"
    return f"Your GPU time here does not suffice for this edit{needed}.{later} A preview or fewer frames take less."
