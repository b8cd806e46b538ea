"""The embedding of the one prompt, `3d1t`: made once with Gemma, stored, and only read when an edit is made."""

# ltx_core and transformers leave many of their own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import gc
from importlib.metadata import version
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open

from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.prepared import PREPARE
from syncedit_demo.engines.sync_lora.safetensors_file import read_header
from syncedit_demo.engines.sync_lora.torchaudio_stand_in import make_torchaudio_importable
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.safetensors_file import Header

PROMPT_TOKENS = 1024
"""Length the stock text encoder pads the prompt to."""


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


@torch.inference_mode()
def encode_prompt(
    gemma: Path, base: Path, base_sha256: str, device: torch.device
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Encode the prompt with Gemma and the checkpoint's own connectors.

    Gemma runs through transformers' own class, because ltx-core's wrapper does not work with transformers 5; what
    follows is ltx_core's `EmbeddingsProcessor`. A test holds the result to that of `ltx_pipelines`' `encode_prompts`.

    Args:
        gemma: Folder of the text encoder, as the Hub has it.
        base: The checkpoint.
        base_sha256: Its SHA-256, for the record.
        device: Where it is computed; on a GPU Gemma takes 24 GB, and is gone before the rest is loaded. On the CPU it
            stays in its files, and is read from them as it is needed.

    Returns:
        The tensors and the metadata of the file that `load_prompt` reads.
    """
    make_torchaudio_importable()
    from ltx_core.loader import SingleGPUModelBuilder  # noqa: PLC0415 - must follow the line above
    from ltx_core.text_encoders.gemma import (  # noqa: PLC0415
        EMBEDDINGS_PROCESSOR_KEY_OPS,
        EmbeddingsProcessorConfigurator,
    )

    from syncedit_demo.engines.sync_lora.model import DTYPE, assert_whole  # noqa: PLC0415

    hidden_states, mask = _run_gemma(gemma, device)
    processor = SingleGPUModelBuilder(
        EmbeddingsProcessorConfigurator, str(base), model_sd_ops=EMBEDDINGS_PROCESSOR_KEY_OPS
    ).build(device, DTYPE)
    assert_whole(processor)
    encoded = processor.eval().process_hidden_states(hidden_states, mask)
    metadata = {
        "prompt": recipe.PROMPT,
        "base_sha256": base_sha256,
        "text_encoder": gemma.name,
        "made_with": ", ".join(f"{name} {version(name)}" for name in ("ltx-core", "transformers", "torch")),
    }
    contexts = {"video_context": encoded.video_encoding, "audio_context": encoded.audio_encoding}
    return {name: context for name, context in contexts.items() if context is not None}, metadata


def _run_gemma(folder: Path, device: torch.device) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """Gemma's hidden states of every layer for the padded prompt, and the prompt's mask."""
    from ltx_core.text_encoders.gemma.tokenizer import LTXVGemmaTokenizer  # noqa: PLC0415
    from transformers import Gemma3ForConditionalGeneration  # noqa: PLC0415

    pairs = LTXVGemmaTokenizer(str(folder), PROMPT_TOKENS).tokenize_with_weights(recipe.PROMPT)["gemma"]
    tokens, mask = (torch.tensor([column], device=device) for column in zip(*pairs, strict=True))
    # Straight to the device: its 24 GB are never in the host's memory beside it. On the CPU they are mapped.
    gemma = Gemma3ForConditionalGeneration.from_pretrained(
        folder, dtype=torch.bfloat16, device_map={"": device}, local_files_only=True
    ).eval()
    outputs = gemma.model(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
    states = outputs.hidden_states
    del gemma, outputs
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return states, mask
