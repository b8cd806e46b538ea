"""Linear layers in 8 bits beside the layers they are made of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from syncedit_demo.engines.sync_lora.network.fp8 import Fp8Linear

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
INPUTS, OUTPUTS = 256, 64


def linear(device: str) -> nn.Linear:
    """A layer whose outputs differ in size from 1e-4 to 10."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(INPUTS, OUTPUTS, device=device, dtype=torch.bfloat16).requires_grad_(requires_grad=False)
    sizes = torch.logspace(-4, 1, OUTPUTS)[:, None]
    layer.weight.copy_(sizes * torch.randn(OUTPUTS, INPUTS, generator=generator))
    layer.bias.copy_(torch.randn(OUTPUTS, generator=generator))
    return layer


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])
def test_every_output_keeps_its_size_however_small(device: str) -> None:
    layer = linear(device)
    layer.bias.zero_()
    whole = layer.weight.float()
    # One token for each input, so that what comes out are the weights themselves.
    restored = Fp8Linear(layer)(torch.eye(INPUTS, dtype=torch.bfloat16, device=device)).t().float()
    sizes = (restored * whole).sum(dim=1) / (whole * whole).sum(dim=1)
    assert (sizes - 1).abs().max() < 0.01
    error = (restored - whole).abs() / whole.abs().amax(dim=1, keepdim=True)
    assert error.max() < 1 / 16


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])
def test_the_bias_is_added(device: str) -> None:
    layer = linear(device)
    nothing = torch.zeros(16, INPUTS, dtype=torch.bfloat16, device=device)
    assert torch.equal(Fp8Linear(layer)(nothing), layer.bias.expand(16, OUTPUTS))
