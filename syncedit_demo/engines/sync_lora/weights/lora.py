"""The pairs of a LoRA file, by the names that trainers give them.

The stock loader reads more than one way of naming and leaves out what it does not know; so does this, but says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header

_PREFIX = re.compile(r"^(?:model\.)?(?:diffusion_model\.)?")
_HALF = re.compile(r"\.lora_(?P<half>[AB])(?:\.default)?\.weight$")
"""PEFT writes the adapter's name between; most who publish a LoRA take it out again."""

_ALPHA = ".alpha"


@dataclass(frozen=True, slots=True)
class LoraPair:
    """The tensors of one module, by their names in the file: what is added to its weight is B @ A × alpha / rank.

    Attributes:
        a: `(rank, inputs)`.
        b: `(outputs, rank)`.
        alpha: A single number; None where the file has none for this module, and alpha is the rank.
    """

    a: str
    b: str
    alpha: str | None = None


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA file.

    Attributes:
        header: The file.
        pairs: Its pairs by the name of their module in the transformer.
        unknown: Its tensors that belong to no pair.
    """

    header: Header
    pairs: dict[str, LoraPair]
    unknown: tuple[str, ...]


def read_lora(header: Header) -> Lora:
    """The pairs of a LoRA.

    Raises:
        EngineError: There are none, or one is only half there.
    """
    halves: dict[str, dict[str, str]] = {}
    alphas: dict[str, str] = {}
    unknown: list[str] = []
    for name in header.tensors:
        bare = _PREFIX.sub("", name)
        if match := _HALF.search(bare):
            halves.setdefault(bare[: match.start()], {})[match["half"]] = name
        elif bare.endswith(_ALPHA):
            alphas[bare.removesuffix(_ALPHA)] = name
        else:
            unknown.append(name)
    if not halves:
        example = next(iter(header.tensors), "nothing")
        message = f"{header.path} is not a LoRA of this kind: it holds {example}."
        raise EngineError(message)
    if broken := [module for module, names in halves.items() if len(names) < 2]:
        message = f"{header.path} is not whole: {broken[0]} has only one of its two matrices."
        raise EngineError(message)
    pairs = {module: LoraPair(names["A"], names["B"], alphas.get(module)) for module, names in halves.items()}
    return Lora(header, pairs, (*unknown, *(name for module, name in alphas.items() if module not in pairs)))
