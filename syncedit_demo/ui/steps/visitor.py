"""Who is visiting: what the page and the browser know of the visit, and handlers that need it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.ui.gradio_internals import visit_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, Outputs, Updates, Values
from syncedit_demo.ui.visits.visit import Visit, open_visit

if TYPE_CHECKING:
    from gradio.events import Dependency

    from syncedit_demo.settings import Settings


class Visitor:
    """The states of the visit, where it is made.

    Attributes:
        visit: State with the `Visit`, None before the page is loaded and after the server started anew.
        stored: How many runs it has, as the browser keeps it, which anybody may have changed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.visit = gr.State(None)
        # What is stored is a number, which says nothing by itself; with a key of its own it outlives the process.
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
            [self.visit, *inputs],
            [self.visit, *outputs],
            **(HIDDEN_PROGRESS | how),
        )

    def open(self, request: gr.Request, visit: Visit | None = None) -> Visit:
        """The visit of a request: that of its cookie, or else the one that its page knows, or else a new one."""
        known = visit_of(request)
        return visit if visit and known in {None, visit.id} else open_visit(self._settings, known)

    def remember(self, visit: Visit) -> Updates:
        """Let the browser know how many runs the visit has."""
        return {self.stored: {"runs": len(visit.runs())}}

    def _with_visit(self, handler: Callable[..., Updates]) -> Callable[..., Updates]:
        # Gradio counts the inputs by the signature, and finds by the annotations where it is to pass what.
        visit, *rest = inspect.signature(handler).parameters.values()
        names = [each.name for each in rest]
        own = names.index("request") if "request" in names else None

        @wraps(handler)
        def with_visit(visit: Visit | None, *given: Any) -> Updates:  # noqa: ANN401 - whatever the handler takes
            request, others = (given[0], given[1:]) if own is None else (given[own], given)
            visit = self.open(request, visit)
            return {self.visit: visit, **handler(visit, *others)}

        if own is None:
            rest.insert(0, inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD))
        cast("Any", with_visit).__signature__ = inspect.Signature([visit, *rest])
        with_visit.__annotations__ = {**handler.__annotations__, "request": gr.Request}
        return with_visit


def known_runs(stored: object) -> int:
    """How many runs the visit had when the browser was told last."""
    count = _known(stored).get("runs")
    return count if isinstance(count, int) else 0


def session_of(request: gr.Request) -> str:
    """A visitor's open page: nobody else's request has the same one."""
    return f"{visit_of(request) or ''}/{request.session_hash or ''}"


def _known(stored: object) -> dict[str, object]:
    return cast("dict[str, object]", stored) if isinstance(stored, dict) else {}
