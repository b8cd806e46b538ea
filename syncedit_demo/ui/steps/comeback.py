"""What the page had before and gets once more: inputs of a run, those of the last time, and settings all at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.errors import SyncEditError
from syncedit_demo.ui.components.incoming import brought_record, incoming
from syncedit_demo.ui.components.notice import Notice, bad, notice, plain
from syncedit_demo.ui.components.settings_bar import SettingsBar, brought_settings, settings_bar
from syncedit_demo.ui.gradio_internals import event_text
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.steps.again import Again, as_upload, inputs_of, last_inputs, remember_inputs
from syncedit_demo.ui.steps.own_run import run_to_use
from syncedit_demo.ui.steps.settings_text import PageSettings
from syncedit_demo.ui.steps.visitor import session_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Outputs, Updates, Values
from syncedit_demo.ui.visits.visit import LONGEST_NAME, ClipRange, Visit

if TYPE_CHECKING:
    from gradio.events import Dependency

    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.steps.clip import ClipStep
    from syncedit_demo.ui.steps.frame import FrameStep
    from syncedit_demo.ui.steps.options import Options, OptionsPanel
    from syncedit_demo.ui.steps.quality import QualityChoice
    from syncedit_demo.ui.steps.result import ResultPanel
    from syncedit_demo.ui.steps.run import RunStep
    from syncedit_demo.ui.steps.shelf import ExampleShelf
    from syncedit_demo.ui.steps.visitor import Visitor


LONGEST_PURPOSE = 60
"""Characters of what settings are asked for, or come from; the name of a preset has at most 40."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the page that are set, and how the page follows what they are set to.

    Attributes:
        begin: What follows from a clip that is looked at.
        replan: Plans a clip anew.
        await_check: What follows from an edited frame that is to be checked.
        prepared: The components that these give values for.
    """

    settings: Settings
    visitor: Visitor
    clip: ClipStep
    frame: FrameStep
    run: RunStep
    options: OptionsPanel
    quality: QualityChoice
    results: ResultPanel
    shelf: ExampleShelf
    begin: Callable[[Updates, str], Updates]
    replan: Callable[[Visit, ClipRange | None, Path | None, Options, gr.Request], Updates]
    await_check: Callable[[ClipRange | None, Updates], Updates]
    prepared: Outputs


class Comeback:
    """The components, where it is made, and what they do.

    Attributes:
        again: State with the `Again` that the page is to have, or has had.
        asked: State with the `PageSettings` that were asked for before there was a clip, for the next one.
    """

    def __init__(self) -> None:
        self.again, self.asked = gr.State(None), gr.State(None)
        self.incoming = incoming(elem_id="incoming")
        self.said = notice(elem_id="settings-message")

    def lay_out_bar(self) -> None:
        """Make what settings are taken along by, where it is called."""
        self.bar = settings_bar(elem_id="settings-bar")

    def listen(self, parts: Parts, then_fit: Callable[[Dependency], Dependency], heavy: dict[str, Any]) -> None:
        """Bring back what is asked for.

        Args:
            parts: The parts of the page.
            then_fit: What comes after a change of clip or edited frame.
            heavy: How the events are listened to that look at clips.
        """
        self._parts = parts
        visitor, results = parts.visitor, parts.results
        begun: Outputs = [self.again, parts.shelf.example, *parts.prepared, *results.outputs]
        wanted = cast("Any", results.own.card).again
        visitor.on(wanted, self.use_run, [results.shown], begun, trigger_mode="multiple")
        outputs = list(dict.fromkeys([*parts.prepared, *parts.options.shown]))
        then_fit(self.again.change(self.fill_again, [visitor.visit, self.again], outputs, **heavy))
        everything = list(dict.fromkeys([self.said, self.asked, *begun, *parts.options.shown]))
        has = [parts.clip.cut, parts.frame.image]
        came, bar = cast("Any", self.incoming), cast("Any", self.bar)
        then_fit(visitor.on(came.record, self.take_record, has, everything, **heavy))
        for event in (came.link, bar.apply):
            then_fit(visitor.on(event, self.take_settings, [*has, self.again], everything, **heavy))
        chosen = [parts.clip.cut, *parts.options.plan_inputs, *parts.options.run_inputs]
        bar.ask(self.tell, chosen, [self.said, self.bar], trigger_mode="multiple", **HIDDEN_PROGRESS)

    def then_remember(self, event: Dependency, parts: Parts) -> None:
        """Keep what the page has after an event for when it is loaded anew."""
        inputs = [parts.visitor.visit, parts.clip.cut, parts.frame.image, *parts.options.run_inputs]
        event.then(self.remember, inputs, None, **HIDDEN_PROGRESS)

    def restore(self, visit: Visit, request: gr.Request) -> Updates:
        """The page is loaded: begin with what the visit was given last."""
        again = last_inputs(visit, self._parts.options)
        return {} if again is None else {self._parts.results.intro: None, **self._begin(again, request)}

    def use_run(self, visit: Visit, shown: str | None, request: gr.Request, event: gr.EventData) -> Updates:
        """The inputs of a run are wanted back."""
        run = run_to_use(visit, event)
        if run is None:
            return self._parts.results.miss(visit, shown)
        return {**self._begin(inputs_of(run, self._parts.options), request), self._parts.shelf.example: None}

    def fill_again(self, visit: Visit, again: Again | None, request: gr.Request) -> Updates:
        """What the page is to have again is known: look at it, as at something new."""
        if again is None:
            return UNCHANGED
        parts, session = self._parts, session_of(request)
        options = parts.options.of(again.settings)
        updates = parts.clip.take(visit, str(again.clip), options, session)
        if not updates:
            return UNCHANGED
        cut: ClipRange | None = updates[parts.clip.cut]
        filled = parts.begin(updates, session)
        if cut is None:
            return filled
        filled[parts.clip.file] = as_upload(parts.settings, cut.path)
        filled |= self._shown(again.settings, filled)
        if again.edited is not None:
            # One that was kept stays where it is, under its name.
            edited = visit.keep(again.edited, None if again.edited.name == again.name else again.name)
            given = parts.frame.give(cut, edited, session)
            filled |= {**given, **parts.await_check(cut, given), parts.frame.file: as_upload(parts.settings, edited)}
        return filled

    def take_record(
        self, visit: Visit, cut: ClipRange | None, image: Path | None, request: gr.Request, event: gr.EventData
    ) -> Updates:
        """A result or a record was dropped: its settings come back, and its inputs where this visit has them."""
        parts = self._parts
        text, name = brought_record(event)
        name = Path(name[:LONGEST_NAME]).name or "This file"
        try:
            settings, notes, digest = parts.options.reader.of_record(text)
        except SyncEditError as error:
            return {self.said: bad(f"{name}: {explain(error)}")}
        run = next((each for each in visit.runs() if each.record.frames_sha256 == digest), None)
        if run is not None:
            said = plain([f"{name} is {run.title}: its clip, edited frame and settings are back."])
            again = self._begin(inputs_of(run, parts.options), request)
            return {**again, **parts.results.choose(visit, run, None), parts.shelf.example: None, self.said: said}
        told = f"The settings of {name} are set. Give the clip and the edited frame that it was made from."
        return self.apply(visit, cut, image, settings, Notice(tone="good", lines=[told, *notes]), request)

    def take_settings(
        self,
        visit: Visit,
        cut: ClipRange | None,
        image: Path | None,
        again: Again | None,
        request: gr.Request,
        event: gr.EventData,
    ) -> Updates:
        """The page was opened by a link with settings, or a preset of the browser was chosen, which has a name."""
        text, name = brought_settings(event)
        source = f"“{name[:LONGEST_PURPOSE]}”" if name else "the link"
        try:
            settings, notes = self._parts.options.reader.read(text)
        except SyncEditError as error:
            return {self.said: bad(explain(error))}
        said = Notice(tone="warn" if notes else "good", lines=[f"The settings of {source} are set.", *notes])
        if cut is None and again is not None:
            # What the visit was given last is on its way into the page.
            return {**self._begin(replace(again, settings=settings, token=uuid.uuid4().hex), request), self.said: said}
        return self.apply(visit, cut, image, settings, said, request)

    def tell(self, cut: ClipRange | None, event: gr.EventData, *values: Values) -> Updates:
        """The settings are wanted as text: as they were planned, or where there is no clip yet as they are written."""
        options, purpose = self._parts.options, event_text(event, "purpose")[:LONGEST_PURPOSE]
        count = len(options.plan_inputs)
        try:
            planned = cut.options if cut else options.read(0, *values[:count]).plan_options()
            text = options.settings(planned, *values[count:]).to_text()
        except SyncEditError as error:
            return {self.said: bad(explain(error))}
        return {self.bar: SettingsBar(text=text, purpose=purpose, token=uuid.uuid4().hex)}

    def apply(
        self,
        visit: Visit,
        cut: ClipRange | None,
        image: Path | None,
        settings: PageSettings,
        said: Notice,
        request: gr.Request,
    ) -> Updates:
        """Set the page to settings: for the clip that there is, or else for the next one."""
        updates: Updates = {self.said: said, **self._parts.options.show(settings)}
        if cut is None:
            return {**updates, self.asked: settings}
        options = self._parts.options.of(settings)
        planned = self._parts.replan(visit, cut, image, options, request)
        said_of_plan: Updates = {} if planned is UNCHANGED else planned
        return {**updates, **said_of_plan, **self._shown(settings, said_of_plan)}

    def take_asked(self, asked: PageSettings, updates: Updates) -> Updates:
        """The clip is there that settings were asked for before: they are shown, and asked for no more."""
        return {self.asked: None, **self._shown(asked, updates)}

    def remember(self, visit: Visit | None, cut: ClipRange | None, image: Path | None, *chosen: Values) -> None:
        """What the page has is kept for when it is loaded anew."""
        if visit is not None:
            settings = cut and self._parts.options.settings(cut.options, *chosen)
            remember_inputs(visit, cut, image, settings)

    def _begin(self, again: Again, request: gr.Request) -> Updates:
        parts, session = self._parts, session_of(request)
        begun = parts.begin(parts.clip.await_clip(str(again.clip), session), session)
        return {**begun, **parts.run.await_inputs(), parts.clip.file: None, self.again: again}

    def _shown(self, settings: PageSettings, said: Updates) -> Updates:
        shown, quality = self._parts.options.show(settings), self._parts.quality.component
        if quality in shown:
            # How long either takes is said already; which of them is chosen comes back.
            shown[quality] = {**said.get(quality, gr.update()), "value": shown[quality]}
        return shown
