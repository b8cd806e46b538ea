"""The embedding of the one prompt, `3d1t`, as it is stored: made once, read for each start."""

# safetensors leaves its own types open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import safe_open

from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.weights.prepared import PREPARE
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from syncedit_demo.engines.sync_lora.weights.safetensors_file import Header


def load_prompt(header: Header, width: int) -> torch.Tensor:
    """The prompt's embedding for the video half of the transformer.

    Args:
        header: The file with it: `video_context` and, unused here, `audio_context`, as Lightricks stores the
            embeddings of constant prompts beside in-context LoRAs.
        width: Channels of the transformer it is for.

    Returns:
        `(1, tokens, width)`, bfloat16, on the CPU.

    Raises:
        EngineError: It is another prompt's, another model's, or empty.
    """
    prompt = header.metadata.get("prompt")
    info = header.tensors.get("video_context")
    if prompt != recipe.PROMPT or info is None:
        what = f"the prompt {prompt!r}" if prompt else "an unknown prompt"
        message = f"{header.path} holds {what} instead of {recipe.PROMPT!r}. Make it anew with: {PREPARE}"
        raise EngineError(message)
    if len(info.shape) != 3 or (info.shape[0], info.shape[2]) != (1, width):
        message = f"{header.path} was made for another model (shape {info.shape}). Make it anew with: {PREPARE}"
        raise EngineError(message)
    with safe_open(header.path, framework="pt") as file:
        context = file.get_tensor("video_context")
    if not context.isfinite().all() or not context.any():
        message = f"{header.path} holds no usable numbers. Make it anew with: {PREPARE}"
        raise EngineError(message)
    return context


def base_of_prompt(path: Path) -> str | None:
    """SHA-256 of the checkpoint by which a file is the embedding of our prompt; None where it is no such file."""
    try:
        metadata = read_header(path).metadata
    except EngineError:
        return None
    return metadata.get("base_sha256") if metadata.get("prompt") == recipe.PROMPT else None
