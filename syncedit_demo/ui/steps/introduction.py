"""What is said to who comes for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradio.data_classes import FileData

from syncedit_demo.errors import EngineError
from syncedit_demo.ui.components.intro import Intro
from syncedit_demo.ui.steps.place import place_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncedit_demo.service import EditService
    from syncedit_demo.settings import EngineName
    from syncedit_demo.ui.visits.examples import Example

FIRST_EXAMPLE = "toy-train"
"""What is on show before there is anything else: one thing changes, and the clip has no sound that would start."""

IN_PLAIN_WORDS: dict[EngineName, str] = {
    "draft": "moves your edit along with the clip. Colours, looks, textures and logos carry well; new shapes do not.",
    "sync-lora": "generates the clip anew: new shapes, light, what your edit uncovers. It was made for people.",
}
"""What an engine can do, for who never heard of it; the first word goes on from its name."""

OTHER_ENGINE = "New shapes need the other engine, Sync-LoRA, and an NVIDIA GPU."


def introduce(service: EditService, examples: Mapping[str, Example]) -> Intro | None:
    """What is said to who comes for the first time, where the example is there that shows it."""
    example = examples.get(FIRST_EXAMPLE)
    if example is None:
        return None
    try:
        engine, _ = service.engine()
    except EngineError as error:
        name, can, other = "Nothing can be made here now.", str(error), ""
    else:
        name, can = engine.title, IN_PLAIN_WORDS[engine.name]
        other = "" if engine.name != "draft" or service.engines.coming else OTHER_ENGINE
    files = (FileData(path=str(path)) for path in (example.reference, example.edited, example.output))
    clip, edited, result = files
    return Intro(clip=clip, edited=edited, result=result, place=place_in_words(), engine=name, can=can, other=other)
