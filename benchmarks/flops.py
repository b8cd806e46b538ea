"""How many floating-point operations an edit takes: what time is held against when the clip grows.

A multiplication and an addition count as two. For a block of width D over N tokens, with P tokens of the prompt:

- the self-attention's four products (queries, keys, values, output) and the two of the feed-forward network, which is
  four times as wide, are 4 + 8 products of D × D for each token: 2 · 12 · D² · N;
- the cross-attention's queries and output: 2 · 2 · D² · N; its keys and values, for each token of the prompt:
  2 · 2 · D² · P;
- attention itself is two products, queries with keys and weights with values: 4 · D · N² for the tokens among
  themselves, 4 · D · N · P with the prompt.

AdaLN, gates, norms and rotary embeddings are left out: together under one per cent at the model's size. Both stages run
at the same 48 blocks; the first has the reference's tokens beside the target's. What the VAE and the upscaler take is
counted by torch on networks without weights.
"""

# ltx_core leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from ltx_core.model.upsampler import LatentUpsamplerConfigurator
from ltx_core.model.video_vae import VideoDecoderConfigurator, VideoEncoderConfigurator
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.random_weights import PROMPT_TOKENS, read_configs
from syncedit_demo.engines.sync_lora.recipe import STAGE_1_SIGMAS, STAGE_2_SIGMAS

LATENT_SIDE = 32
LATENT_FRAMES = 8
LATENT_CHANNELS = 128


@dataclass(frozen=True, slots=True)
class EditFlops:
    """Operations of an edit at full quality, by part.

    Attributes:
        stage_1: All steps of the first stage, at half the width and height.
        stage_2: All steps of the second.
        vae: Reference and edited frame encoded, latents upscaled, the result decoded in one piece.
    """

    stage_1: float
    stage_2: float
    vae: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.stage_1 + self.stage_2 + self.vae


def block_flops(width: int, tokens: int, prompt_tokens: int) -> int:
    """Operations of one block of the video-only transformer; see the module's docstring."""
    linear = 2 * 12 * width**2 * tokens
    cross_linear = 2 * 2 * width**2 * (tokens + prompt_tokens)
    attention = 4 * width * tokens**2 + 4 * width * tokens * prompt_tokens
    return linear + cross_linear + attention


def latent_tokens(width: int, height: int, frames: int) -> int:
    """Tokens of a clip; its sides are multiples of 32, its frame count is 8k + 1."""
    return width // LATENT_SIDE * (height // LATENT_SIDE) * latent_frames(frames)


def latent_frames(frames: int) -> int:
    """Latent frames of so many frames: the first has one of its own."""
    return (frames - 1) // LATENT_FRAMES + 1


def edit_flops(width: int, height: int, frames: int, *, tiny: bool = False) -> EditFlops:
    """Operations of an edit of this size.

    Args:
        width: The result's, in pixels, a multiple of 64.
        height: Likewise.
        frames: 8k + 1.
        tiny: Whether the networks are those of toy size.
    """
    config, upscaler_config = read_configs(tiny=tiny)
    transformer = config["transformer"]
    blocks = transformer["num_layers"]
    inner = transformer["num_attention_heads"] * transformer["attention_head_dim"]
    half = latent_tokens(width // 2, height // 2, frames)
    full = latent_tokens(width, height, frames)
    steps_1, steps_2 = len(STAGE_1_SIGMAS) - 1, len(STAGE_2_SIGMAS) - 1
    with torch.device("meta"):
        encoder = _built(VideoEncoderConfigurator, config)
        decoder = _built(VideoDecoderConfigurator, config)
        upscaler = _built(LatentUpsamplerConfigurator, upscaler_config)
        latent = torch.empty(1, LATENT_CHANNELS, latent_frames(frames), height // LATENT_SIDE, width // LATENT_SIDE)
        vae = (
            counted(encoder, torch.empty(1, 3, frames, height // 2, width // 2))
            + counted(encoder, torch.empty(1, 3, 1, height // 2, width // 2))
            + counted(encoder, torch.empty(1, 3, 1, height, width))
            + counted(upscaler, latent[..., ::2, ::2])
            + counted(decoder, latent)
        )
    return EditFlops(
        stage_1=steps_1 * blocks * block_flops(inner, 2 * half, PROMPT_TOKENS),
        stage_2=steps_2 * blocks * block_flops(inner, full, PROMPT_TOKENS),
        vae=vae,
    )


def counted(network: Callable[[torch.Tensor], object], given: torch.Tensor) -> int:
    """Operations of a network on this input, by torch's own counter."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(given)
    return counter.get_total_flops()


def _built(configurator: Any, config: dict[str, Any]) -> torch.nn.Module:  # noqa: ANN401 - ltx_core mistypes them
    return configurator.from_config(config)
