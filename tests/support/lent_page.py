"""The page over an engine that is made already, and an edit that a program asks it for."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import av
import gradio as gr
import numpy as np
from gradio import helpers
from gradio_client import Client, handle_file
from starlette.requests import Request

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest
from syncedit_demo.engines.registry import Engines
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.settings import EngineChoice, Settings

SIZE, SEED, FRAMES = (256, 256), 11, 9


class GivenEngine(Engines):
    """The engine that was given, whatever is asked for."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        super().__init__(settings)
        self._given = engine

    def choose(self, choice: EngineChoice) -> tuple[Engine, str]:
        """The engine."""
        return self._given, f"Made by: {self._given.title} for {choice}."


def service_over(engine: Engine, settings: Settings) -> EditService:
    """The service with that engine."""
    service = EditService(settings)
    service.engines = GivenEngine(settings, engine)
    return service


def inputs_in(folder: Path) -> tuple[Path, Path]:
    """A clip and its edited frame."""
    clip, edited = write_scene(folder / "scene.mp4", FRAMES), folder / "edited.png"
    write_png(edited_scene(clip), edited)
    return clip, edited


def edited_by_page(address: str, clip: Path, edited: Path) -> NDArray[np.uint8]:
    """What a program gets that asks the page's `/edit`: all frames."""
    size = "{}x{}".format(*SIZE)
    with closing(Client(address, verbose=False, download_files=str(clip.parent / "downloads"))) as client:
        files = handle_file(clip), handle_file(edited)
        result, record = client.predict(*files, size=size, seed=SEED, api_name="/edit")
    assert record["engine"]["name"] == "sync-lora"
    return frames_in(result)


def edited_by_handler(page: gr.Blocks, clip: Path, edited: Path) -> NDArray[np.uint8]:
    """What the page's `/edit` answers, of a page that is not served."""
    (handler,) = (cast("Any", each.fn) for each in page.fns.values() if each.api_name == "edit")
    scope = {"type": "http", "app": SimpleNamespace(get_blocks=lambda: page), "client": ("127.0.0.1", 1)}
    request = gr.Request(Request(scope), session_hash="page")
    values: list[Any] = [str(clip), str(edited), "{}x{}".format(*SIZE), 0, 0, "", SEED, True, "auto", False]
    result, record = handler(*cast("Any", helpers.special_args)(handler, values, request, None)[0])
    assert record["engine"]["name"] == "sync-lora"
    return frames_in(result)


def edited_directly(service: EditService, clip: Path, edited: Path) -> NDArray[np.uint8]:
    """The same edit by the service alone."""
    target = clip.with_name("direct.mp4")
    options = PlanOptions(size=SIZE)
    request = EditRequest(clip=clip, edited_frame=edited, target=target, options=options, seed=SEED)
    for _ in service.edit(request, CancelFlag()):
        pass
    return frames_in(target)


def frames_in(video: str | Path) -> NDArray[np.uint8]:
    """All frames of a video `(frames, height, width, 3)`."""
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames).astype(np.uint8)
