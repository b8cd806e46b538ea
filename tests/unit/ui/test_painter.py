"""A painting on its way from the page to the visit: nothing in it is decoded where the page is served."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio.components.image_editor import EditorData
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from syncedit_demo.media.image_file import read_image
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.components.painter import PAINTINGS
from syncedit_demo.ui.steps.frame import FrameStep, Painting
from syncedit_demo.ui.visits.visit import Visit, open_visit

PIXELS = np.random.default_rng(5).integers(0, 255, (64, 96, 3), dtype=np.uint8)


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameStep:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return FrameStep(EditService(Settings(work_dir=tmp_path / "work")))


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return open_visit(Settings(work_dir=tmp_path / "work"), None)


def png() -> bytes:
    """What a visitor may send: the picture, and more that only some programs read."""
    said, file = PngInfo(), io.BytesIO()
    said.add_text("note", "x" * 5000)
    Image.fromarray(PIXELS).save(file, "png", pnginfo=said)
    return file.getvalue()


def drawn(step: FrameStep, picture: bytes) -> Any:  # noqa: ANN401 - as Gradio hands it over
    assert PAINTINGS.add("somebody", "a-painting", "composite", picture)
    return step.editor.preprocess(EditorData(id="a-painting"))


def test_a_painting_is_handed_over_as_it_came_and_kept_as_it_looks(step: FrameStep, visit: Visit) -> None:
    given = drawn(step, png())
    assert "a-painting" not in PAINTINGS
    assert Path(given["composite"]).read_bytes() == png()
    updates = step.put_away(visit, Painting(visit.folder), given)
    kept = updates[step.painting].picture
    assert visit.folder in kept.parents
    assert (read_image(kept).pixels == PIXELS).all()
    assert b"xxxx" not in kept.read_bytes()


def test_what_only_looks_like_a_painting_is_said_and_not_kept(step: FrameStep, visit: Visit) -> None:
    given = drawn(step, png()[:60] + bytes(200))
    updates = step.take_painting(visit, None, Painting(visit.folder), given, "session")
    assert "cannot be read" in str(updates[step.message]) or "damaged" in str(updates[step.message])
    assert not list(visit.folder.rglob("*.png"))
    # What follows in the page looks whether there is an edited frame now.
    assert updates[step.image] is None
    assert step.put_away(visit, Painting(visit.folder), given)[step.painting].picture is None


def test_an_empty_editor_is_no_painting(step: FrameStep, visit: Visit) -> None:
    assert step.editor.preprocess(None) is None
    given: Any = step.editor.preprocess(EditorData(id="never-sent"))
    assert given["composite"] is None
    assert step.put_away(visit, Painting(visit.folder), given)[step.painting].picture is None
