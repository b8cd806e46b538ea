"""From the result's latent to its frames, in runs, each given out while the device decodes the next."""

# ltx_core has no stubs and leaves many of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from ltx_core.model.video_vae import TilingConfig
from ltx_core.types import VIDEO_SCALE_FACTORS

from syncedit_demo.engines.sync_lora.device.hardware import HostCopy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from ltx_core.model.video_vae import VideoDecoder
    from numpy.typing import NDArray

STRIDE = 6
"""Latent frames that each run adds."""

OVERLAP = 2
"""Latent frames that a run has in common with the one before, over which the two are blended.

One more, the first, is decoded and hardly counts: the decoder makes a single frame of a run's first latent frame.
"""

SMALL_TILES = TilingConfig.default()
"""The stock command line's tiles of 512 × 512 pixels: half as fast, in little memory whatever the size."""


def decode(decoder: VideoDecoder, latent: torch.Tensor, *, small_tiles: bool) -> Iterator[NDArray[np.uint8]]:
    """Decode a clip.

    Args:
        decoder: The VAE's decoder.
        latent: `(1, channels, latent frames, height / 32, width / 32)`.
        small_tiles: Whether frames are decoded in small tiles instead of whole.

    Yields:
        Frames in order, RGB, `(count, height, width, 3)`.
    """
    runs = decoder.tiled_decode(latent, SMALL_TILES) if small_tiles else _whole_frames(decoder, latent)
    waiting: HostCopy | None = None
    for pixels in runs:
        copy = HostCopy(_to_uint8(pixels))
        if waiting is not None:
            yield waiting.wait().numpy()
        waiting = copy
    if waiting is not None:
        yield waiting.wait().numpy()


def decode_frame(decoder: VideoDecoder, latent: torch.Tensor) -> NDArray[np.uint8]:
    """The picture of one latent frame, `(1, channels, 1, height / 32, width / 32)`: RGB, `(height, width, 3)`."""
    return HostCopy(_to_uint8(decoder(latent))).wait().numpy()[0]


def _starts(latent_frames: int) -> range:
    return range(0, max(latent_frames - OVERLAP, 1), STRIDE)


def _whole_frames(decoder: VideoDecoder, latent: torch.Tensor) -> Iterator[torch.Tensor]:
    """Runs of pixels, -1 to 1, `(1, 3, frames, height, width)`."""
    held: torch.Tensor | None = None
    last = _starts(latent.shape[2])[-1]
    for start in _starts(latent.shape[2]):
        first = max(start - 1, 0)
        pixels = decoder(latent[:, :, first : start + STRIDE + OVERLAP])
        if held is not None:
            shared = held.shape[2]
            weight = torch.linspace(0, 1, shared + 1, device=latent.device, dtype=latent.dtype)[:-1]
            pixels[:, :, :shared].copy_(torch.lerp(held, pixels[:, :, :shared], weight.view(1, 1, -1, 1, 1)))
        if start == last:
            yield pixels
        else:
            settled = (start + STRIDE - 1 - first) * VIDEO_SCALE_FACTORS.time
            held = pixels[:, :, settled:]
            yield pixels[:, :, :settled]


def _to_uint8(pixels: torch.Tensor) -> torch.Tensor:
    """-1 to 1 in `(1, 3, frames, height, width)` to `(frames, height, width, 3)`, rounded: truncating would darken."""
    levels = ((pixels[0].float() + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return levels.permute(1, 2, 3, 0).contiguous()
