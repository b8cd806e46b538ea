"""A component of the page's own, made of the files of its folder.

The templates are constant: Gradio evaluates what it puts into a template as JavaScript. Everything that differs,
whatever a visitor influences above all, reaches the page through the value and is written there as plain text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gradio as gr

if TYPE_CHECKING:
    from pathlib import Path

    from gradio.data_classes import GradioModel

IMPORT = re.compile(r'^import (\{[\w\s,]+\}) from "([\w./]+)";$', re.MULTILINE)
IMPORT_STYLE = re.compile(r'^@import "([\w./]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ", re.MULTILINE)


def template(folder: Path, value: GradioModel | None, elem_id: str | None) -> gr.HTML:
    """Make a component whose markup, style and behaviour are NAME.html, NAME.css and NAME.js in the folder NAME."""

    def part(kind: str) -> Path:
        return folder / f"{folder.name}.{kind}"

    return gr.HTML(
        value,
        html_template=part("html").read_text(encoding="utf-8"),
        css_template=style(part("css")),
        js_on_load=script(part("js")),
        apply_default_css=False,
        elem_id=elem_id,
    )


def script(path: Path) -> str:
    """Read a script with the modules it imports written into it, each as a function that is called at once.

    Gradio runs it as the body of a function, where an import cannot stand. Modules that the page fetched would need an
    address that holds behind every proxy and below every path, and a policy that lets them in; text needs neither.

    Args:
        path: A script or module. It imports by name only and from the house only: `import { a, b } from "./c.js";`.

    Returns:
        Text without `import` and `export`.
    """

    def inline(found: re.Match[str]) -> str:
        names, module = found.groups()
        return f"const {names} = (() => {{\n{script(path.parent / module)}\nreturn {names};\n}})();"

    return EXPORT.sub("", IMPORT.sub(inline, path.read_text(encoding="utf-8")))


def style(path: Path) -> str:
    """Read a style sheet with those of the house written into it that it imports: nested, an import cannot stand.

    Args:
        path: A style sheet. It imports a line at a time: `@import "bar.css";`.
    """

    def inline(found: re.Match[str]) -> str:
        return style(path.parent / found[1])

    return IMPORT_STYLE.sub(inline, path.read_text(encoding="utf-8"))
