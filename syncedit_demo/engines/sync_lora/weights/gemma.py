"""Making the embedding of the one prompt, `3d1t`, with Gemma and the checkpoint's own connectors."""

# ltx_core and transformers leave many of their own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import gc
from importlib.metadata import version
from typing import TYPE_CHECKING

import torch

from syncedit_demo.engines.sync_lora import recipe
from syncedit_demo.engines.sync_lora.weights.files import FETCH, missing_connectors
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE, assert_whole
from syncedit_demo.engines.sync_lora.weights.torchaudio_stand_in import make_torchaudio_importable
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


PROMPT_TOKENS = 1024
"""Length the stock text encoder pads the prompt to."""


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

    Raises:
        EngineError: The checkpoint lacks its connectors, or Gemma's tokenizer is not as published.
    """
    make_torchaudio_importable()
    from ltx_core.loader import SingleGPUModelBuilder  # noqa: PLC0415 - must follow the line above
    from ltx_core.text_encoders.gemma import (  # noqa: PLC0415
        EMBEDDINGS_PROCESSOR_KEY_OPS,
        EmbeddingsProcessorConfigurator,
    )

    if (message := missing_connectors(read_header(base))) is not None:
        raise EngineError(message)
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

    tokenizer = LTXVGemmaTokenizer(str(folder), PROMPT_TOKENS)
    pairs = tokenizer.tokenize_with_weights(recipe.PROMPT)["gemma"]
    used = [token for token, is_used in pairs if is_used]
    if not used or used[0] != tokenizer.tokenizer.bos_token_id:
        message = (
            f"The tokenizer in {folder} leaves out <bos>, with which the model was trained: it is not the published "
            f"one. Fetch it anew with: {FETCH}"
        )
        raise EngineError(message)
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
