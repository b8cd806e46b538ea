"""What the engine itself lets a visitor decide, each as a component that its description asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.engines.options import QUALITY
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradio.components import Component

    from syncedit_demo.engines.options import Option, OptionValue
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import EngineChoice
    from syncedit_demo.ui.updates import Updates, Values

LONGEST_TEXT = 200
"""Characters of an option that is a text."""


class EngineOptions:
    """The components, where it is made, and what they mean.

    Attributes:
        options: Those of the engine that is used when none is asked for by name.
        components: One for each of them.
    """

    def __init__(self, service: EditService, quality: gr.Radio | None = None) -> None:
        """Make them.

        Args:
            service: Has the engine.
            quality: Stands for the option of that name, and elsewhere on the page; made here too if None.
        """
        try:
            engine, _ = service.engine()
        except EngineError:
            self.options: tuple[Option, ...] = ()
            self._meant_by: tuple[EngineChoice, ...] = ()
        else:
            self.options = engine.options
            chosen = service.settings.engine
            self._meant_by = (engine.name, "auto") if chosen in (engine.name, "auto") else (engine.name,)
        self.components: list[Component] = [
            quality if quality is not None and option is QUALITY else _component(option) for option in self.options
        ]

    def chosen(self, engine: EngineChoice, values: tuple[Values, ...]) -> dict[str, OptionValue]:
        """The options by name from the values of the components; none for another engine, which has not these."""
        if engine not in self._meant_by:
            return {}
        return {option.name: value for option, value in zip(self.options, values, strict=True) if value is not None}

    def changed(self, values: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
        """Those of some values that are no defaults."""
        usual = {option.name: option.default for option in self.options}
        return {name: value for name, value in values.items() if value != usual.get(name)}

    def show(self, values: Mapping[str, OptionValue]) -> Updates:
        """Show these values, and the default where there is none."""
        pairs = zip(self.options, self.components, strict=True)
        return {component: values.get(option.name, option.default) for option, component in pairs}


def _component(option: Option) -> Component:
    label, info, elem_id, default = option.label, option.help, f"option-{option.name}", option.default
    if option.choices:
        choices = [(str(choice), choice) for choice in option.choices]
        return gr.Radio(cast("Any", choices), value=cast("Any", default), label=label, info=info, elem_id=elem_id)
    if isinstance(default, bool):
        return gr.Checkbox(default, label=label, info=info, elem_id=elem_id)
    if isinstance(default, str):
        return gr.Textbox(default, label=label, info=info, elem_id=elem_id, max_length=LONGEST_TEXT)
    step = 0.05 if isinstance(default, float) else 1
    low, high = option.minimum or 0, option.maximum or 100
    return gr.Slider(low, high, default, step=step, label=label, info=info, elem_id=elem_id)
