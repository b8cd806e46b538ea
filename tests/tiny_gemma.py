"""Gemma 3 at toy size: a text encoder's folder as the Hub has it, with weights that depend on their names alone.

The same folder is read by any version of transformers, so that what one version makes of it can be kept as a number
and another version be held to it.
"""

# transformers and tokenizers leave many of their own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from syncedit_demo.engines.sync_lora.torchaudio_stand_in import make_torchaudio_importable

make_torchaudio_importable()

from ltx_core.text_encoders.gemma import EmbeddingsProcessorConfigurator  # noqa: E402
from ltx_core.text_encoders.gemma.config import GEMMA3_CONFIG_FOR_LTX  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: E402

from tests import tiny_ltx  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

# Seven layers, because every sixth looks at all tokens and rotates them more slowly than the others.
TEXT = {
    "head_dim": 8,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_hidden_layers": 7,
    "num_key_value_heads": 2,
    "query_pre_attn_scalar": 8,
    "vocab_size": 16,
}
VISION = {
    "hidden_size": 16,
    "image_size": 28,
    "intermediate_size": 16,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
}
VOCABULARY = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "3": 4, "d": 5, "1": 6, "t": 7, "3d": 8, "1t": 9}


@contextmanager
def tiny_sizes() -> Generator[None]:
    """ltx_core's fixed idea of Gemma's sizes, brought down to these."""
    parts = ((GEMMA3_CONFIG_FOR_LTX.text_config, TEXT), (GEMMA3_CONFIG_FOR_LTX.vision_config, VISION))
    kept = [{name: getattr(part, name) for name in sizes} for part, sizes in parts]
    _set(parts)
    GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image, tokens = 4, GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image
    try:
        yield
    finally:
        _set(tuple((part, sizes) for (part, _), sizes in zip(parts, kept, strict=True)))
        GEMMA3_CONFIG_FOR_LTX.mm_tokens_per_image = tokens


def write_gemma(folder: Path) -> Path:
    """Write the text encoder's folder; call it within `tiny_sizes`."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration  # noqa: PLC0415 - slow to import

    folder.mkdir(parents=True)
    config = GEMMA3_CONFIG_FOR_LTX.to_dict()
    (folder / "config.json").write_text(json.dumps(config))
    with torch.device("meta"):
        model = Gemma3ForConditionalGeneration(Gemma3Config(**config))
    tensors = {
        name: _random(name, tensor.shape)
        for name, tensor in ((_hub_name(name), tensor) for name, tensor in model.state_dict().items())
        if name != "lm_head.weight"
    }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    tokenizer = Tokenizer(models.BPE(VOCABULARY, [("3", "d"), ("1", "t")], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **special}))
    # The stock pipeline finds the folder by these names.
    for name in ("tokenizer.model", "preprocessor_config.json"):
        (folder / name).write_text("{}")
    return folder


def write_checkpoint(path: Path) -> None:
    """A checkpoint whose text half fits this Gemma; call it within `tiny_sizes`."""
    with torch.device("meta"):
        processor: torch.nn.Module = _build(EmbeddingsProcessorConfigurator)
    tensors = {name: _random(name, tensor.shape) for name, tensor in _checkpoint_names(processor).items()}
    tiny_ltx.save(path, tensors, tiny_ltx.CHECKPOINT_METADATA)


def _build(configurator: Any) -> torch.nn.Module:  # noqa: ANN401 - ltx_core mistypes its configurators
    return configurator.from_config(tiny_ltx.CHECKPOINT_CONFIG)


def _checkpoint_names(processor: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The tensors by the names that `EMBEDDINGS_PROCESSOR_KEY_OPS` translates from."""
    places = {
        "feature_extractor.": "text_embedding_projection.",
        "video_connector.": "model.diffusion_model.video_embeddings_connector.",
        "audio_connector.": "model.diffusion_model.audio_embeddings_connector.",
    }
    named: dict[str, torch.Tensor] = {}
    for name, tensor in processor.state_dict().items():
        own, place = next((own, place) for own, place in places.items() if name.startswith(own))
        named[place + name.removeprefix(own)] = tensor
    return named


def _hub_name(name: str) -> str:
    """A tensor's name in the files of the Hub, from the one in transformers' class of either version."""
    name = name.removeprefix("model.")
    if name.startswith("language_model."):
        return "language_model.model." + name.removeprefix("language_model.")
    if name.startswith("vision_tower."):
        return "vision_tower.vision_model." + name.removeprefix("vision_tower.").removeprefix("vision_model.")
    return name


def _random(name: str, shape: torch.Size) -> torch.Tensor:
    scale = (shape[-1] if len(shape) > 1 else 100) ** -0.5
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return (torch.randn(shape, generator=generator) * scale).to(torch.bfloat16)


def _set(parts: tuple[tuple[object, Mapping[str, Any]], ...]) -> None:
    for part, sizes in parts:
        for name, size in sizes.items():
            setattr(part, name, size)
