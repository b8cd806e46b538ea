"""Tensors of the recipe: what they are computed in, read from files, and whether none is missing."""

# safetensors leaves its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import safe_open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DTYPE = torch.bfloat16
"""What the model was trained in and the stock pipeline runs in."""

FP8 = torch.float8_e4m3fn
"""What its large products are in where they are in 8 bits."""


def read_tensors(path: Path, names: Mapping[str, object]) -> Iterator[tuple[str, torch.Tensor]]:
    """The named tensors of a file, mapped into memory one after the other."""
    with safe_open(path, framework="pt") as file:
        for name in names:
            yield name, file.get_tensor(name)


def assert_whole(network: torch.nn.Module) -> None:
    """Make sure that no weight is left on torch's meta device, where it has no numbers.

    Raises:
        RuntimeError: One is: a defect of this program.
    """
    tensors = (*network.named_parameters(), *network.named_buffers())
    if empty := [name for name, tensor in tensors if tensor.is_meta]:
        message = f"{type(network).__name__} was built without {', '.join(empty)}."
        raise RuntimeError(message)
