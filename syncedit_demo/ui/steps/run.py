"""Step 3, the run: whether it can start, how far it is, and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from syncedit_demo.edits.admission import ENDING
from syncedit_demo.errors import Cancelled, EngineError
from syncedit_demo.plan import frames_from_start
from syncedit_demo.ui.components.notice import bad, notice, plain
from syncedit_demo.ui.components.run_state import run_state
from syncedit_demo.ui.gradio_internals import Listener
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.steps.progress_view import ProgressView, what_is_kept
from syncedit_demo.ui.steps.visitor import session_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, Outputs, Updates
from syncedit_demo.ui.visits.jobs import Arrival, CancelFlags, Choices, Job, make_runs
from syncedit_demo.ui.visits.visit import Run

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.service import EditService
    from syncedit_demo.ui.steps.frame import Edited
    from syncedit_demo.ui.steps.quality import QualityChoice
    from syncedit_demo.ui.visits.visit import ClipRange, Visit


class RunStep:
    """The components of the step, where it is made, and what they do.

    Attributes:
        outputs: The components that what it does gives values for.
    """

    def __init__(self, service: EditService, quality: QualityChoice) -> None:
        self._service = service
        self._quality = quality
        self._flags = CancelFlags()
        self.state = run_state(elem_id="run-state")
        self.message = notice(plain([self._missing(None, None) or ""]), elem_id="run-message")
        for component in quality.components:
            component.render()
        with gr.Row(elem_id="go"):
            self.generate = gr.Button("Generate", variant="primary", interactive=False, elem_id="generate", size="lg")
            self.stop = gr.Button("Stop", variant="stop", visible=False, elem_id="stop", size="lg")
        self.outputs: Outputs = (self.generate, self.stop, self.message, self.state, *quality.components)
        self.stop.click(self.ask_to_stop, None, self.stop, queue=False, **HIDDEN_PROGRESS)

    def judge(self, cut: ClipRange | None, edited: Edited | None) -> Updates:
        """Let Generate be pressed when it can work, and say why not otherwise."""
        missing = self._missing(cut, edited)
        return {
            self.generate: gr.update(interactive=missing is None),
            self.message: plain([said]) if (said := missing or self._cost(cut)) else None,
        }

    def plan(self, cut: ClipRange | None, *, afresh: bool) -> Updates:
        """What would be made is another thing now, of another clip if `afresh`: say how long that takes."""
        return {**self._expect(cut, afresh=afresh), **self.judge(cut, None)}

    def expect(self, cut: ClipRange | None) -> Updates:
        """Another engine would make it now: say how long that takes."""
        return self._expect(cut, afresh=False)

    def _expect(self, cut: ClipRange | None, *, afresh: bool) -> Updates:
        plan, most = (cut.plan, frames_from_start(cut.clip, cut.plan, cut.options.max_frames)) if cut else (None, 0)
        return self._quality.of(plan, most, afresh=afresh)

    def _cost(self, cut: ClipRange | None) -> str | None:
        """What the run takes of what its visitor has little of."""
        return None if cut is None else self._service.engine()[0].cost(cut.plan)

    def await_inputs(self) -> Updates:
        """What a run needs is looked at: it cannot start before that is done."""
        return {self.generate: gr.update(interactive=False), self.message: None}

    def start(
        self, visit: Visit, cut: ClipRange | None, edited: Edited | None, choices: Choices, request: gr.Request
    ) -> Generator[tuple[Updates, Arrival | None]]:
        """Make a run; what is shown of it, again and again, and the run when it or more of it is there."""
        if cut is None or edited is None or self._missing(cut, edited):
            yield self.judge(cut, edited), None
            return
        cancel = self._flags.start(session_of(request))
        page = Listener(request)
        view, runs = ProgressView(self._service, choices), dict[str, Run]()
        over: Updates = {self.generate: gr.update(visible=True), self.stop: gr.update(visible=False)}
        try:
            job = Job(make_runs(self._service, visit, cut, edited.path, choices, cancel))
            yield (
                {
                    self.generate: gr.update(visible=False),
                    self.stop: gr.update(visible=True, interactive=True, value="Stop"),
                    self.message: None,
                    self.state: view.state(),
                },
                None,
            )
            for news in job.news():
                arrivals = [event for event in news if isinstance(event, Arrival)]
                runs |= {arrival.run.id: arrival.run for arrival in arrivals}
                # A page that is gone is noticed when something is sent to it, so something is sent each time.
                yield {self.state: view.after(news)} if news else {}, arrivals[-1] if arrivals else None
                if page.is_gone():
                    return
            made = list(runs.values())
            best = max(made, key=lambda run: run.record.standing)
            yield {**over, self.state: view.done(made, best)}, Arrival(best, whole=True)
        except Cancelled:
            said = bad(ENDING) if self._service.admission.ending else None
            stopped = view.stopped(list(runs.values()), choices.variants)
            yield {**over, self.state: stopped, self.message: said}, _as_it_is(runs)
        except Exception as error:
            said = explain(error)
            # A full disk may have had no room for the record of the last one either.
            runs = {name: run for name, run in runs.items() if run.files.record.exists()}
            if runs:
                said += " " + what_is_kept(list(runs.values()), choices.variants)
            yield {**over, self.state: None, self.message: bad(said)}, _as_it_is(runs)
        finally:
            cancel.set()

    def ask_to_stop(self, request: gr.Request) -> Updates:
        """Stop this visitor's run within a step."""
        self.leave(session_of(request))
        return gr.update(interactive=False, value="Stopping …")

    def leave(self, session: str) -> None:
        """Stop the run of a visitor who left."""
        self._flags.stop(session)

    def _missing(self, cut: ClipRange | None, edited: Edited | None) -> str | None:
        if trouble := _trouble(self._service):
            return trouble
        if cut is None:
            return "First choose a clip."
        if edited is None or edited.cut != cut.folder:
            return "First give back the edited frame."
        if not edited.changed:
            return "The edited frame is the same as the first frame: edit something in it first."
        return None


def _as_it_is(runs: dict[str, Run]) -> Arrival | None:
    """The last run, of which nothing more is made."""
    return Arrival(next(reversed(runs.values())), whole=True) if runs else None


def _trouble(service: EditService) -> str | None:
    """Why nothing can be made here, if so."""
    try:
        service.engine()
    except EngineError as error:
        return str(error)
    return None
