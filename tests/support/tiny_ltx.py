"""LTX-2.3's weight files at toy size: the real file formats, names and structure, random numbers.

`ltx23_tiny.json` is the configuration of the 22B model with every width and depth brought down as far as the model's
own classes allow. The audio VAE and the vocoder, which the engine has no use for, are left out.
"""

# ltx_core has no stubs.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from ltx_core.model.transformer import LTXModelConfigurator
from ltx_core.model.upsampler import LatentUpsamplerConfigurator
from ltx_core.model.video_vae import VideoDecoderConfigurator, VideoEncoderConfigurator
from safetensors.torch import load_file, save_file

from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, Slot
from syncedit_demo.engines.sync_lora.weights.safetensors_file import hash_file

RANK = 4
_CONFIGS = cast("dict[str, Any]", json.loads((Path(__file__).parents[1] / "data" / "ltx23_tiny.json").read_text()))
CHECKPOINT_CONFIG = cast("dict[str, Any]", _CONFIGS["checkpoint"])
UPSCALER_CONFIG = cast("dict[str, Any]", _CONFIGS["upscaler"])
CHECKPOINT_METADATA = {"model_version": "2.3.0", "config": json.dumps(CHECKPOINT_CONFIG)}
UPSCALER_METADATA = {"config": json.dumps(UPSCALER_CONFIG)}

Tensors = dict[str, torch.Tensor]


def write_weights(folder: Path, seed: int = 0) -> Path:
    """Write the four files of the recipe into a folder and give the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    base = checkpoint_tensors(generator)
    save(folder / FILE_NAMES[Slot.BASE], base, CHECKPOINT_METADATA)
    linear = [
        name.removesuffix(".weight")
        for name, tensor in base.items()
        if name.startswith("model.diffusion_model.transformer_blocks.") and tensor.ndim == 2 and name.endswith("weight")
    ]
    video = [name for name in linear if name.split(".")[4] in ("attn1", "attn2", "ff")]
    save(folder / FILE_NAMES[Slot.SYNC_LORA], lora_tensors(base, video, generator), {})
    save(folder / FILE_NAMES[Slot.DISTILLED_LORA], lora_tensors(base, linear, generator), {})
    save(folder / FILE_NAMES[Slot.UPSCALER], upscaler_tensors(generator), UPSCALER_METADATA)
    return folder


def write_prompt(path: Path, base: Path, seed: int = 1, **changed: str) -> torch.Tensor:
    """Write an embedding of the prompt by this checkpoint, random as the rest, and give it back."""
    *_, (_, sha256) = hash_file(base)
    context = _normal((1, 128, 64), 1.0, torch.Generator().manual_seed(seed))
    tensors = {"video_context": context, "audio_context": context[..., :32].clone()}
    save(path, tensors, {"prompt": "3d1t", "base_sha256": sha256} | changed)
    return context


def checkpoint_tensors(generator: torch.Generator) -> Tensors:
    """The transformer with its audio half and the video VAE, under the checkpoint's names."""
    transformer = _random_state(LTXModelConfigurator, CHECKPOINT_CONFIG, generator)
    tensors = {f"model.diffusion_model.{name}": tensor for name, tensor in transformer.items()}
    for part, configurator in (("encoder", VideoEncoderConfigurator), ("decoder", VideoDecoderConfigurator)):
        for name, tensor in _random_state(configurator, CHECKPOINT_CONFIG, generator).items():
            prefix = "vae" if name.startswith("per_channel_statistics.") else f"vae.{part}"
            tensors.setdefault(f"{prefix}.{name}", tensor)
    return tensors


def upscaler_tensors(generator: torch.Generator) -> Tensors:
    """The spatial upscaler."""
    return _random_state(LatentUpsamplerConfigurator, UPSCALER_CONFIG, generator)


def lora_tensors(base: Tensors, modules: list[str], generator: torch.Generator) -> Tensors:
    """A LoRA over these modules of the checkpoint, strong enough to change what the model makes."""
    tensors: Tensors = {}
    for module in modules:
        outputs, inputs = base[f"{module}.weight"].shape
        name = module.removeprefix("model.")
        tensors[f"{name}.lora_A.weight"] = _normal((RANK, inputs), inputs**-0.5, generator)
        tensors[f"{name}.lora_B.weight"] = _normal((outputs, RANK), 0.5 * RANK**-0.5, generator)
    return tensors


def save(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write a safetensors file."""
    save_file(tensors, path, metadata)


def load(path: Path) -> Tensors:
    """All tensors of a safetensors file."""
    return load_file(path)


def _random_state(configurator: Any, config: dict[str, Any], generator: torch.Generator) -> Tensors:  # noqa: ANN401
    with torch.device("meta"):
        model: torch.nn.Module = configurator.from_config(config)
    return {name: _random(name, tuple(tensor.shape), generator) for name, tensor in model.state_dict().items()}


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Numbers of the size that training leaves, so that signals neither die out nor explode on their way."""
    if name.endswith("std-of-means") or (name.endswith("weight") and len(shape) == 1):
        return (1 + _normal(shape, 0.1, generator)).to(torch.bfloat16)
    fan_in = torch.Size(shape[1:]).numel() if len(shape) > 1 and name.endswith("weight") else 100
    return _normal(shape, fan_in**-0.5, generator)


def _normal(shape: tuple[int, ...], scale: float, generator: torch.Generator) -> torch.Tensor:
    return (torch.randn(shape, generator=generator) * scale).to(torch.bfloat16)
