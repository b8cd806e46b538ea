"""Quick or Full, beside Generate, each with about how long it takes; and how much of a clip is tried at first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from syncedit_demo.engines.options import QUALITY
from syncedit_demo.errors import EngineError
from syncedit_demo.plan import TEMPORAL_MULTIPLE
from syncedit_demo.ui.steps.place import place_in_words
from syncedit_demo.wording import about, frames_in_words

if TYPE_CHECKING:
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.service import EditService
    from syncedit_demo.ui.updates import Updates

PATIENCE_SECONDS = 30
"""What a visitor can wait for: where Full takes longer, Quick is chosen at first, and of a clip of which Quick takes
longer too, on a processor, the first part."""

LEAST_FRAMES = 25
"""What is tried of a clip at least, however long it takes: about a second, to see it move."""

QUICK = "Quick is half the width and height."
NAMES = {"preview": "Quick", "full": "Full"}


class QualityChoice:
    """The component, where `component` is rendered, and what it says.

    Attributes:
        component: Its value is that of the engine's option.
        whole: The button that asks for all frames, where fewer were chosen.
    """

    def __init__(self, service: EditService) -> None:
        self._service = service
        self.component = gr.Radio(
            [(name, value) for value, name in NAMES.items()],
            value=str(QUALITY.default),
            label="Quality",
            info=QUICK,
            show_label=False,
            elem_id="option-quality",
            render=False,
        )
        self.whole = gr.Button(visible=False, elem_id="all-frames", size="sm", render=False)
        self.components = (self.component, self.whole)

    def frames_at_first(self, plan: EditPlan) -> int:
        """How many of a plan's frames are tried at first: what Quick makes while a visitor can wait.

        Only of the draft engine: who has a GPU has it for the whole.
        """
        seconds = self._seconds(plan, "preview")
        if seconds is None or seconds <= PATIENCE_SECONDS or not self._is_draft():
            return plan.frames
        some = int(plan.frames * PATIENCE_SECONDS / seconds)
        return min(max(some - (some - 1) % TEMPORAL_MULTIPLE, LEAST_FRAMES), plan.frames)

    def of(self, plan: EditPlan | None, most: int, *, afresh: bool) -> Updates:
        """Say how long either takes.

        Args:
            plan: What would be made, None while there is none.
            most: How many frames from its start on could be made.
            afresh: The clip is another one: choose what a visitor can wait for.
        """
        seconds = dict.fromkeys(NAMES) if plan is None else {value: self._seconds(plan, value) for value in NAMES}
        choices = [
            (name if (needed := seconds[value]) is None else f"{name}, {about(needed)}", value)
            for value, name in NAMES.items()
        ]
        update: dict[str, Any] = {"choices": choices, "info": self._info(plan)}
        if afresh:
            full = seconds["full"]
            update["value"] = "preview" if full is not None and full > PATIENCE_SECONDS else "full"
        whole = plan and replace(plan, frames=most)
        is_some = whole is not None and whole != plan and self.frames_at_first(whole) < most
        if afresh and plan and is_some:
            update["info"] = (
                f"{QUICK} At first, {frames_in_words(plan.frames)} of {most} are chosen: about half a minute."
            )
        return {
            self.component: gr.update(**update),
            self.whole: gr.update(visible=is_some, value=self._in_words(whole) if whole and is_some else ""),
        }

    def _in_words(self, whole: EditPlan) -> str:
        quick, full = (about(self._seconds(whole, value) or 0) for value in NAMES)
        return f"All {whole.frames} frames: {quick}, Full {full}"

    def _is_draft(self) -> bool:
        try:
            return self._service.engine()[0].name == "draft"
        except EngineError:
            return False

    def _seconds(self, plan: EditPlan, quality: str) -> float | None:
        return sum(self._expected(plan, quality)[0].values()) or None

    def _info(self, plan: EditPlan | None) -> str:
        if plan is None:
            return QUICK
        expected, measured = self._expected(plan, "full")
        if not expected:
            return f"{QUICK} How long it takes here is known after the first run."
        return f"{QUICK} Times as {f'measured on {place_in_words()}' if measured else 'on two cores'}."

    def _expected(self, plan: EditPlan, quality: str) -> tuple[dict[str, float], bool]:
        try:
            return self._service.expected_seconds(self._service.settings.engine, plan, {"quality": quality})
        except EngineError:
            return {}, False
