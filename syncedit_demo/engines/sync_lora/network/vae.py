"""ltx_core's VAE with what lies between its convolutions as one operation each."""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from ltx_core.model.common.normalization import PixelNorm
from ltx_core.model.video_vae.convolution import CausalConv3d
from ltx_core.model.video_vae.resnet import ResnetBlock3D
from ltx_core.model.video_vae.sampling import DepthToSpaceUpsample
from torch import nn

from syncedit_demo.engines.sync_lora.network.kernels import normed_silu

if TYPE_CHECKING:
    from ltx_core.model.video_vae import VideoDecoder, VideoEncoder


CHANNELS_LAST = torch.channels_last_3d
"""The layout that cuDNN convolves in: it would otherwise copy its input and output, which takes time and memory."""


class PaddedConvolution(nn.Module):
    """ltx_core's convolution, padded in time in the layout of its input.

    Args:
        convolution: The one whose weights move here.
    """

    def __init__(self, convolution: CausalConv3d) -> None:
        super().__init__()
        self.conv = convolution.conv
        self.padding: int = convolution.time_kernel_size - 1

    def forward(self, pixels: torch.Tensor, causal: bool = True) -> torch.Tensor:
        """What `CausalConv3d.forward` gives: the first frame is repeated, and the last one unless it is causal."""
        before, after = _padding(self.padding, causal=causal)
        first, last = pixels[:, :, :1], pixels[:, :, -1:]
        return self.conv(torch.cat([*before * [first], pixels, *after * [last]], dim=2))


class ResidualBlock(nn.Module):
    """ltx_core's residual block, in half the memory and without copies for padding.

    Args:
        block: The block whose weights move here; it normalises by pixel and keeps the number of channels.
    """

    def __init__(self, block: ResnetBlock3D) -> None:
        super().__init__()
        first, second = cast("CausalConv3d", block.conv1), cast("CausalConv3d", block.conv2)
        self.convolutions = nn.ModuleList([first.conv, second.conv])
        self.eps: float = block.norm1.eps
        self.padding: int = first.time_kernel_size - 1

    def forward(self, pixels: torch.Tensor, *, causal: bool, **_unused: object) -> torch.Tensor:
        """The pixels, `(1, channels, frames, height, width)`, changed in place: they are nobody else's."""
        before, after = _padding(self.padding, causal=causal)
        hidden = pixels
        for convolution in self.convolutions:
            # Each is let go as soon as the next is there: at full size they are most of what decoding takes.
            padded = normed_silu(hidden, self.eps, before=before, after=after)
            del hidden
            hidden = convolution(padded)
            del padded
        return pixels.add_(hidden)


class Upsampler(nn.Module):
    """ltx_core's upsampler without a residual: its channels become pixels, in a single copy.

    Args:
        upsampler: The one whose weights move here.
    """

    def __init__(self, upsampler: DepthToSpaceUpsample) -> None:
        super().__init__()
        self.conv = PaddedConvolution(cast("CausalConv3d", upsampler.conv))
        self.stride: tuple[int, int, int] = upsampler.stride

    def forward(self, pixels: torch.Tensor, causal: bool = True) -> torch.Tensor:
        """What `DepthToSpaceUpsample.forward` gives, channels last."""
        blocks = self.conv(pixels, causal).unflatten(1, (-1, *self.stride))
        batch, channels, *inner, frames, height, width = blocks.shape
        size = (frames * inner[0], height * inner[1], width * inner[2])
        spread = blocks.permute(0, 5, 2, 6, 3, 7, 4, 1).reshape(batch, *size, channels)
        # Of two frames made from the first one, ltx_core drops the one before it.
        return spread[:, inner[0] - 1 :].movedim(-1, 1)


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


def streamline(network: VideoEncoder | VideoDecoder, *, channels_last: bool = False) -> None:
    """Replace the parts of a half of the VAE by those of this module, where they do the same.

    Args:
        network: The half, its weights loaded.
        channels_last: Whether it works in `CHANNELS_LAST`, which pays for the decoder on a GPU. Elsewhere the layout is
            ltx_core's, and so are the numbers to the bit.
    """
    if not getattr(network, "timestep_conditioning", False) and isinstance(network.conv_norm_out, PixelNorm):
        _replace(network, "conv_norm_out", NormedSilu(network.conv_norm_out.eps))
        _replace(network, "conv_act", nn.Identity())
    for module in list(network.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, ResnetBlock3D) and _is_plain(part):
                _replace(module, name, ResidualBlock(part))
            elif isinstance(part, CausalConv3d):
                _replace(module, name, PaddedConvolution(part))
            elif isinstance(part, DepthToSpaceUpsample) and channels_last and not part.residual:
                _replace(module, name, Upsampler(part))
    if channels_last:
        network.to(memory_format=CHANNELS_LAST)  # pyright: ignore[reportCallIssue]


def _replace(module: nn.Module, name: str, part: nn.Module) -> None:
    setattr(module, name, part)


def _is_plain(block: ResnetBlock3D) -> bool:
    return (
        isinstance(block.norm1, PixelNorm)
        and isinstance(block.conv_shortcut, nn.Identity)
        and not (block.timestep_conditioning or block.inject_noise)
    )


def _padding(frames: int, *, causal: bool) -> tuple[int, int]:
    """How often the first and the last frame are repeated."""
    return (frames, 0) if causal else (frames - frames // 2, frames // 2)
