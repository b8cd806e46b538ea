"""The page: where everything stands, and what follows from what."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from gradio.data_classes import FileData
from gradio.events import Dependency

from syncedit_demo.errors import EngineError
from syncedit_demo.service import EditService
from syncedit_demo.ui.api import add_endpoints
from syncedit_demo.ui.components.tiles import Tile, Tiles, tiles
from syncedit_demo.ui.steps.clip import ClipStep
from syncedit_demo.ui.steps.frame import Easel, Edited, FrameStep
from syncedit_demo.ui.steps.options import OptionsPanel
from syncedit_demo.ui.steps.result import Latest, ResultPanel
from syncedit_demo.ui.steps.run import RunStep
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Updates, Values
from syncedit_demo.ui.visits.examples import load_examples
from syncedit_demo.ui.visits.visit import Cut, Visit, open_visit

FOLLOWED_RUNS = 24
"""How many runs are followed at once; all but one of them wait in the service's queue, which says their place."""

HEAVY = 4
"""How many visitors' clips and frames are looked at at once."""

REACH_RESULT = """() => {
  // What stands above the player on a narrow page gets its height only when its pictures are there.
  const reach = () => document.querySelector("#player").scrollIntoView({ block: "nearest" });
  const growing = new ResizeObserver(reach);
  growing.observe(document.querySelector("#steps"));
  setTimeout(() => growing.disconnect(), 2000);
  reach();
}"""

HEADER = '<header><h1>SyncEdit Demo</h1><p class="lead">Edit one frame, get the whole clip edited in sync.</p>'
NO_PROMPT = (
    '<p class="hint">There is no prompt to write: the model was trained with one constant caption, <code>3d1t</code>. '
    "The edited frame says everything.</p>"
)
FOOT = (
    '<p class="hint">Everything stays on this machine; uploads and results are deleted after {hours:g} hours. '
    "Edit only people who agreed to it, and say that a video was edited when you show it.</p>"
)


def build_page(service: EditService) -> gr.Blocks:
    """The whole page over a service."""
    return _Page(service).blocks


class _Page:
    """The parts of the page and the events between them."""

    def __init__(self, service: EditService) -> None:
        self._service = service
        self._hours = service.settings.job_max_age_hours
        self._examples = load_examples()
        with gr.Blocks(title="SyncEdit Demo", analytics_enabled=False) as self.blocks:
            self._lay_out()
            self._wire()
            add_endpoints(service)
        self.blocks.queue(default_concurrency_limit=8)

    def _lay_out(self) -> None:
        engine_line, trouble = _engine_line(self._service)
        self._visit = gr.State(None)
        self._example = gr.State(None)
        # What is stored is an id, which says nothing by itself; with a key of its own it outlives the process.
        self._stored = gr.BrowserState(None, storage_key="syncedit-visit", secret="syncedit")
        gr.HTML(f"{HEADER}{engine_line}</header>")
        with gr.Row(elem_id="work"):
            with gr.Column(scale=5, min_width=330, elem_id="steps"):
                with gr.Column(elem_classes=["card", "takes-file"]):
                    gr.HTML("<h2><span>1</span>Clip</h2>")
                    self._clip = ClipStep(self._service)
                    with gr.Column(visible=bool(self._examples), elem_classes="plain"):
                        gr.HTML('<p class="hint">Or look at an example</p>')
                        self._shelf = tiles(self._example_tiles(), elem_id="examples")
                with gr.Column(elem_classes=["card", "takes-file"]):
                    gr.HTML("<h2><span>2</span>Edited frame</h2>")
                    self._frame = FrameStep(self._service)
                with gr.Column(elem_classes="card"):
                    gr.HTML(f"<h2><span>3</span>Generate</h2>{NO_PROMPT}")
                    self._run = RunStep(self._service, trouble)
                    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
                        self._options = OptionsPanel(self._service)
            with gr.Column(scale=8, min_width=330, elem_id="result", elem_classes="card"):
                gr.HTML("<h2>Result</h2>")
                self._results = ResultPanel()
        gr.HTML(FOOT.format(hours=self._hours))

    def _example_tiles(self) -> Tiles:
        return Tiles(
            tiles=[
                Tile(
                    id=name,
                    picture=FileData(path=str(each.edited)),
                    title=each.title,
                    detail=each.record.engine.title,
                )
                for name, each in self._examples.items()
            ]
        )

    def _wire(self) -> None:
        clip, frame, run, options, results = self._clip, self._frame, self._run, self._options, self._results
        step_one = [self._visit, *_parts(clip), *_parts(frame), *_parts(run), *_parts(options)]
        visitor, shown = [self._visit, self._stored], _parts(results)
        planned = [clip.start, *options.plan_inputs]
        quiet = HIDDEN_PROGRESS
        # Without an id Gradio counts each listener by itself: every `self.register` is a method object of its own.
        heavy: dict[str, Any] = {**quiet, "concurrency_id": "heavy", "concurrency_limit": HEAVY}

        def then_register(event: Dependency) -> Dependency:
            return event.then(
                self.register,
                [clip.cut, frame.image, frame.edited],
                [*_parts(frame), *_parts(run)],
                **heavy,
            )

        def then_register_and_copy(event: Dependency) -> Dependency:
            registered = then_register(event)
            copied = registered.then(self.copy_reference, clip.cut, clip.message, **heavy)
            # A copy takes seconds: when it is there, the clip and what is on show may be others than when it began.
            copied.then(self.show_copy, [clip.cut, results.shown], [clip.card, *shown], **quiet)
            return registered

        self.blocks.load(self.restore, self._stored, [self._visit, self._stored, *shown], **quiet)
        self.blocks.unload(self.leave)

        then_register_and_copy(
            gr.on(
                [clip.file.upload, clip.file.clear],
                self.take_clip,
                [*visitor, self._example, clip.file, *planned],
                [self._example, *step_one, *shown],
                trigger_mode="always_last",
                **heavy,
            )
        )
        typed = (options.frames, options.rate, options.width, options.height)
        changes = [each for field in typed for each in (field.submit, field.blur)]
        then_register_and_copy(
            gr.on(
                [clip.start.input, options.size.input, *changes],
                self.replan,
                [self._visit, clip.cut, *planned],
                step_one,
                trigger_mode="always_last",
                **heavy,
            )
        )

        easel = [frame.editor, frame.easel]
        frame.paint_tab.select(frame.to_paint, [clip.cut, frame.easel], [*easel, frame.message], **quiet)
        gr.on(
            [frame.upload_tab.select, run.generate.click],
            frame.put_away,
            [self._visit, frame.easel, frame.editor],
            [*easel, frame.ways],
            **quiet,
        )
        # Gradio clears the canvas of frame 0 too.
        frame.editor.clear(frame.paint_anew, clip.cut, [*easel, frame.message], **quiet)
        then_register(
            gr.on(
                [frame.file.upload, frame.file.clear],
                self.take_upload,
                [*visitor, frame.file],
                [self._visit, frame.image],
                trigger_mode="always_last",
                **quiet,
            )
        )
        then_register(
            frame.use.click(
                self.take_painting,
                [*visitor, frame.easel, frame.editor],
                [self._visit, frame.image, frame.file, *easel, frame.ways],
                **quiet,
            )
        )

        run.generate.click(
            self.generate,
            [self._visit, clip.cut, frame.edited, *options.run_inputs],
            [*_parts(run), results.follows, results.latest, self._stored],
            concurrency_limit=FOLLOWED_RUNS,
            **quiet,
        )
        looked_at = [results.latest, results.shown, results.beside, results.follows]
        results.latest.change(self.take_news, [self._visit, *looked_at], shown, **quiet)
        run.stop.click(run.ask_to_stop, None, run.stop, queue=False, **quiet)

        picked = cast("Any", self._shelf).pick(
            self.show_example, visitor, [self._visit, self._example, *shown], **quiet
        )
        picked.then(None, js=REACH_RESULT)
        filled = picked.then(self.fill_example, [self._visit, self._example], step_one, **heavy)
        # What is filled in, the comparison with frame 0 above all, may have moved the result out of sight.
        then_register_and_copy(filled).then(None, js=REACH_RESULT)
        runs = cast("Any", results.runs)
        runs.pick(self.show_run, [*visitor, results.latest, results.shown], [self._visit, *shown], **quiet).then(
            None, js=REACH_RESULT
        )
        runs.against(self.compare_runs, [*visitor, results.shown], [self._visit, *shown], **quiet).then(
            None, js=REACH_RESULT
        )

    def restore(self, stored: object) -> Updates:
        """Take up the visit that this browser had, with its results."""
        known = cast("dict[str, object]", stored) if isinstance(stored, dict) else {}
        visit = open_visit(self._service.settings, known.get("id"))
        count = known.get("runs")
        updates = self._results.restore(visit, count if isinstance(count, int) else 0, self._hours)
        return {**updates, self._visit: visit, self._stored: _to_store(visit)}

    def leave(self, request: gr.Request) -> None:
        """Stop what is done for a visitor whose page is closed."""
        session = request.session_hash or ""
        self._clip.leave(session)
        self._run.leave(session)

    def take_clip(
        self, visit: Visit | None, stored: object, example: str | None, upload: str | None, *values: Values
    ) -> Updates:
        """A clip is chosen or taken away; options that an example set are not the visitor's."""
        visit = visit or self._open(stored)
        options = self._options.read(*values).of_whole_clip() if example is None else self._options.untouched()
        return {
            self._visit: visit,
            self._example: None,
            **self._begin(self._clip.take(visit, upload, options)),
            **self._results.clear(),
            self._results.follows: False,
            **({self._options.frames: None} if example is None else self._options.set_to(options)),
        }

    def replan(self, visit: Visit, cut: Cut | None, *values: Values) -> Updates:
        """An option that decides the plan has changed."""
        updates = self._clip.replan(visit, cut, self._options.read(*values))
        planned = updates.get(self._clip.cut)
        if planned is None:
            return updates or UNCHANGED
        return {**updates, **self._frame.offer(planned), **self._run.judge(planned, None)}

    def register(self, cut: Cut | None, image: Path | None, edited: Edited | None) -> Updates:
        """The cut or the edited frame may have changed."""
        if cut and edited and (edited.cut, edited.path) == (cut.folder, image):
            return UNCHANGED
        updates = self._frame.register(cut, image)
        return {**updates, **self._run.judge(cut, updates[self._frame.edited])}

    def copy_reference(self, cut: Cut | None, request: gr.Request) -> Updates:
        """There is time to make the clip playable."""
        return self._clip.copy_reference(cut, request.session_hash or "") or UNCHANGED

    def show_copy(self, cut: Cut | None, shown: str | None) -> Updates:
        """The clip may be playable now; without a result it keeps the result's place."""
        if cut is None or not cut.reference.exists():
            return UNCHANGED
        return {**self._clip.show_copy(cut), **({} if shown else self._results.show_clip(cut))}

    def take_upload(self, visit: Visit | None, stored: object, upload: str | None) -> Updates:
        """An edited frame is given back or taken away."""
        visit = visit or self._open(stored)
        return {self._visit: visit, **self._frame.take_upload(visit, upload)}

    def take_painting(
        self, visit: Visit | None, stored: object, easel: Easel | None, painting: dict[str, Any] | None
    ) -> Updates:
        """What was painted is the edited frame."""
        visit = visit or self._open(stored)
        return {self._visit: visit, **self._frame.take_painting(visit, easel, painting)}

    def generate(
        self,
        visit: Visit,
        cut: Cut | None,
        edited: Edited | None,
        request: gr.Request,
        *chosen: Values,
    ) -> Generator[Updates]:
        """Generate is pressed: follow the run to its end."""
        choices = self._options.choices(*chosen)
        yield {self._results.follows: True}
        with closing(self._run.start(visit, cut, edited, choices, request.session_hash or "")) as steps:
            for updates, arrival in steps:
                if arrival is None:
                    yield updates or UNCHANGED
                else:
                    yield {**updates, self._results.latest: Latest.of(arrival), self._stored: _to_store(visit)}

    def take_news(
        self, visit: Visit, latest: Latest | None, shown: str | None, beside: str | None, follows: bool
    ) -> Updates:
        """A run of this page can be looked at, or more of it is there than before."""
        return (latest and self._results.take(visit, latest, shown, beside, follows)) or UNCHANGED

    def show_example(self, visit: Visit | None, stored: object, event: gr.EventData) -> Updates:
        """An example is picked: its finished result is shown at once."""
        example = self._examples.get(_picked(event))
        if example is None:
            return UNCHANGED
        visit = visit or self._open(stored)
        return {self._visit: visit, **self._results.show_example(visit, example), self._example: example.name}

    def fill_example(self, visit: Visit, name: str | None) -> Updates:
        """The result of an example is on show: fill in what it was made from."""
        if name is None:
            return UNCHANGED
        example = self._examples[name]
        options = self._options.as_made(example.record)
        return {
            **self._begin(self._clip.take(visit, str(example.reference), options)),
            **self._options.set_to(options),
            self._clip.file: str(example.reference),
            self._frame.file: str(example.edited),
            self._frame.image: visit.keep(example.edited),
        }

    def show_run(
        self, visit: Visit | None, stored: object, latest: Latest | None, shown: str | None, event: gr.EventData
    ) -> Updates:
        """A run of the strip is picked."""
        visit = visit or self._open(stored)
        run = visit.run(_picked(event))
        updates = self._results.choose(visit, run, latest) if run else self._results.miss(visit, shown, self._hours)
        return {self._visit: visit, **updates}

    def compare_runs(self, visit: Visit | None, stored: object, shown: str | None, event: gr.EventData) -> Updates:
        """A run of the strip is to be put beside the one on show."""
        visit = visit or self._open(stored)
        first, second = visit.run(shown), visit.run(_picked(event))
        updates = self._results.compare(first, second) if second else self._results.miss(visit, shown, self._hours)
        return {self._visit: visit, **updates}

    def _begin(self, updates: Updates) -> Updates:
        cut = updates[self._clip.cut]
        return {**updates, **self._frame.begin(cut), **self._run.judge(cut, None)}

    def _open(self, stored: object) -> Visit:
        known = cast("dict[str, object]", stored) if isinstance(stored, dict) else {}
        return open_visit(self._service.settings, known.get("id"))


def _to_store(visit: Visit) -> dict[str, object]:
    return {"id": visit.id, "runs": len(visit.runs())}


def _engine_line(service: EditService) -> tuple[str, str | None]:
    """The markup that says which engine is ready, and why nothing can be made, if so."""
    try:
        engine, _ = service.engine()
    except EngineError as error:
        return f'<p class="engine">{escape(str(error))}</p>', str(error)
    return f'<p class="engine"><b>{escape(engine.title)}</b> {escape(engine.description)}</p>', None


def _parts(part: object) -> list[Component]:
    """Every component that is an attribute of a part of the page."""
    return [cast("Component", each) for each in vars(part).values() if isinstance(each, Block)]


def _picked(event: gr.EventData) -> str:
    # What a browser sends may be anything at all.
    data = vars(event)["_data"]
    return str(cast("dict[str, object]", data).get("id")) if isinstance(data, dict) else ""
