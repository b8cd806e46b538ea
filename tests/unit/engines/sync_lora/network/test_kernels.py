"""The GPU's kernels beside their definitions, at the model's own width; they need an NVIDIA GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from syncedit_demo.engines.sync_lora.network import kernels

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")

TOKENS, HEADS, WIDTH = 300, 32, 128
CHANNELS = HEADS * WIDTH
EPS = 1e-6
ROUNDING = 0.006
"""Relative error of bfloat16 arithmetic whose steps are rounded one by one, as the definitions are."""


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, device="cuda", dtype=torch.bfloat16)


def no_kernels(_device: torch.device) -> None:
    """As where Triton cannot build them."""


def assert_same(make: Callable[[], torch.Tensor], bound: float = ROUNDING) -> None:
    ours = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "fused_kernels", no_kernels)
        defined = make()
    assert ours.shape == defined.shape
    assert torch.linalg.vector_norm(ours.float() - defined.float()) < bound * torch.linalg.vector_norm(defined.float())


@pytest.fixture
def modulation() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scale, shift and gate of two levels, as columns of a wider table, and each token's level."""
    scale, shift, gate = random(2, 9, CHANNELS).unbind(1)[:3]
    return scale, shift, gate, torch.randint(0, 2, (TOKENS,), device="cuda")


def test_modulated_norm(modulation: tuple[torch.Tensor, ...]) -> None:
    scale, shift, _, level = modulation
    tokens = random(TOKENS, CHANNELS)
    assert_same(lambda: kernels.modulated_norm(tokens, scale, shift, level, EPS))


def test_add_gated(modulation: tuple[torch.Tensor, ...]) -> None:
    _, _, gate, level = modulation
    tokens, update = random(TOKENS, CHANNELS), random(TOKENS, CHANNELS)
    assert_same(lambda: kernels.add_gated(tokens.clone(), update, gate, level))


def test_rotated_norm_of_columns_of_a_wider_tensor() -> None:
    joined, weight, angle = random(TOKENS, 3 * CHANNELS), random(CHANNELS), random(TOKENS, HEADS, WIDTH // 2)
    keys = joined[:, CHANNELS : 2 * CHANNELS]
    assert_same(lambda: kernels.rotated_norm(keys, weight, angle.cos(), angle.sin(), EPS))


def test_gated_heads() -> None:
    attended, logits = random(TOKENS, CHANNELS), random(TOKENS, HEADS)
    assert_same(lambda: kernels.gated_heads(attended.clone(), logits))


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 0), (1, 1)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(("channels", "frames"), [(128, 3), (1024, 3), (48, 1)])
def test_normed_silu(channels: int, frames: int, layout: torch.memory_format, before: int, after: int) -> None:
    pixels = random(1, channels, frames, 20, 28).to(memory_format=layout)
    assert_same(lambda: kernels.normed_silu(pixels, 1e-8, before=before, after=after))
    assert kernels.normed_silu(pixels, 1e-8, before=before, after=after).is_contiguous(memory_format=layout)


def test_normed_silu_of_frames_of_a_longer_clip() -> None:
    pixels = random(1, 64, 5, 20, 28)[:, :, 1:4]
    assert_same(lambda: kernels.normed_silu(pixels, 1e-8, before=1, after=1))


@pytest.mark.parametrize("gelu", [False, True])
def test_quantised(*, gelu: bool) -> None:
    tokens = random(TOKENS, 4 * CHANNELS)

    def restored() -> torch.Tensor:
        values, scale = kernels.quantised(tokens, gelu=gelu)
        return values.float() * scale

    # Values beside a step of the 8-bit format may fall on either side of it.
    assert_same(restored, bound=0.01)


@pytest.mark.parametrize("gelu", [False, True])
def test_tokens_are_scaled_by_their_largest_value_whatever_its_sign(*, gelu: bool) -> None:
    tokens = random(TOKENS, CHANNELS)
    tokens[: TOKENS // 2] = -tokens[: TOKENS // 2].abs()
    tokens[:, 0] = torch.where(torch.arange(TOKENS, device="cuda") % 2 == 0, -40.0, 40.0)
    values, scale = kernels.quantised(tokens, gelu=gelu)
    whole = torch.nn.functional.gelu(tokens.float(), approximate="tanh") if gelu else tokens.float()
    largest = whole.abs().amax(dim=1, keepdim=True)
    torch.testing.assert_close(scale * torch.finfo(torch.float8_e4m3fn).max, largest, rtol=1e-3, atol=1e-6)
    assert ((values.float() * scale - whole).abs() <= whole.abs() / 16 + largest / 448 / 256).all()


def test_each_head_is_turned_by_its_angle_forwards() -> None:
    """A quarter turn brings the first half of a head to its second, and the second, negated, to its first."""
    tokens = random(TOKENS, CHANNELS)
    weight = torch.ones(CHANNELS, device="cuda", dtype=torch.bfloat16)
    none, whole = (torch.full((TOKENS, HEADS, WIDTH // 2), n, device="cuda", dtype=torch.bfloat16) for n in (0.0, 1.0))
    straight = kernels.rotated_norm(tokens, weight, whole, none, EPS).view(TOKENS, HEADS, 2, -1)
    turned = kernels.rotated_norm(tokens, weight, none, whole, EPS).view(TOKENS, HEADS, 2, -1)
    assert torch.equal(turned[:, :, 0], -straight[:, :, 1])
    assert torch.equal(turned[:, :, 1], straight[:, :, 0])
