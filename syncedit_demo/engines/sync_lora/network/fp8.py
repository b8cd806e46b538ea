"""Linear layers in 8 bits: half the memory of bfloat16 and nearly twice its speed, at a small loss.

Weights are scaled by output channel once, tokens by token on the way in; sums are made in float32. A card's product is
tried before it is used: what a driver, a library and a new kind of card make of it together is not known before.
"""

# torch's scaled product is not public yet.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from syncedit_demo.engines.sync_lora.network.kernels import quantised
from syncedit_demo.engines.sync_lora.weights.tensors import DTYPE

WRONG = (
    "The product in 8 bits was tried on this GPU and fails or gives wrong numbers, so the model runs in bfloat16, "
    "which takes twice the memory and longer; the log says more."
)
"""What there is to say of a GPU that could be expected to multiply in 8 bits."""

TRIED = ((259, 1024, 512), (7, 16384, 4096))
"""Tokens, inputs and outputs of the products that are tried: a number of tokens that is a multiple of nothing, and the
model's deepest product for the fewest tokens."""

FEWEST = 32
"""Tokens that cuBLAS wants to add a bias itself: for fewer it has no kernel where there are 16384 inputs (CUDA 13.0 on
an H200, found by trying each number of tokens to 520 at each of the model's products)."""

TOLERANCE = 0.02
"""How far a product may be from that of the same numbers in float32, as a share of its largest number.

Rounding to bfloat16 takes 0.004 of that, and sums in fewer bits, as fast tensor cores make them, about as much.
"""

logger = logging.getLogger(__name__)


def scaled_product(
    tokens: torch.Tensor,
    token_scale: torch.Tensor,
    weight: torch.Tensor,
    weight_scale: torch.Tensor,
    bias: torch.Tensor,
) -> torch.Tensor:
    """The product of 8-bit tokens `(tokens, inputs)` and weights `(outputs, inputs)`, scaled, and the bias added.

    Args:
        tokens: float8_e4m3fn.
        token_scale: What to multiply each token with, float32 `(tokens, 1)`.
        weight: float8_e4m3fn.
        weight_scale: What to multiply each output with, float32 `(1, outputs)`.
        bias: `(outputs,)`, of the dtype of what is returned.
    """
    if not tokens.is_cuda:
        product = (tokens.float() * token_scale) @ (weight.float().t() * weight_scale)
        return (product + bias.float()).to(bias.dtype)
    few = len(tokens) < FEWEST
    product = torch._scaled_mm(
        tokens,
        weight.t(),
        scale_a=token_scale,
        scale_b=weight_scale,
        bias=None if few else bias,
        out_dtype=bias.dtype,
        use_fast_accum=True,
    )
    return product + bias if few else product


Product = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@cache
def is_right(device: torch.device, product: Product = scaled_product) -> bool:
    """Whether a device's product in 8 bits gives the right numbers: tried once, beside the same in float32."""
    for shape in TRIED:
        try:
            error = product_error(device, product, shape)
        except Exception:
            logger.exception("The product in 8 bits fails on %s for %d tokens", device, shape[0])
            return False
        # A number that is none is not small either.
        if not error <= TOLERANCE:
            logger.error("The product in 8 bits is wrong on %s: by %s of its largest number", device, error)
            return False
    return True


def product_error(
    device: torch.device, product: Product = scaled_product, shape: tuple[int, int, int] = TRIED[0]
) -> float:
    """How far a device's product is from that of the same numbers in float32, as a share of a token's largest.

    Args:
        device: What multiplies.
        product: How it does.
        shape: Tokens, inputs, outputs.
    """
    count, inputs, outputs = shape
    # Drawn where they are multiplied: the host would take most of a second for the largest, of a visitor's GPU time.
    generator = torch.Generator(device).manual_seed(0)
    tokens, weight, bias = (
        torch.randn(size, generator=generator, device=device).to(DTYPE)
        for size in ((count, inputs), (outputs, inputs), (outputs,))
    )
    # Tokens and outputs of very different size, which only scales of their own bring into 8 bits.
    tokens *= torch.logspace(-2, 2, count, device=device, dtype=DTYPE)[:, None]
    (values, scale), (in_8_bits, weight_scale) = quantised(tokens), quantised(weight)
    found = product(values, scale, in_8_bits, weight_scale.t().contiguous(), bias).float()
    expected = (values.float() * scale) @ (in_8_bits.float() * weight_scale).t() + bias.float()
    return ((found - expected).abs().amax(dim=1) / expected.abs().amax(dim=1)).max().item()


class Fp8Linear(nn.Module):
    """A linear layer whose weights are float8_e4m3fn.

    Args:
        linear: The layer to take over, in bfloat16, or in 8 bits already.
        scale: What the weights are to be multiplied with in that case, float32 `(outputs, 1)`.
    """

    def __init__(self, linear: nn.Linear, scale: torch.Tensor | None = None) -> None:
        super().__init__()
        weight, scale = quantised(linear.weight) if scale is None else (linear.weight, scale)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.weight_scale = nn.Parameter(scale.t().contiguous(), requires_grad=False)
        self.bias = linear.bias

    def forward(self, tokens: torch.Tensor, *, gelu: bool = False) -> torch.Tensor:
        """The layer's outputs `(tokens, outputs)` for `(tokens, inputs)`, through the activation first if `gelu`."""
        values, scale = quantised(tokens, gelu=gelu)
        return scaled_product(values, scale, self.weight, self.weight_scale, self.bias)

    def widened(self) -> nn.Linear:
        """The layer in bfloat16, as it is where a set in 8 bits is loaded in that precision."""
        linear = nn.Linear(self.weight.shape[1], self.weight.shape[0], device="meta")
        weight = (self.weight.float() * self.weight_scale.t()).to(DTYPE)
        linear.weight = nn.Parameter(weight, requires_grad=False)
        linear.bias = self.bias
        return linear
