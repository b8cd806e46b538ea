"""Linear layers in 8 bits beside the layers they are made of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from syncedit_demo.engines.sync_lora.network.fp8 import (
    TOLERANCE,
    Fp8Linear,
    Product,
    is_right,
    product_error,
    scaled_product,
)

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


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])
def test_the_product_of_a_device_is_right(device: str) -> None:
    assert is_right(torch.device(device))


@GPU
@pytest.mark.parametrize("tokens", [1, 24, 31, 32, 33, 2002])
@pytest.mark.parametrize(("inputs", "outputs"), [(4096, 4096), (4096, 16384), (16384, 4096)])
def test_a_device_multiplies_any_number_of_tokens(tokens: int, inputs: int, outputs: int) -> None:
    assert product_error(torch.device("cuda"), shape=(tokens, inputs, outputs)) <= TOLERANCE


def without_token_scales(*given: torch.Tensor) -> torch.Tensor:
    tokens, scale, *rest = given
    return scaled_product(tokens, torch.ones_like(scale), *rest)


def with_a_wrong_token(*given: torch.Tensor) -> torch.Tensor:
    product = scaled_product(*given)
    product[-1] *= 1.1
    return product


def that_wants_more_tokens(*given: torch.Tensor) -> torch.Tensor:
    if len(given[0]) < 32:
        message = "no kernel for so few tokens"
        raise RuntimeError(message)
    return scaled_product(*given)


def with_nothing_in_it(*given: torch.Tensor) -> torch.Tensor:
    return scaled_product(*given) * float("nan")


def that_is_not_there(*given: torch.Tensor) -> torch.Tensor:
    message = f"no kernel for {given[0].shape}"
    raise RuntimeError(message)


@pytest.mark.parametrize(
    "product",
    [without_token_scales, with_a_wrong_token, that_wants_more_tokens, with_nothing_in_it, that_is_not_there],
    ids=lambda f: f.__name__,
)
def test_a_product_that_is_not_right_is_found(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    assert not is_right(torch.device("cpu"), product)
    assert "8 bits" in caplog.text


def test_a_layer_comes_back_to_bfloat16() -> None:
    layer = linear("cpu")
    whole = layer.weight.float()
    widened = Fp8Linear(layer).widened()
    assert widened.weight.dtype == widened.bias.dtype == torch.bfloat16
    error = (widened.weight.float() - whole).abs() / whole.abs().amax(dim=1, keepdim=True)
    assert error.max() < 1 / 16
