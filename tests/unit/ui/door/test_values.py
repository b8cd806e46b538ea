"""What is given to components is matched before anything is computed with it."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest

from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.door.routes import CALL, JOIN, NAMED_CALL, RUN
from syncedit_demo.ui.door.values import EventValues, MalformedError, parse
from syncedit_demo.ui.page import build_page

if TYPE_CHECKING:
    from pathlib import Path

CLIP = {"path": "/kept/uploads/a/clip.mp4", "meta": {"_type": "gradio.FileData"}}
INSPECT = "/gradio_api/call/inspect_clip"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> gr.Blocks:
    folder: Path = tmp_path_factory.mktemp("work")

    async def build() -> gr.Blocks:
        return build_page(EditService(Settings(engine="draft", work_dir=folder)))

    return asyncio.run(build())


@pytest.fixture(scope="module")
def values(page: gr.Blocks) -> EventValues:
    return EventValues(page.fns, ("/kept", "/examples"))


def number_of(page: gr.Blocks, name: str) -> int:
    return next(number for number, each in page.fns.items() if each.name == name)


def test_what_a_client_sends_is_taken(values: EventValues) -> None:
    values.check(CALL, INSPECT, {"data": [CLIP, "320x256", 9, 0, "25"]})
    values.check(CALL, INSPECT, {"data": [None, "", None, None, ""], "session_hash": "a-b_c1"})
    values.check(NAMED_CALL, "/gradio_api/call/v2/inspect_clip", {"clip": CLIP, "frames": 9})


@pytest.mark.parametrize(
    "data",
    [
        [CLIP, "320x256", 9, 0],
        [CLIP, "320x256", 9, 0, "25", 1],
        {"clip": CLIP},
        None,
        [CLIP, 7, 0, 0, ""],
        [CLIP, "", "9", 0, ""],
        [CLIP, "", [9], 0, ""],
        [CLIP, "", True, 0, ""],
        [CLIP, "", 10**300, 0, ""],
        [CLIP, "", -(10**300), 0, ""],
        [CLIP, "", math.inf, 0, ""],
        [CLIP, "", math.nan, 0, ""],
        [CLIP, "", 0, 0, "1" * 5000],
        ["/kept/uploads/a/clip.mp4", "", 0, 0, ""],
        [{"path": 7}, "", 0, 0, ""],
        [{"url": "http://elsewhere/clip.mp4"}, "", 0, 0, ""],
        [{"path": "/etc/passwd"}, "", 0, 0, ""],
        [{"path": "http://elsewhere/clip.mp4"}, "", 0, 0, ""],
        [{"path": "/kept/../etc/passwd"}, "", 0, 0, ""],
        [{"path": "/kept/a\nERROR forged"}, "", 0, 0, ""],
        [{**CLIP, "size": {"a": 1}}, "", 0, 0, ""],
        [{**CLIP, "meta": {}}, "", 0, 0, ""],
        [[CLIP], "", 0, 0, ""],
    ],
    ids=lambda data: str(data)[:60],
)
def test_what_no_client_sends_is_refused(values: EventValues, data: object) -> None:
    with pytest.raises(MalformedError) as refusal:
        values.check(CALL, INSPECT, {"data": data})
    said = str(refusal.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 200
    assert "elsewhere" not in said


def test_every_event_of_the_page_takes_what_its_components_hold(page: gr.Blocks, values: EventValues) -> None:
    for number, function in page.fns.items():
        if function.fn is None:
            with pytest.raises(MalformedError, match="nothing of this name"):
                values.check(JOIN, JOIN, {"fn_index": number, "data": [None] * len(function.inputs)})
            continue
        data: list[Any] = [
            None if block.stateful or isinstance(block, gr.File | gr.ImageEditor) else getattr(block, "value", None)
            for block in function.inputs
        ]
        values.check(JOIN, JOIN, {"fn_index": number, "data": data, "session_hash": "page"})


def test_every_input_of_the_page_refuses_what_it_cannot_hold(page: gr.Blocks, values: EventValues) -> None:
    checked = 0
    for number, function in page.fns.items():
        for position, block in enumerate(function.inputs):
            if isinstance(block, gr.State | gr.BrowserState | gr.HTML):
                continue
            data: list[Any] = [
                None if each.stateful or isinstance(each, gr.File | gr.ImageEditor) else getattr(each, "value", None)
                for each in function.inputs
            ]
            sent: list[object] = [{"a": [1]}, [[1]], "x" * 5000, 10**400]
            for hostile in sent:
                data[position] = hostile
                with pytest.raises(MalformedError):
                    values.check(JOIN, JOIN, {"fn_index": number, "data": data})
                checked += 1
    assert checked > 50


def test_a_seed_has_its_bounds(page: gr.Blocks, values: EventValues) -> None:
    generate = page.fns[number_of(page, "generate")]
    data: list[Any] = [None if each.stateful else getattr(each, "value", None) for each in generate.inputs]
    seed = next(index for index, each in enumerate(generate.inputs) if getattr(each, "elem_id", None) == "seed")
    data[seed] = 2**31
    with pytest.raises(MalformedError, match=r"^Seed is a number from 0 to 2147483647\.$"):
        values.check(JOIN, JOIN, {"fn_index": number_of(page, "generate"), "data": data})


@pytest.mark.parametrize("number", [None, -1, 10**9, "3", 1.0, True, [1]])
def test_only_what_is_there_can_be_called(values: EventValues, number: object) -> None:
    for route in (JOIN, RUN):
        with pytest.raises(MalformedError, match="nothing of this name"):
            values.check(route, JOIN, {"fn_index": number, "data": []})


@pytest.mark.parametrize("name", ["take_clip", "generate", "nothing", "../edit", ""])
def test_programs_call_what_is_documented(values: EventValues, name: str) -> None:
    with pytest.raises(MalformedError, match="nothing of this name"):
        values.check(CALL, f"/gradio_api/call/{name}", {"data": []})


def test_what_waits_in_a_line_cannot_be_called_past_it(page: gr.Blocks, values: EventValues) -> None:
    for number, function in page.fns.items():
        with pytest.raises(
            MalformedError, match="nothing of this name" if function.queue or not function.fn else "data is a list"
        ):
            values.check(RUN, "/gradio_api/run/predict", {"fn_index": number, "data": "none"})
    ask_to_stop: dict[str, Any] = {"fn_index": number_of(page, "ask_to_stop"), "data": [], "session_hash": "page"}
    values.check(RUN, "/gradio_api/run/predict", ask_to_stop)


def test_arguments_by_name_are_those_that_are_documented(values: EventValues) -> None:
    path = "/gradio_api/call/v2/inspect_clip"
    with pytest.raises(MalformedError, match="The arguments are clip, size, frames, start, rate"):
        values.check(NAMED_CALL, path, {"clip": CLIP, "engine": "draft"})
    with pytest.raises(MalformedError, match="frames is a number"):
        values.check(NAMED_CALL, path, {"clip": CLIP, "frames": "many"})
    values.check(NAMED_CALL, "/gradio_api/call/v2/edit", {"clip": CLIP, "size": "320x256", "seed": 3, "label": True})
    with pytest.raises(MalformedError, match="The arguments are clip, edited_frame, size"):
        values.check(NAMED_CALL, "/gradio_api/call/v2/edit", {"clip": CLIP, "request": "x"})


@pytest.mark.parametrize("session", [7, "", "a" * 65, "a b", "ü", ["a"], "a\n"])
def test_a_page_has_a_plain_name(values: EventValues, session: object) -> None:
    with pytest.raises(MalformedError):
        values.check("/gradio_api/cancel", "/gradio_api/cancel", {"session_hash": session})


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        b"{",
        b'"a"',
        b"\xff",
        b'{"a":' * 100_000,
        b'{"data": [' + b"9" * 5000 + b"]}",
        b'{"a": NaN}',
        b'{"a": [-Infinity]}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(body)


def test_an_object_is_read() -> None:
    assert parse(json.dumps({"a": 1}).encode()) == {"a": 1}
    assert parse(b"") == {}
