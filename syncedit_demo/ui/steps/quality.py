"""Quick or Full, beside Generate, each with about how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from syncedit_demo.engines.options import QUALITY
from syncedit_demo.errors import EngineError
from syncedit_demo.ui.steps.place import place_in_words
from syncedit_demo.wording import about

if TYPE_CHECKING:
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.service import EditService
    from syncedit_demo.ui.updates import Updates

PATIENCE_SECONDS = 30
"""What a visitor can wait for: where Full takes longer, Quick is chosen at first."""

QUICK = "Quick is half the width and height."
NAMES = {"preview": "Quick", "full": "Full"}


class QualityChoice:
    """The component, where `component` is rendered, and what it says.

    Attributes:
        component: Its value is that of the engine's option.
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

    def of(self, plan: EditPlan | None, *, afresh: bool) -> Updates:
        """Say how long either takes.

        Args:
            plan: What would be made, None while there is none.
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
        return {self.component: gr.update(**update)}

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
