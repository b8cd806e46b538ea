"""An engine that is being made ready while the page is served: how far it is, and what the page offers when it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from syncedit_demo.ui.components.notice import Notice, notice, plain
from syncedit_demo.ui.steps.introduction import introduce
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Updates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.service import EditService
    from syncedit_demo.ui.steps.frame import Edited
    from syncedit_demo.ui.steps.options import OptionsPanel
    from syncedit_demo.ui.steps.result import ResultPanel
    from syncedit_demo.ui.steps.run import RunStep
    from syncedit_demo.ui.visits.examples import Example
    from syncedit_demo.ui.visits.visit import ClipRange

LOOK_SECONDS = 5.0
"""How often an open page asks how far the engine is; whoever listens to the page hears each answer."""

MEANWHILE = "Until then drafts are made."
READY = "Sync-LoRA is ready: what you generate from now on is made by it."


class EngineArrival:
    """The place where it is said, where it is made, and what follows.

    Args:
        service: Has the engines.
        examples: The examples, of which one introduces the page.
    """

    def __init__(self, service: EditService, examples: Mapping[str, Example]) -> None:
        self._service = service
        self._examples = examples
        self._awaited = service.engines.coming is not None
        # It is said when the page is opened, as what is so when the page is laid out is not so for long.
        self.message = notice(elem_id="arrival")
        self.timer = gr.Timer(LOOK_SECONDS, active=self._awaited)

    def listen(
        self,
        blocks: gr.Blocks,
        cut: gr.State,
        edited: gr.State,
        options: OptionsPanel,
        run: RunStep,
        panel: ResultPanel,
    ) -> None:
        """Look again and again while an engine is awaited, and at each page that is opened after it has arrived."""
        if not self._awaited:
            return
        self._options, self._run, self._panel = options, run, panel
        outputs = [self.message, self.timer, *options.offered, *run.outputs, panel.intro]
        for event, look in ((self.timer.tick, self.look), (blocks.load, self.greet)):
            event(look, [cut, edited, panel.shown], outputs, queue=False, **HIDDEN_PROGRESS)

    def greet(self, cut: ClipRange | None, edited: Edited | None, shown: str | None) -> Updates:
        """A page is opened: where the engine is there already, nothing has to be said of it."""
        updates = self.look(cut, edited, shown)
        is_to_be_said = self._service.engines.coming or self._service.engines.failed
        return updates if is_to_be_said else {**updates, self.message: None}

    def look(self, cut: ClipRange | None, edited: Edited | None, shown: str | None) -> Updates:
        """Say how far the engine is, or offer what it can do."""
        said = self._said()
        if self._service.engines.coming:
            return {self.message: said} if said else UNCHANGED
        return {
            self.message: said,
            self.timer: gr.Timer(active=False),
            **self._options.offer(),
            **self._run.expect(cut),
            **(self._run.judge(cut, edited) if self._service.settings.engine == "sync-lora" else {}),
            # What is said of the page to who comes for the first time stands there until there is a clip.
            **({self._panel.intro: introduce(self._service, self._examples)} if cut is None and shown is None else {}),
        }

    def _said(self) -> Notice | None:
        if coming := self._service.engines.coming:
            return plain([coming, *([MEANWHILE] if self._service.settings.engine == "auto" else [])])
        if failed := self._service.engines.failed:
            return Notice(tone="warn", lines=[failed])
        return plain([READY]) if self._service.engines.states()["sync-lora"] == "ready" else None
