"""Gemma 3 at toy size: a text encoder's folder as the Hub has it, with weights that depend on their names alone.

The same folder is read by any version of transformers, so that what one version makes of it can be kept as a number
and another version be held to it.
"""

# safetensors leaves the type of a file name open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

from benchmarks.random_weights import (
    TINY_TEXT,
    TINY_VISION,
    gemma_shapes,
    shrink_gemma,
    text_shapes,
    write_tokenizer,
)
from tests.support import tiny_ltx

from ltx_core.text_encoders.gemma.config import GEMMA3_CONFIG_FOR_LTX  # isort: skip - after the stand-in for torchaudio

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def tiny_sizes() -> Generator[None]:
    """ltx_core's fixed idea of Gemma's sizes, brought down to these."""
    parts = ((GEMMA3_CONFIG_FOR_LTX.text_config, TINY_TEXT), (GEMMA3_CONFIG_FOR_LTX.vision_config, TINY_VISION))
    kept = [{name: getattr(part, name) for name in sizes} for part, sizes in parts]
    tokens = GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image
    shrink_gemma()
    try:
        yield
    finally:
        for (part, _), sizes in zip(parts, kept, strict=True):
            for name, size in sizes.items():
                setattr(part, name, size)
        GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image = tokens


def write_gemma(folder: Path) -> Path:
    """Write the text encoder's folder; call it within `tiny_sizes`."""
    folder.mkdir(parents=True)
    tensors = {name: _random(name, torch.Size(shape)) for name, shape in gemma_shapes().items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    write_tokenizer(folder)
    return folder


def write_checkpoint(path: Path) -> None:
    """A checkpoint that is only its text half, which fits this Gemma; call it within `tiny_sizes`."""
    tiny_ltx.save(path, text_tensors(), tiny_ltx.CHECKPOINT_METADATA)


def text_tensors() -> tiny_ltx.Tensors:
    """The text half of a checkpoint; call it within `tiny_sizes`."""
    shapes = text_shapes(tiny_ltx.CHECKPOINT_CONFIG)
    return {name: _random(name, torch.Size(shape)) for name, shape in shapes.items()}


def _random(name: str, shape: torch.Size) -> torch.Tensor:
    scale = (shape[-1] if len(shape) > 1 else 100) ** -0.5
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return (torch.randn(shape, generator=generator) * scale).to(torch.bfloat16)
