"""The page without a browser: its components, the values that they hold, and its handlers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

import gradio as gr
from gradio import helpers
from gradio.blocks import Block
from starlette.requests import Request

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.media.image_file import write_png
from syncedit_demo.ui.page import build_page
from syncedit_demo.ui.visits.jobs import Arrival, Choices, make_runs
from syncedit_demo.ui.visits.visit import ClipRange, Visit
from tests.support.clips import edited_scene

if TYPE_CHECKING:
    from pathlib import Path

    from gradio.block_function import BlockFunction

    from syncedit_demo.service import EditService
    from syncedit_demo.ui.visits.visit import Run

WIDE = (640, 384)
"""Width and height in pixels of the clips that are given, where nothing else is said."""

SMALL = {"size": "own", "width": 320, "height": 256}
T = TypeVar("T")


class Unseen:
    """A page that no browser shows."""

    def __init__(self, service: EditService) -> None:
        self.page = build_page(service)
        self.request = gr.Request(session_hash="page")
        self.held: dict[Block, Any] = {each: getattr(each, "value", None) for each in self.page.blocks.values()}

    def handlers(self, name: str) -> list[BlockFunction]:
        return [each for each in self.page.fns.values() if each.name == name]

    def happen(self, name: str, *extra: object, **given: object) -> dict[str | None, Any]:
        """Call a handler with what its inputs hold, and hold what it answers.

        Args:
            name: The handler.
            extra: What Gradio passes after the inputs.
            given: New values of components, by element id.

        Returns:
            What it answered about components with an element id, by that.
        """
        for block in self.held:
            if (element := getattr(block, "elem_id", None) or "").replace("-", "_") in given:
                self.held[block] = given[element.replace("-", "_")]
        handler = self.handlers(name)[0]
        assert handler.fn
        request = next((each for each in extra if isinstance(each, gr.Request)), self.request)
        event = next((each for each in extra if isinstance(each, gr.EventData)), None)
        put_in = cast("Any", helpers.special_args)
        arguments: list[Any] = put_in(handler.fn, [self.held[each] for each in handler.inputs], request, event)[0]
        answer = cast("dict[Any, Any]", handler.fn(*arguments) or {})
        if "__type__" in answer:
            return {}
        for block, value in answer.items():
            assert block in handler.outputs
            is_update = isinstance(value, dict) and "__type__" in value
            if not is_update or "value" in value:
                self.held[block] = value["value"] if is_update else value
        return {block.elem_id: value for block, value in answer.items()}

    def give_clip(self, clip: Path, **given: object) -> dict[str | None, Any]:
        begun = self.happen("await_clip", clip_file=str(clip), **given)
        return {**begun, **self.happen("take_clip")}

    def pick_example(self, name: str) -> None:
        self.happen("show_example", picked(name))
        self.happen("fill_example")

    @property
    def cut(self) -> ClipRange:
        return self._state(ClipRange)

    @property
    def visit(self) -> Visit:
        return self._state(Visit)

    def _state(self, of: type[T]) -> T:
        states = [value for block, value in self.held.items() if isinstance(block, gr.State)]
        (found,) = (value for value in states if isinstance(value, of))
        return found

    def lose_state(self) -> None:
        """The server was started anew; the browser still has its cookie, which the door names the visit from."""
        scope = {"type": "http", "syncedit.visit": self.visit.id}
        self.request = gr.Request(Request(scope), session_hash="page")
        self.held |= {block: block.value for block in self.held if type(block) is gr.State}


def edited_frame(clip: Path, size: tuple[int, int] = WIDE) -> Path:
    path = clip.with_name("edited.png")
    write_png(edited_scene(clip, size), path)
    return path


def make_run(service: EditService, unseen: Unseen, clip: Path) -> Run:
    choices = Choices("draft", 42, audio=False)
    *_, last = make_runs(service, unseen.visit, unseen.cut, edited_frame(clip, (320, 256)), choices, CancelFlag())
    assert isinstance(last, Arrival)
    return last.run


def picked(name: str) -> gr.EventData:
    return gr.EventData(None, {"id": name})


def open_unseen(service: EditService) -> Unseen:
    """A page over a service."""

    async def build() -> Unseen:
        return Unseen(service)

    # Where no event loop runs, Gradio makes some and leaves them open.
    return asyncio.run(build())
