"""What the engine itself lets a visitor decide, each as a component that its description asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.engines.options import QUALITY
from syncedit_demo.engines.registry import engine_options
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
        options: Those of the engine that is used when none is asked for by name, and of one that will be when it is
            ready.
        components: One for each of them; those of the latter are hidden until then.
    """

    def __init__(self, service: EditService, quality: gr.Radio | None = None) -> None:
        """Make them.

        Args:
            service: Has the engine.
            quality: Stands for the option of that name, and elsewhere on the page; made here too if None.
        """
        self._service = service
        now = self._of(service.settings.engine)
        later = engine_options()["sync-lora"] if service.engines.coming else ()
        names = {option.name for option in now}
        self.options = (*now, *(option for option in later if option.name not in names))
        self.components: list[Component] = [
            quality
            if quality is not None and option.name == QUALITY.name
            else _component(option, visible=option.name in names)
            for option in self.options
        ]

    def offer(self) -> Updates:
        """Show the options of the engine that is used by now."""
        now = {option.name for option in self._of(self._service.settings.engine)}
        return {
            component: gr.update(visible=option.name in now)
            for option, component in zip(self.options, self.components, strict=True)
        }

    def chosen(self, engine: EngineChoice, values: tuple[Values, ...]) -> dict[str, OptionValue]:
        """The options by name from the values of the components, those alone that the engine asked for has."""
        own = {option.name for option in self._of(engine)}
        return {
            option.name: value
            for option, value in zip(self.options, values, strict=True)
            if value is not None and option.name in own
        }

    def _of(self, engine: EngineChoice) -> tuple[Option, ...]:
        """The options of an engine, none where it is not ready."""
        try:
            return self._service.engines.choose(engine)[0].options
        except EngineError:
            return ()

    def changed(self, values: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
        """Those of some values that are no defaults."""
        usual = {option.name: option.default for option in self.options}
        return {name: value for name, value in values.items() if value != usual.get(name)}

    def show(self, values: Mapping[str, OptionValue]) -> Updates:
        """Show these values, and the default where there is none."""
        pairs = zip(self.options, self.components, strict=True)
        return {component: values.get(option.name, option.default) for option, component in pairs}


def _component(option: Option, *, visible: bool) -> Component:
    default = option.default
    seen: dict[str, Any] = {
        "label": option.label,
        "info": option.help,
        "elem_id": f"option-{option.name}",
        "visible": visible,
    }
    if option.choices:
        choices = [(str(choice), choice) for choice in option.choices]
        return gr.Radio(cast("Any", choices), value=cast("Any", default), **seen)
    if isinstance(default, bool):
        return gr.Checkbox(default, **seen)
    if isinstance(default, str):
        return gr.Textbox(default, max_length=LONGEST_TEXT, **seen)
    step = 0.05 if isinstance(default, float) else 1
    return gr.Slider(option.minimum or 0, option.maximum or 100, default, step=step, **seen)
