"""Elementwise operations of the networks, each one kernel on a GPU.

Between its matrix products a transformer block only moves its tokens through memory, and written as single operations
it moves them dozens of times, for a fifth of an edit's time; the VAE does the same between its convolutions. Every
function here is defined in plain torch, in ltx_core's own order of operations, which the CPU runs; on a GPU Triton
reads each value once, computes in float32 and writes it once. Where Triton cannot build its kernels, a GPU runs the
definitions too.

Tokens are `(tokens, channels)`. What AdaLN makes of a timestep is `(levels, channels)`: tokens share few timesteps,
and `level` says which one each has, `(tokens,)` int64.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

import torch
from ltx_core.model.transformer.rope import apply_split_rotary_emb
from ltx_core.utils import rms_norm
from torch.nn import functional

if TYPE_CHECKING:
    from types import ModuleType

WITHOUT_TRITON = (
    "Edits are slower here than they need be: Triton cannot build its GPU kernels, for which it takes a C compiler and "
    "Python's headers (on Debian and Ubuntu: apt-get install gcc python3-dev)."
)
"""What an engine says of a GPU that runs the definitions."""

logger = logging.getLogger(__name__)


@cache
def fused_kernels(device: torch.device) -> ModuleType | None:
    """Triton's versions of these functions; None for a device that runs the definitions."""
    return built_kernels(device) if device.type == "cuda" else None


def built_kernels(device: torch.device) -> ModuleType | None:
    """Triton's versions, one of which has been built and launched on a device; None where that fails."""
    try:
        from syncedit_demo.engines.sync_lora.network import triton_kernels  # noqa: PLC0415 - it comes with torch for GPUs

        triton_kernels.try_out(device)
    except Exception as error:
        logger.warning("Triton cannot build its kernels: %s", error)
        return None
    return triton_kernels


def shortcomings(device: torch.device) -> tuple[str, ...]:
    """What makes a device slower than it could be, as sentences."""
    return () if device.type != "cuda" or fused_kernels(device) else (WITHOUT_TRITON,)


def modulated_norm(
    tokens: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, level: torch.Tensor, eps: float
) -> torch.Tensor:
    """RMS-normalised tokens, scaled by `1 + scale` and shifted by `shift` of their level."""
    if fused := fused_kernels(tokens.device):
        return fused.modulated_norm(tokens, scale, shift, level, eps)
    return rms_norm(tokens, eps=eps) * (1 + scale[level]) + shift[level]


def add_gated(tokens: torch.Tensor, update: torch.Tensor, gate: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Tokens with `update`, weighted by their level's gate, added; on a GPU in place."""
    if fused := fused_kernels(tokens.device):
        return fused.add_gated(tokens, update, gate, level)
    return tokens + update * gate[level]


def rotated_norm(
    tokens: torch.Tensor, weight: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor, eps: float
) -> torch.Tensor:
    """RMS-normalised and weighted queries or keys, turned by their position.

    Args:
        tokens: `(tokens, channels)`, possibly columns of a wider tensor.
        weight: `(channels,)`.
        cosine: `(tokens, heads, channels of a head / 2)`; a head's first half is turned against its second.
        sine: The same shape.
        eps: Added to the mean square.
    """
    if fused := fused_kernels(tokens.device):
        return fused.rotated_norm(tokens, weight, cosine, sine, eps)
    normed = rms_norm(tokens, weight, eps)
    return apply_split_rotary_emb(normed[None], cosine.transpose(0, 1)[None], sine.transpose(0, 1)[None])[0]


def gated_heads(attended: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Each head's output times twice the sigmoid of its logit.

    Args:
        attended: `(tokens, channels)`; on a GPU changed in place.
        logits: `(tokens, heads)`.
    """
    if fused := fused_kernels(attended.device):
        return fused.gated_heads(attended, logits)
    heads = attended.view(*logits.shape, -1)
    return (heads * (2.0 * torch.sigmoid(logits)).unsqueeze(-1)).view(attended.shape)


def quantised(tokens: torch.Tensor, *, gelu: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens in 8 bits, each scaled so that its largest value is the format's largest.

    Args:
        tokens: `(tokens, channels)`.
        gelu: Whether the activation (GELU, tanh form) is applied first.

    Returns:
        float8_e4m3fn `(tokens, channels)`, and what to multiply each token with, float32 `(tokens, 1)`.
    """
    if fused := fused_kernels(tokens.device):
        return fused.quantised(tokens, gelu=gelu)
    # In place: the widened tokens in float32 are the largest thing in an edit.
    values = tokens.to(torch.float32, copy=True)
    if gelu:
        torch.ops.aten.gelu_(values, approximate="tanh")
    smallest, largest = values.aminmax(dim=1, keepdim=True)
    scale = torch.maximum(-smallest, largest).clamp(min=1e-12) / torch.finfo(torch.float8_e4m3fn).max
    return values.div_(scale).to(torch.float8_e4m3fn), scale


def normed_silu(pixels: torch.Tensor, eps: float, *, before: int = 0, after: int = 0) -> torch.Tensor:
    """RMS-normalised over their channels, then SiLU.

    Args:
        pixels: `(1, channels, frames, height, width)`.
        eps: Added to the mean square.
        before: How often the first frame is given once more, before the others.
        after: How often the last frame is given once more, after them.

    Returns:
        `(1, channels, before + frames + after, height, width)`.
    """
    if fused := fused_kernels(pixels.device):
        return fused.normed_silu(pixels, eps, before=before, after=after)

    def padded(frames: torch.Tensor) -> torch.Tensor:
        return torch.cat([*before * [frames[:, :, :1]], frames, *after * [frames[:, :, -1:]]], dim=2)

    # Padded first and changed in place, for a single copy of the pixels, which are the largest thing in decoding.
    norm = torch.sqrt(torch.mean(pixels**2, dim=1, keepdim=True) + eps)
    return functional.silu(padded(pixels).div_(padded(norm)), inplace=True)
