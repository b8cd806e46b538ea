"""Products of bfloat16 on a processor that has none of its own.

Where a processor lacks instructions for bfloat16, torch multiplies number by number, some forty times as slowly as in
float32. Both round once, at the end of a sum in float32, so the tests let float32 do it there: for the engine and for
the stock pipeline alike, so that what is compared stays comparable.
"""

# torch leaves the signatures of its functions open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

PRODUCTS = ("linear", "conv2d", "conv3d", "scaled_dot_product_attention")


def multiply_in_float32() -> None:
    """From now on products of bfloat16 on the CPU go by float32, if that is quicker here."""
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return
    for name in PRODUCTS:
        product = getattr(functional, name)
        if not hasattr(product, "__wrapped__"):
            setattr(functional, name, _widened(product))


def _widened(product: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    @functools.wraps(product)
    def wide(*args: Any, **kwargs: Any) -> torch.Tensor:  # noqa: ANN401 - whatever the product takes
        first = args[0] if args else next(iter(kwargs.values()))
        if first.dtype != torch.bfloat16 or first.is_cuda or first.is_meta:
            return product(*args, **kwargs)
        widened = product(*map(_wide, args), **{name: _wide(value) for name, value in kwargs.items()})
        return widened.to(torch.bfloat16)

    return wide


def _wide(value: object) -> object:
    return value.float() if isinstance(value, torch.Tensor) and value.dtype == torch.bfloat16 else value
