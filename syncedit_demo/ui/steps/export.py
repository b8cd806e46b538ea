"""The result in another format: chosen from a menu, made on demand by a job that can be stopped."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from gradio.data_classes import FileData

from syncedit_demo.engines.interface import Progress
from syncedit_demo.errors import Cancelled
from syncedit_demo.media.formats.registry import FORMATS, Format
from syncedit_demo.ui.components.export_menu import ExportChoice, ExportMenu, export_menu, picked_format
from syncedit_demo.ui.gradio_internals import Listener, serve_from
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.steps.visitor import session_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS
from syncedit_demo.ui.visits.everything import everything_path, pack_everything
from syncedit_demo.ui.visits.exports import export_path, export_run
from syncedit_demo.ui.visits.jobs import CancelFlags, Job
from syncedit_demo.ui.visits.visit import Run, Visit

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.service import EditService
    from syncedit_demo.ui.steps.visitor import Visitor

EXPORTS_AT_ONCE = 2
"""How many files are made at once, of all visitors: each keeps a core or more busy for seconds."""


def _choice(form: Format) -> ExportChoice:
    limits = f"; {form.sharing.in_words()}" if form.sharing else ""
    return ExportChoice(name=form.name, title=f"{form.title} ({form.suffix})", about=f"{form.about}{limits}")


EVERYTHING = ExportChoice(
    name="everything", title="Everything (.zip)", about="Result, side by side, record, edited frame, and the report"
)
"""What is no format: all that there is of the run."""

NOTHING = ExportMenu(choices=[])
IDLE = ExportMenu(choices=[EVERYTHING, *(_choice(form) for form in FORMATS.values())])


class ExportStep:
    """The menu, where it is made, and what it does."""

    def __init__(self) -> None:
        self._flags = CancelFlags()
        self.menu = export_menu(NOTHING, elem_id="export")

    def listen(self, service: EditService, visitor: Visitor, shown: gr.State) -> None:
        """Offer the formats for the run on show, and make what is asked for.

        Args:
            service: What makes it.
            visitor: Who asks.
            shown: State with the id of the run on show.
        """
        # What is made is kept once, and not once more among the uploads.
        serve_from(self.menu, service.settings.jobs_dir)
        menu = cast("Any", self.menu)
        shown.change(self.offer, [visitor.visit, shown], self.menu, **HIDDEN_PROGRESS)

        def make(
            visit: Visit | None, run_id: str | None, request: gr.Request, event: gr.EventData
        ) -> Generator[ExportMenu]:
            yield from self.make(service, visit, run_id, request, event)

        how = {"concurrency_id": "exports", "concurrency_limit": EXPORTS_AT_ONCE, **HIDDEN_PROGRESS}
        menu.make(make, [visitor.visit, shown], self.menu, **how)
        menu.halt(self.halt, None, None, queue=False, **HIDDEN_PROGRESS)

    def offer(self, visit: Visit | None, run_id: str | None) -> ExportMenu:
        """Another run is on show, or none."""
        return IDLE if visit is not None and visit.run(run_id) else NOTHING

    def make(
        self, service: EditService, visit: Visit | None, run_id: str | None, request: gr.Request, event: gr.EventData
    ) -> Generator[ExportMenu]:
        """Make the run on show in a format; what the menu says, again and again."""
        run, picked = visit and visit.run(run_id), picked_format(event)
        form = next((each for each in FORMATS.values() if each.name == picked), None)
        if visit is None or run is None or (form is None and picked != EVERYTHING.name):
            yield NOTHING
            return
        title, path = (form.title, export_path(run, form.name)) if form else ("Everything", everything_path(run))
        cancel = self._flags.start(session_of(request))
        page = Listener(request)
        try:
            yield _making(title, 0.0)
            steps = export_run(service, visit, run, form.name, cancel) if form else pack_everything(visit, run, cancel)
            for news in Job(steps).news():
                done = [step.step / step.total for step in news if isinstance(step, Progress)]
                if done:
                    yield _making(title, done[-1])
                if page.is_gone():
                    return
            yield _made(run, title, path)
        except Cancelled:
            yield IDLE.model_copy(update={"words": "Stopped."})
        except Exception as error:
            yield IDLE.model_copy(update={"state": "failed", "words": explain(error)})
        finally:
            cancel.set()

    def halt(self, request: gr.Request) -> None:
        """Stop this visitor's export within a frame."""
        self._flags.stop(session_of(request))


def _making(title: str, share: float) -> ExportMenu:
    return IDLE.model_copy(update={"state": "making", "words": f"{title}: {share:.0%}", "share": share})


def _made(run: Run, title: str, path: Path) -> ExportMenu:
    words = f"{run.title} as {title}, {path.stat().st_size / 1e6:.1f} MB."
    return IDLE.model_copy(update={"state": "done", "words": words, "file": FileData(path=str(path))})
