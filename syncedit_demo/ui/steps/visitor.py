"""Who is visiting: what the page and the browser know of the visit, and handlers that need it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.ui.updates import HIDDEN_PROGRESS, Outputs, Updates, Values
from syncedit_demo.ui.visits.visit import Visit, open_visit

if TYPE_CHECKING:
    from gradio.events import Dependency

    from syncedit_demo.settings import Settings


class Visitor:
    """The states of the visit, where it is made.

    Attributes:
        visit: State with the `Visit`, None before the page is loaded and after the server started anew.
        stored: What the browser keeps of it, which anybody may have changed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.visit = gr.State(None)
        # What is stored is an id, which says nothing by itself; with a key of its own it outlives the process.
        self.stored = gr.BrowserState(None, storage_key="syncedit-visit", secret="syncedit")

    def on(
        self,
        listen: Callable[..., Dependency],
        handler: Callable[..., Updates],
        inputs: Sequence[Any],
        outputs: Outputs,
        **how: Values,
    ) -> Dependency:
        """Listen to an event with a handler that takes the visit, which is opened first where there is none.

        Args:
            listen: The event, such as `button.click`.
            handler: It takes the visit, the values of the inputs and whatever else Gradio gives by annotation.
            inputs: The components whose values it takes.
            outputs: The components that it gives values for.
            how: What `listen` takes beside, over what all events of the page have.
        """
        return listen(
            self._with_visit(handler),
            [self.visit, self.stored, *inputs],
            [self.visit, *outputs],
            **(HIDDEN_PROGRESS | how),
        )

    def open(self, stored: object) -> Visit:
        """The visit that a browser has stored, or a new one."""
        return open_visit(self._settings, _known(stored).get("id"))

    def remember(self, visit: Visit) -> Updates:
        """Let the browser know the visit and how many runs it has."""
        return {self.stored: {"id": visit.id, "runs": len(visit.runs())}}

    def _with_visit(self, handler: Callable[..., Updates]) -> Callable[..., Updates]:
        @wraps(handler)
        def with_visit(visit: Visit | None, stored: object, *rest: Values) -> Updates:
            visit = visit or self.open(stored)
            return {self.visit: visit, **handler(visit, *rest)}

        # Gradio counts the inputs, and finds where it is to pass an event, by the signature.
        visit, *rest = inspect.signature(handler).parameters.values()
        stored = inspect.Parameter("stored", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        cast("Any", with_visit).__signature__ = inspect.Signature([visit, stored, *rest])
        return with_visit


def known_runs(stored: object) -> int:
    """How many runs the visit had when the browser was told last."""
    count = _known(stored).get("runs")
    return count if isinstance(count, int) else 0


def session_of(request: gr.Request) -> str:
    """The id of a visitor's open page."""
    return request.session_hash or ""


def _known(stored: object) -> dict[str, object]:
    return cast("dict[str, object]", stored) if isinstance(stored, dict) else {}
