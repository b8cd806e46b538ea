"""What the scripts take for the values of the components, held against the models of Python."""

import re
from pathlib import Path
from typing import Any

import pytest
from gradio.data_classes import GradioModel

from syncedit_demo.ui import components
from syncedit_demo.ui.components.clip_card import ClipCard
from syncedit_demo.ui.components.export_menu import ExportMenu
from syncedit_demo.ui.components.first_frame import FirstFrame
from syncedit_demo.ui.components.grid import Grid
from syncedit_demo.ui.components.intro import Intro
from syncedit_demo.ui.components.notice import Notice
from syncedit_demo.ui.components.player import Comparison
from syncedit_demo.ui.components.review import ReviewBoard
from syncedit_demo.ui.components.run_card import RunCard
from syncedit_demo.ui.components.run_state import RunState
from syncedit_demo.ui.components.settings_bar import SettingsBar
from syncedit_demo.ui.components.step_head import StepHead
from syncedit_demo.ui.components.sync_view import SyncView
from syncedit_demo.ui.components.tiles import Tiles
from syncedit_demo.ui.components.trim import Trim

DECLARED = (Path(components.__file__).parent / "values.d.ts").read_text(encoding="utf-8")
INTERFACES = {
    name: dict(re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE))
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}$", DECLARED, re.MULTILINE | re.DOTALL)
}
MODELS: list[type[GradioModel]] = [
    ClipCard,
    Comparison,
    ExportMenu,
    FirstFrame,
    Grid,
    Intro,
    Notice,
    ReviewBoard,
    RunCard,
    RunState,
    SettingsBar,
    StepHead,
    SyncView,
    Tiles,
    Trim,
]
# Models of Gradio itself; of a file, the scripts read the address alone.
GRADIOS = {"FileData", "FileDataMeta"}
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def in_typescript(schema: dict[str, Any]) -> str:
    """The type that a JSON schema describes, written as in the declarations."""
    match schema:
        case {"$ref": reference}:
            return str(reference).rpartition("/")[2]
        case {"anyOf": choices}:
            return " | ".join(map(in_typescript, choices))
        case {"enum": values}:
            return " | ".join(f'"{value}"' for value in values)
        case {"type": "array", "prefixItems": items}:
            return f"[{', '.join(map(in_typescript, items))}]"
        case {"type": "array", "items": item}:
            inner = in_typescript(item)
            return f"({inner})[]" if " " in inner else f"{inner}[]"
        case _:
            return PLAIN[schema["type"]]


def schemas(model: type[GradioModel]) -> dict[str, dict[str, Any]]:
    """The schemas of a model and of those of ours that it is made of, by name."""
    schema = model.model_json_schema(mode="serialization")
    parts: dict[str, dict[str, Any]] = schema.get("$defs", {})
    return {model.__name__: schema} | {name: part for name, part in parts.items() if name not in GRADIOS}


@pytest.mark.parametrize("model", MODELS)
def test_the_scripts_know_the_fields_of_a_value(model: type[GradioModel]) -> None:
    for name, schema in schemas(model).items():
        assert INTERFACES[name] == {field: in_typescript(kind) for field, kind in schema["properties"].items()}


def test_every_value_that_the_scripts_know_is_one_of_python() -> None:
    ours = {name for model in MODELS for name in schemas(model)}
    assert set(INTERFACES) - GRADIOS == ours
