"""A visitor who leaves leaves nobody behind who reads their files."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import TYPE_CHECKING, cast

import gradio as gr
import numpy as np
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.media.image_file import write_png
from syncedit_demo.reading.children import ChildrenRunner
from syncedit_demo.service import EditService
from syncedit_demo.settings import ReadingLimits, Settings
from tests.app.test_page import Unseen
from tests.support import reading_jobs as jobs
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("step", ["take_clip", "replan", "fit_frame"])
def test_leaving_ends_what_is_read_for_a_visitor(tmp_path: Path, step: str) -> None:
    clip, edited = write_scene(tmp_path / "scene.mp4"), tmp_path / "edited.png"
    write_png(edited_scene(clip), edited)
    with closing(ChildrenRunner(ReadingLimits(), 1)) as runner:
        service = EditService(Settings(engine="draft", work_dir=tmp_path / "work"), runner)

        async def build() -> Unseen:
            return Unseen(service)

        unseen = asyncio.run(build())
        if step != "take_clip":
            unseen.give_clip(clip, size="own", width=320, height=256)
            unseen.happen("take_upload", edited_file=str(edited))
        # Somebody else keeps the only process busy.
        other = runner.frames("other.mp4", (4, 2), jobs.numbered_frames, 3, cancel=CancelFlag())
        assert np.all(next(other) == 0)
        said: dict[str | None, object] = {}

        def act() -> None:
            said.update(
                {
                    "take_clip": lambda: unseen.give_clip(clip),
                    "replan": lambda: unseen.happen("replan", start=3),
                    "fit_frame": lambda: unseen.happen("fit_frame"),
                }[step]()
            )

        acting = threading.Thread(target=act)
        acting.start()
        leave = cast("Callable[[gr.Request], None]", unseen.handlers("leave")[0].fn)
        while acting.is_alive():
            leave(unseen.request)
            acting.join(0.05)
        message = said["frame-message" if step == "fit_frame" else "clip-message"]
        assert getattr(message, "lines", None) == ["Stopped."]
        assert len(list(other)) == 2, "the other visitor's is done to its end"
