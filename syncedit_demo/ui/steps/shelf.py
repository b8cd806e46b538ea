"""The examples beside step 1: each has a finished result to look at, and what it was made from to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
from gradio.data_classes import FileData

from syncedit_demo.ui.components.tiles import Tile, Tiles, tiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.ui.visits.examples import Example


class ExampleShelf:
    """The components of the shelf, where it is made.

    Attributes:
        examples: The examples, by name.
        example: State with the name of the example that is filled in, None while the clip is the visitor's own.
        tiles: The pictures to pick from.
    """

    def __init__(self, examples: Mapping[str, Example]) -> None:
        self.examples = examples
        self.example = gr.State(None)
        with gr.Column(visible=bool(self.examples), elem_classes="plain"):
            gr.HTML('<p class="hint">Or try an example</p>')
            self.tiles = tiles(Tiles(tiles=[_tile(each) for each in self.examples.values()]), elem_id="examples")


def _tile(example: Example) -> Tile:
    picture = FileData(path=str(example.edited))
    return Tile(id=example.name, picture=picture, title=example.title, detail=example.record.engine.title)
