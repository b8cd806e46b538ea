"""What a request gives to the components of the page, matched before anything is computed with it."""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from gradio.data_classes import FileData
from pydantic import ValidationError
from starlette.routing import compile_path

from syncedit_demo.ui.door.routes import CALL, JOIN, NAMED_CALL, RUN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gradio.block_function import BlockFunction
    from gradio.blocks import Block

LARGEST = 10**9
"""No number that the page or the API take is larger, in either direction."""

LONGEST_TEXT = 200
"""Characters of a text in a component that sets no limit of its own."""

SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
FOLDED = "This request is folded too deeply, or holds a number or a character that there is not."

_API_NAMES = {route: compile_path(route)[0] for route in (RUN, CALL, NAMED_CALL)}


class MalformedError(Exception):
    """A request that no page and no client sends; `str` is the sentence."""


def parse(body: bytes) -> dict[str, Any]:
    """A body as JSON.

    Raises:
        MalformedError: It is none, or no object.
    """
    try:
        parsed = json.loads(body or b"{}")
        # Whoever answers what of it is wrong writes it again: no infinite number, no half of a character.
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise MalformedError(FOLDED if body[:1] == b"{" else "This is no JSON object.") from None
    if not isinstance(parsed, dict):
        raise MalformedError("This is no JSON object.")
    return cast("dict[str, Any]", parsed)


class EventValues:
    """Checks the values of an event against the components that they are for.

    Args:
        functions: What can be called, by number.
        folders: What the folders are called that files may lie in.
    """

    def __init__(self, functions: Mapping[int, BlockFunction], folders: Collection[str]) -> None:
        self._functions = functions
        self._folders = tuple(f"{each}/" for each in folders)

    def check(self, route: str, path: str, body: dict[str, Any]) -> None:
        """Check the body of a request that calls something.

        Args:
            route: The route, as Gradio writes it.
            path: The path.
            body: What was sent.

        Raises:
            MalformedError: A value is nothing that its component can hold.
        """
        session = body.get("session_hash")
        if session is not None and not (isinstance(session, str) and SESSION.fullmatch(session)):
            raise MalformedError("session_hash is no name of a page.")
        if route not in {JOIN, *_API_NAMES}:
            return
        function = self._function(route, path, body)
        if function.fn is None or (route == RUN and function.queue):
            # What the page has its browser do; or what waits in a line, which this route would go past.
            raise MalformedError("There is nothing of this name to call.")
        for block, value in self._given(route, function, body):
            self._check_value(block, value)

    def _function(self, route: str, path: str, body: dict[str, Any]) -> BlockFunction:
        number: object = body.get("fn_index")
        if route in {JOIN, RUN} and type(number) is int and number in self._functions:
            return self._functions[number]
        if route in {CALL, NAMED_CALL} and (named := _API_NAMES[route].match(path)):
            name = named.group("api_name")
            for function in self._functions.values():
                if function.api_name == name and function.api_visibility == "public":
                    return function
        raise MalformedError("There is nothing of this name to call.")

    def _given(self, route: str, function: BlockFunction, body: dict[str, Any]) -> list[tuple[Block, Any]]:
        inputs = [cast("Block", block) for block in function.inputs]
        if route == NAMED_CALL:
            # Whom it comes from is no argument.
            names = [each for each in inspect.signature(cast("Any", function.fn)).parameters if each != "request"]
            by_name = dict(zip(names, inputs, strict=True))
            unknown = body.keys() - by_name.keys() - {"session_hash"}
            if unknown:
                raise MalformedError(f"The arguments are {', '.join(by_name)}.")
            return [(by_name[name], value) for name, value in body.items() if name in by_name]
        data: object = body.get("data")
        if not isinstance(data, list):
            raise MalformedError("data is a list of values.")
        values = cast("list[Any]", data)
        # A state is the server's own, whatever is sent for it; programs leave it out.
        asked = [block for block in inputs if not getattr(block, "skip_api", False)]
        for blocks in (inputs, asked):
            if len(blocks) == len(values):
                return list(zip(blocks, values, strict=True))
        raise MalformedError(f"data is a list of {len(asked)} values.")

    def _check_value(self, block: Block, value: object) -> None:
        name = getattr(block, "label", None) or block.get_block_name()
        match block:
            case gr.State() | gr.BrowserState() | gr.HTML():
                return
            case gr.Number() | gr.Slider():
                _check_number(name, block, value)
            case gr.Checkbox():
                if not isinstance(value, bool):
                    raise MalformedError(f"{name} is true or false.")
            case gr.Radio() | gr.Dropdown():
                choices = [choice for _, choice in cast("list[tuple[str, object]]", block.choices)]
                if not isinstance(value, str | int | float) or value not in choices:
                    raise MalformedError(f"{name} is one of {', '.join(map(str, choices))}.")
            case gr.Textbox():
                limit = block.max_length or LONGEST_TEXT
                if value is not None and not (isinstance(value, str) and len(value) <= limit):
                    raise MalformedError(f"{name} is a text of at most {limit} characters.")
            case gr.File():
                if value is not None:
                    self._check_file(name, value)
            case gr.ImageEditor():
                self._check_painting(name, value)
            case _:
                raise MalformedError(f"{name} takes nothing.")

    def _check_file(self, name: str, value: object) -> None:
        path = cast("dict[str, object]", value).get("path") if isinstance(value, dict) else None
        if not (isinstance(path, str) and path.startswith(self._folders) and ".." not in path.split("/")):
            raise MalformedError(f"{name} is a file that was uploaded here.")
        if not path.isprintable():
            raise MalformedError(f"{name} has a name with characters that cannot be printed.")
        try:
            FileData.model_validate(value)
        except ValidationError:
            raise MalformedError(f"{name} is a file that was uploaded here.") from None

    def _check_painting(self, name: str, value: object) -> None:
        if value is None:
            return
        if not isinstance(value, dict):
            raise MalformedError(f"{name} is a painting.")
        drawn = cast("dict[str, object]", value)
        unknown = drawn.keys() - {"background", "composite", "layers", "id"}
        layers = drawn.get("layers", [])
        number = drawn.get("id")
        if unknown or not isinstance(layers, list | None) or not isinstance(number, str | None):
            raise MalformedError(f"{name} is a painting.")
        pictures = [drawn.get("background"), drawn.get("composite"), *cast("list[object]", layers or [])]
        for picture in pictures:
            if picture is not None:
                self._check_file(name, picture)


def _check_number(name: str, block: gr.Number | gr.Slider, value: object) -> None:
    if value is None and isinstance(block, gr.Number):
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedError(f"{name} is a number.")
    # How far a slider goes depends on the clip; that of the component itself is only where it begins.
    own = isinstance(block, gr.Number)
    low = block.minimum if own and block.minimum is not None else -LARGEST
    high = block.maximum if own and block.maximum is not None else LARGEST
    # Compared and not computed with: what is too large, infinite or no number at all lies between no bounds.
    if not low <= value <= high:
        raise MalformedError(f"{name} is a number from {low} to {high}.")
