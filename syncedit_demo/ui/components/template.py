"""A component of the page's own, made of the files of its folder.

The templates are constant: Gradio evaluates what it puts into a template as JavaScript. Everything that differs,
whatever a visitor influences above all, reaches the page through the value and is written there as plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

if TYPE_CHECKING:
    from pathlib import Path

    from gradio.data_classes import GradioModel


def template(folder: Path, value: GradioModel | None, elem_id: str | None) -> gr.HTML:
    """Make a component whose markup, style and behaviour are NAME.html, NAME.css and NAME.js in the folder NAME."""

    def part(kind: str) -> str:
        return (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8")

    return gr.HTML(
        value,
        html_template=part("html"),
        css_template=part("css"),
        js_on_load=part("js"),
        apply_default_css=False,
        elem_id=elem_id,
    )
