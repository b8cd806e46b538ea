"""The VAE's parts that replace ltx_core's, beside those they replace."""

# ltx_core has no stubs, and mistypes its configurators.
# pyright: reportUnknownVariableType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ltx_core.model.video_vae import VideoDecoderConfigurator, VideoEncoderConfigurator

from syncedit_demo.engines.sync_lora.network.vae import CHANNELS_LAST, ResidualBlock, Upsampler, streamline

if TYPE_CHECKING:
    from ltx_core.model.video_vae import VideoDecoder, VideoEncoder

CONFIG: dict[str, Any] = json.loads((Path(__file__).parents[4] / "data/ltx23_tiny.json").read_text())["checkpoint"]
LATENT = (1, 128, 3, 2, 3)
CLIP = (1, 3, 17, 64, 96)


def network(kind: type[VideoDecoderConfigurator | VideoEncoderConfigurator]) -> VideoDecoder | VideoEncoder:
    torch.manual_seed(3)
    made = kind.from_config(CONFIG)
    for name, values in made.named_buffers():
        values.data.fill_(1.0 if "std" in name else 0.0)
    return made.eval().requires_grad_(requires_grad=False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("kind", "shape"),
    [(VideoDecoderConfigurator, LATENT), (VideoEncoderConfigurator, CLIP)],
    ids=["decoder", "encoder"],
)
def test_gives_ltx_cores_numbers_to_the_bit(
    kind: type[VideoDecoderConfigurator | VideoEncoderConfigurator], shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    stock = network(kind).to(dtype)
    ours = copy.deepcopy(stock)
    streamline(ours)
    assert any(isinstance(part, ResidualBlock) for part in ours.modules())
    given = torch.rand(shape, dtype=dtype) * 2 - 1
    assert torch.equal(ours(given.clone()), stock(given))


def test_the_decoder_gives_the_same_channels_last() -> None:
    stock = network(VideoDecoderConfigurator)
    ours = copy.deepcopy(stock)
    streamline(ours, channels_last=True)
    layouts: list[bool] = []
    for part in ours.modules():
        if isinstance(part, Upsampler):
            part.register_forward_hook(
                lambda _part, _given, out: layouts.append(out.is_contiguous(memory_format=CHANNELS_LAST))
            )
    latent = torch.rand(LATENT) * 2 - 1
    assert torch.allclose(ours(latent), stock(latent), rtol=1e-4, atol=1e-5)
    assert layouts == [True] * 4
