"""People read of the first frame, and of frames from 1 as the player counts them; the code counts from 0."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.support.running import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE_WORDS = re.compile(r"\bframe (?:0|zero)\b", re.IGNORECASE)


def texts_of_python(path: Path) -> Iterator[str]:
    """The texts of a module that are not about its code: all but docstrings, of which the API's are shown too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value
        if path.name == "api.py" and isinstance(node, ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def test_nobody_is_told_of_frame_0() -> None:
    package = ROOT / "syncedit_demo"
    texts = [(path, text) for path in sorted(package.rglob("*.py")) for text in texts_of_python(path)]
    texts += [(path, path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.html"))]
    assert len(texts) > 1000
    assert [(path.name, text) for path, text in texts if CODE_WORDS.search(text)] == []
