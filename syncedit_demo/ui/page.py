"""The page: where everything stands, and what follows from what."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.plan import conformed_frames
from syncedit_demo.service import EditService
from syncedit_demo.ui.api import add_endpoints
from syncedit_demo.ui.components.intro import intro
from syncedit_demo.ui.components.tiles import picked_tile
from syncedit_demo.ui.components.trim import trimmed
from syncedit_demo.ui.gradio_internals import serve_from, visit_of
from syncedit_demo.ui.steps.arrival import EngineArrival
from syncedit_demo.ui.steps.clip import ClipStep
from syncedit_demo.ui.steps.comeback import Comeback, Parts
from syncedit_demo.ui.steps.frame import Edited, FrameStep, Painting
from syncedit_demo.ui.steps.introduction import introduce
from syncedit_demo.ui.steps.options import Options, OptionsPanel
from syncedit_demo.ui.steps.place import offer_a_copy, place_in_words
from syncedit_demo.ui.steps.quality import QualityChoice
from syncedit_demo.ui.steps.result import Latest, ResultPanel, play_result, reach_result
from syncedit_demo.ui.steps.run import RunStep
from syncedit_demo.ui.steps.settings_text import PageSettings
from syncedit_demo.ui.steps.shelf import ExampleShelf
from syncedit_demo.ui.steps.visitor import Visitor, known_runs, session_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Updates, Values
from syncedit_demo.ui.visits.examples import load_examples
from syncedit_demo.ui.visits.jobs import edits_at_once
from syncedit_demo.ui.visits.visit import ClipRange, Visit

if TYPE_CHECKING:
    from gradio.events import Dependency

MOST_EVENTS = 200
"""How many events of all pages may wait; more are refused by Gradio, which costs nothing."""

HEAVY_LIMIT = 4
"""How many visitors' clips and frames are looked at at once."""

# Without an id Gradio counts each listener by itself: every `self.fit_frame` is a method object of its own.
HEAVY: dict[str, Any] = {
    **HIDDEN_PROGRESS,
    "concurrency_id": "heavy",
    "concurrency_limit": HEAVY_LIMIT,
    # By default Gradio drops an event while the answer to one before it is awaited, whatever that was about.
    "trigger_mode": "multiple",
}
"""How the events are listened to that look at clips and frames."""

HEAVY_LAST: dict[str, Any] = HEAVY | {"trigger_mode": "always_last"}
"""How those of them are listened to of which only the last one counts."""

AT_ONCE: dict[str, Any] = {**HIDDEN_PROGRESS, "queue": False, "trigger_mode": "multiple"}
"""How the events are listened to after which what the page says is about something that is not there any more."""

PAGE_IS_OPEN = """() => document.dispatchEvent(new Event("pageisopen"))"""
"""Heard by what takes the settings of a link."""

HEADER = """<header>
<h1>SyncEdit Demo</h1><p class="lead">Edit one frame, get the whole clip edited in sync.</p>
<nav aria-label="Where this comes from"><a href="https://huggingface.co/SagiPolaczek/LTX-2.3-Sync-LoRA">Model</a>
<a href="https://arxiv.org/abs/2512.03013">Paper</a> <a href="https://github.com/SagiPolaczek/Sync-LoRA">Code</a></nav>
</header>"""
FOOT = (
    '<p class="hint">Everything stays on {place}; uploads and results are deleted after {hours:g} hours. '
    "Edit only people who agreed to it, and say that a video was edited when you show it.</p>"
    # As high, on narrow pages, as what stays at their lower edge.
    '<div class="under-run" aria-hidden="true"></div>'
)


def build_page(service: EditService) -> gr.Blocks:
    """The whole page over a service."""
    return _Page(service).blocks


class _Page:
    """The steps of the page, and the events that reach over more than one of them."""

    def __init__(self, service: EditService) -> None:
        self._service = service
        with gr.Blocks(title="SyncEdit Demo", analytics_enabled=False) as self.blocks:
            self._lay_out()
            self._listen()
            add_endpoints(service)
        self.blocks.queue(default_concurrency_limit=8, max_size=MOST_EVENTS)

    def _lay_out(self) -> None:
        service, hours = self._service, self._service.settings.job_max_age_hours
        self._visitor = Visitor(service.settings)
        gr.HTML(HEADER)
        examples = load_examples()
        quality = self._quality = QualityChoice(service)
        with gr.Row(elem_id="work"):
            with gr.Column(elem_id="about", elem_classes="card"):
                about = intro(introduce(service, examples), elem_id="intro")
            with gr.Column(scale=5, min_width=330, elem_id="steps"):
                self._arrival = EngineArrival(service, examples)
                with gr.Column(elem_id="step-list", elem_classes="plain"):
                    self._comeback = Comeback()
                    with gr.Column(elem_id="clip-step", elem_classes=["card", "step", "takes-file"]):
                        self._clip = ClipStep(service)
                        with self._clip.body:
                            self._shelf = ExampleShelf(examples)
                    with gr.Column(elem_id="frame-step", elem_classes=["card", "step", "takes-file"]):
                        self._frame = FrameStep(service)
                    with (
                        gr.Column(elem_classes="card"),
                        gr.Accordion("Advanced", open=False, elem_id="advanced"),
                    ):
                        self._options = OptionsPanel(service, quality.component)
                        self._comeback.lay_out_bar()
                with gr.Column(elem_id="action", elem_classes="card"):
                    self._run = RunStep(service, quality)
            with gr.Column(scale=8, min_width=330, elem_id="result", elem_classes="card"):
                self._results = ResultPanel(examples, about, hours)
        offer_a_copy(service)
        gr.HTML(FOOT.format(hours=hours, place=place_in_words()))

        # What is made is kept once, and not once more among the uploads.
        for component in (
            *self._clip.pictures,
            *self._frame.pictures,
            *self._results.outputs,
            self._results.review.grid,
        ):
            serve_from(component, service.settings.jobs_dir)

    def _listen(self) -> None:
        self._parts = self._gathered()
        self._prepared = self._parts.prepared
        visitor, clip, frame, run = self._visitor, self._clip, self._frame, self._run
        options, results = self._options, self._results
        self.blocks.unload(self.leave)
        self._arrival.listen(self.blocks, clip.cut, frame.edited, options, run, results)
        self._listen_to_clip()
        everything = [visitor.visit, visitor.stored, self._comeback.again, *self._prepared, *results.outputs]
        loaded = self.blocks.load(self.restore, visitor.stored, everything, **HIDDEN_PROGRESS)
        loaded.then(None, js=PAGE_IS_OPEN)
        frame.listen(visitor, clip.cut, run.generate)
        self._listen_to_frame()
        run.generate.click(
            self.generate,
            [visitor.visit, clip.cut, frame.edited, *options.run_inputs],
            [*run.outputs, results.follows, results.latest, visitor.stored],
            concurrency_id="edits",
            concurrency_limit=edits_at_once(self._service),
            **HIDDEN_PROGRESS,
        )
        results.listen(visitor)
        results.export.listen(self._service, visitor, results.shown)
        results.own.listen(visitor, results)
        results.review.listen(visitor, results)
        self._listen_to_shelf()
        self._comeback.listen(self._parts, self._then_fit_and_copy, HEAVY)

    def _gathered(self) -> Parts:
        clip, frame, run, options = self._clip, self._frame, self._run, self._options
        return Parts(
            settings=self._service.settings,
            visitor=self._visitor,
            clip=clip,
            frame=frame,
            run=run,
            options=options,
            quality=self._quality,
            results=self._results,
            shelf=self._shelf,
            begin=self._begin,
            replan=self._replan,
            await_check=self._await_check,
            prepared=(*clip.outputs, *frame.outputs, *run.outputs, *options.outputs),
        )

    def _listen_to_clip(self) -> None:
        clip, shelf, options, results = self._clip, self._shelf, self._options, self._results
        planned = [clip.start, *options.plan_inputs]
        chosen = gr.on(
            [clip.file.upload, clip.file.clear],
            self.await_clip,
            clip.file,
            [*self._prepared, *results.outputs],
            **AT_ONCE,
        )
        taken = self._visitor.on(
            chosen.then,
            self.take_clip,
            [shelf.example, self._comeback.asked, clip.file, *planned],
            list(dict.fromkeys([shelf.example, self._comeback.asked, *self._prepared, *options.shown])),
            **HEAVY,
        )
        inputs = [self._visitor.visit, clip.cut, self._frame.image, *planned]
        replanned = gr.on(list(options.changed), self.replan, inputs, self._prepared, **HEAVY_LAST)
        trimmed = cast("Any", clip.trim).trim(self.trim, inputs, self._prepared, **HEAVY)
        begun = clip.better_start.click(
            self.start_at_picture,
            inputs,
            self._prepared,
            **HEAVY,
        )
        lengthened = self._quality.whole.click(self.use_all_frames, inputs, self._prepared, **HEAVY)
        for event in (taken, replanned, trimmed, begun, lengthened):
            self._then_fit_and_copy(event)

    def _listen_to_frame(self) -> None:
        cut, frame = self._clip.cut, self._frame
        outputs = [*frame.outputs, *self._run.outputs]
        uploaded = self._visitor.on(
            partial(gr.on, [frame.file.upload, frame.file.clear]),
            self.take_upload,
            [cut, frame.file],
            outputs,
            **AT_ONCE,
        )
        painted = self._visitor.on(
            frame.use.click, self.take_painting, [cut, frame.painting, frame.editor], outputs, **AT_ONCE
        )
        for given in (uploaded, painted):
            self._then_fit(given)

    def _listen_to_shelf(self) -> None:
        visitor, shelf = self._visitor, self._shelf
        pick = cast("Any", shelf.tiles).pick
        outputs = [shelf.example, *self._prepared, *self._results.outputs]
        shown = visitor.on(pick, self.show_example, [], outputs, trigger_mode="multiple")
        play_result(shown)
        filled = shown.then(self.fill_example, [visitor.visit, shelf.example], self._prepared, **HEAVY)
        # What is filled in, the comparison with frame 0 above all, may have moved the result out of sight.
        reach_result(self._then_fit_and_copy(filled))

    def _then_fit(self, event: Dependency) -> Dependency:
        frame, run = self._frame, self._run
        inputs = [self._clip.cut, frame.image, frame.edited]
        fitted = event.then(self.fit_frame, inputs, [*frame.outputs, *run.outputs], **HEAVY)
        self._comeback.then_remember(fitted, self._parts)
        return fitted

    def _then_fit_and_copy(self, event: Dependency) -> Dependency:
        clip, results = self._clip, self._results
        fitted = self._then_fit(event)
        ended = fitted.then(clip.show_last, [clip.cut, clip.part], clip.trim, **HEAVY)
        copied = ended.then(clip.copy_reference, clip.cut, clip.message, **HEAVY)
        # A copy takes seconds: when it is there, the clip and what is on show may be others than when it began.
        copied.then(self.show_copy, [clip.cut, results.shown], [clip.card, *results.outputs], **HIDDEN_PROGRESS)
        return fitted

    def restore(self, stored: object, request: gr.Request) -> Updates:
        """Take up the visit that this browser had, with its results and what it was given last."""
        visit = self._visitor.open(request)
        updates = self._results.restore(visit, known_runs(stored), returns=visit_of(request) is not None)
        updates |= self._comeback.restore(visit, request)
        return {**updates, self._visitor.visit: visit, **self._visitor.remember(visit)}

    def leave(self, request: gr.Request) -> None:
        """Stop what is done for a visitor whose page is closed."""
        session = session_of(request)
        self._clip.leave(session)
        self._frame.leave(session)
        self._run.leave(session)

    def await_clip(self, upload: str | None, request: gr.Request) -> Updates:
        """A clip is chosen or taken away: nothing on the page is about the one before any more."""
        session = session_of(request)
        return {
            **self._begin(self._clip.await_clip(upload, session), session),
            **(self._run.await_inputs() if upload else {}),
            **self._results.clear(),
            self._results.follows: False,
        }

    def take_clip(
        self,
        visit: Visit,
        example: str | None,
        asked: PageSettings | None,
        upload: str | None,
        request: gr.Request,
        *values: Values,
    ) -> Updates:
        """Look at the clip that was chosen; options that an example set are not the visitor's.

        Settings that were asked for before there was a clip are for this one.
        """
        session = session_of(request)
        if asked is not None:
            options = self._options.of(asked)
        elif example is None:
            options = self._options.read(*values).of_whole_clip()
        else:
            options = self._options.untouched()
        at_first = self._quality.frames_at_first if asked is None else None
        updates = self._clip.take(visit, upload, options, session, at_first)
        if not updates:
            return {}
        cut: ClipRange | None = updates[self._clip.cut]
        begun = {self._shelf.example: None, **self._begin(updates, session)}
        if asked is not None and cut is not None:
            return {**begun, **self._comeback.take_asked(asked, begun)}
        return {
            **begun,
            **({} if example is None else self._options.set_to(options)),
            self._options.frames: cut and cut.options.frames,
        }

    def take_upload(self, visit: Visit, cut: ClipRange | None, upload: str | None, request: gr.Request) -> Updates:
        """An edited frame is given back or taken away."""
        updates = self._frame.take_upload(visit, cut, upload, session_of(request))
        return {**updates, **self._await_check(cut, updates)}

    def take_painting(
        self,
        visit: Visit,
        cut: ClipRange | None,
        painting: Painting | None,
        drawn: dict[str, Any] | None,
        request: gr.Request,
    ) -> Updates:
        """What was painted in the page is to be used."""
        updates = self._frame.take_painting(visit, cut, painting, drawn, session_of(request))
        return {**updates, **self._await_check(cut, updates)}

    def _await_check(self, cut: ClipRange | None, updates: Updates) -> Updates:
        waits = cut is not None and updates[self._frame.image] is not None
        return self._run.await_inputs() if waits else self._run.judge(cut, None)

    def replan(
        self, visit: Visit, cut: ClipRange | None, image: Path | None, request: gr.Request, *values: Values
    ) -> Updates:
        """An option that decides the plan has changed."""
        return self._replan(visit, cut, image, self._options.read(*values), request)

    def trim(
        self,
        visit: Visit,
        cut: ClipRange | None,
        image: Path | None,
        request: gr.Request,
        event: gr.EventData,
        *values: Values,
    ) -> Updates:
        """A handle of the part that is used was let go."""
        told = trimmed(event)
        if told is None or cut is None:
            return UNCHANGED
        start, frames, asked = told
        options = self._options.read(*values).of_part(start, frames, conformed_frames(cut.clip, cut.plan.frame_rate))
        updates = self._replan(visit, cut, image, options, request, asked)
        return {**updates, self._options.frames: options.frames} if self._clip.cut in updates else updates

    def _replan(
        self,
        visit: Visit,
        cut: ClipRange | None,
        image: Path | None,
        options: Options,
        request: gr.Request,
        asked: int | None = None,
    ) -> Updates:
        session = session_of(request)
        updates = self._clip.replan(visit, cut, options, session, asked)
        planned = updates.get(self._clip.cut)
        if planned is None:
            return updates or UNCHANGED
        return {**updates, **self._frame.offer(planned, image, session), **self._run.plan(planned, afresh=False)}

    def start_at_picture(
        self,
        visit: Visit,
        cut: ClipRange | None,
        image: Path | None,
        start: Values,
        request: gr.Request,
        *values: Values,
    ) -> Updates:
        """The offer to begin with the clip's first picture was taken."""
        begin = start
        if cut is not None and cut.plan.better_start is not None:
            begin = cut.plan.better_start
        return self._replan(visit, cut, image, self._options.read(begin, *values), request)

    def use_all_frames(
        self, visit: Visit, cut: ClipRange | None, image: Path | None, request: gr.Request, *values: Values
    ) -> Updates:
        """The offer to use more of the clip than was chosen at first was taken."""
        options = replace(self._options.read(*values), frames=None)
        return {**self._replan(visit, cut, image, options, request), self._options.frames: None}

    def fit_frame(
        self, cut: ClipRange | None, image: Path | None, edited: Edited | None, request: gr.Request
    ) -> Updates:
        """The cut or the edited frame may have changed."""
        updates = self._frame.fit(cut, image, edited, session_of(request))
        if not updates:
            return UNCHANGED
        return {**updates, **self._run.judge(cut, updates[self._frame.edited])}

    def show_copy(self, cut: ClipRange | None, shown: str | None) -> Updates:
        """The clip may be playable now; without a result it keeps the result's place."""
        if cut is None or not cut.reference.exists():
            return UNCHANGED
        return {**self._clip.show_copy(cut), **({} if shown else self._results.show_clip(cut))}

    def generate(
        self,
        visit: Visit,
        cut: ClipRange | None,
        edited: Edited | None,
        request: gr.Request,
        *chosen: Values,
    ) -> Generator[Updates]:
        """Generate is pressed: follow the run to its end."""
        choices = self._options.choices(*chosen)
        self._comeback.remember(visit, cut, edited and edited.path, *chosen)
        yield {self._results.follows: True}
        with closing(self._run.start(visit, cut, edited, choices, request)) as steps:
            for updates, arrival in steps:
                if arrival is None:
                    yield updates or UNCHANGED
                else:
                    yield {**updates, self._results.latest: Latest.of(arrival), **self._visitor.remember(visit)}

    def show_example(self, visit: Visit, request: gr.Request, event: gr.EventData) -> Updates:
        """An example is picked: its finished result is shown at once, in the place of what was there before."""
        example = self._shelf.examples.get(picked_tile(event))
        if example is None:
            return {}
        session, file = session_of(request), str(example.reference)
        begun = {**self._begin(self._clip.await_clip(file, session), session), **self._run.await_inputs()}
        shown = self._results.show_example(visit, example)
        if not self._clip.is_wanted(file, session):
            return {}
        return {**begun, **shown, self._clip.file: None, self._shelf.example: example.name}

    def fill_example(self, visit: Visit, name: str | None, request: gr.Request) -> Updates:
        """The result of an example is on show: fill in what it was made from."""
        if name is None:
            return UNCHANGED
        example = self._shelf.examples[name]
        options, session = self._options.as_made(example.record), session_of(request)
        updates = self._clip.take(visit, str(example.reference), options, session)
        if not updates:
            return UNCHANGED
        cut: ClipRange | None = updates[self._clip.cut]
        begun = self._begin(updates, session)
        given = self._frame.give(cut, visit.keep(example.edited), session)
        return {
            **begun,
            **self._options.set_to(options),
            **given,
            **self._await_check(cut, given),
            self._clip.file: str(example.reference),
            self._frame.file: str(example.edited),
        }

    def _begin(self, updates: Updates, session: str) -> Updates:
        cut = updates[self._clip.cut]
        return {**updates, **self._frame.begin(cut, session), **self._run.plan(cut, afresh=True)}
