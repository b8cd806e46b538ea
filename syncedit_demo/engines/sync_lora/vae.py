"""ltx_core's VAE with each norm and the activation behind it as one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltx_core.model.common.normalization import PixelNorm
from ltx_core.model.video_vae.resnet import ResnetBlock3D
from torch import nn

from syncedit_demo.engines.sync_lora.kernels import normed_silu

if TYPE_CHECKING:
    import torch
    from ltx_core.model.video_vae import VideoDecoder, VideoEncoder


class NormedSilu(nn.Module):
    """`PixelNorm` and SiLU.

    Args:
        eps: Added to the mean square.
    """

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels of the same shape, `(1, channels, frames, height, width)`."""
        return normed_silu(pixels, self.eps)


def fuse_norms(network: VideoEncoder | VideoDecoder) -> None:
    """Join the norms and activations of a half of the VAE, where nothing lies between them."""
    if not getattr(network, "timestep_conditioning", False) and isinstance(network.conv_norm_out, PixelNorm):
        _replace(network, ("conv_norm_out",), "conv_act", network.conv_norm_out.eps)
    for block in network.modules():
        if isinstance(block, ResnetBlock3D) and isinstance(block.norm1, PixelNorm) and not block.timestep_conditioning:
            _replace(block, ("norm1", "norm2"), "non_linearity", block.norm1.eps)


def _replace(module: nn.Module, norms: tuple[str, ...], activation: str, eps: float) -> None:
    for name in norms:
        setattr(module, name, NormedSilu(eps))
    setattr(module, activation, nn.Identity())
