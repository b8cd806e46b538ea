"""Triton's versions of `kernels`: one program for each token or few pixels, which computes in float32."""

# Triton compiles the bodies of its functions itself and has no stubs.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# pyright: reportIndexIssue=false
# ruff: noqa: ANN001, ANN202, N803, PLR0913, PLR0917

from __future__ import annotations

import torch
import triton
import triton.language as tl

WARPS = 8
ELEMENTS = 8192


@triton.jit
def _modulated_norm(
    tokens, scale, shift, level, out, row_stride, modulation_stride, eps, CHANNELS: tl.constexpr, BLOCK: tl.constexpr
):
    token = tl.program_id(0).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    inside = channel < CHANNELS
    value = tl.load(tokens + token * row_stride + channel, mask=inside, other=0.0).to(tl.float32)
    value *= tl.rsqrt(tl.sum(value * value, axis=0) / CHANNELS + eps)
    row = tl.load(level + token) * modulation_stride
    factor = 1.0 + tl.load(scale + row + channel, mask=inside, other=0.0).to(tl.float32)
    offset = tl.load(shift + row + channel, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + token * CHANNELS + channel, value * factor + offset, mask=inside)


def modulated_norm(
    tokens: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, level: torch.Tensor, eps: float
) -> torch.Tensor:
    """See `kernels.modulated_norm`."""
    count, channels = tokens.shape
    out = torch.empty_like(tokens)
    _modulated_norm[(count,)](
        tokens, scale, shift, level, out, tokens.stride(0), scale.stride(0), eps,
        CHANNELS=channels, BLOCK=triton.next_power_of_2(channels), num_warps=WARPS,
    )  # fmt: skip
    return out


@triton.jit
def _add_gated(tokens, update, gate, level, modulation_stride, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    inside = channel < CHANNELS
    at = token * CHANNELS + channel
    row = tl.load(level + token) * modulation_stride
    factor = tl.load(gate + row + channel, mask=inside, other=0.0).to(tl.float32)
    value = tl.load(tokens + at, mask=inside, other=0.0).to(tl.float32)
    added = tl.load(update + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(tokens + at, value + added * factor, mask=inside)


def add_gated(tokens: torch.Tensor, update: torch.Tensor, gate: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """See `kernels.add_gated`; both tensors are contiguous."""
    count, channels = tokens.shape
    _add_gated[(count,)](
        tokens, update, gate, level, gate.stride(0),
        CHANNELS=channels, BLOCK=triton.next_power_of_2(channels), num_warps=WARPS,
    )  # fmt: skip
    return tokens


@triton.jit
def _rotated_norm(tokens, weight, cosine, sine, out, row_stride, eps, HEADS: tl.constexpr, HALF: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    head = tl.arange(0, HEADS)[:, None]
    channel = tl.arange(0, HALF)[None, :]
    first = head * 2 * HALF + channel
    second = first + HALF
    angle = token * HEADS * HALF + head * HALF + channel
    one = tl.load(tokens + token * row_stride + first).to(tl.float32)
    two = tl.load(tokens + token * row_stride + second).to(tl.float32)
    squares = tl.sum(tl.sum(one * one + two * two, axis=1), axis=0)
    norm = tl.rsqrt(squares / (HEADS * 2 * HALF) + eps)
    one *= norm * tl.load(weight + first).to(tl.float32)
    two *= norm * tl.load(weight + second).to(tl.float32)
    cos = tl.load(cosine + angle).to(tl.float32)
    sin = tl.load(sine + angle).to(tl.float32)
    start = token * HEADS * 2 * HALF
    tl.store(out + start + first, one * cos - two * sin)
    tl.store(out + start + second, two * cos + one * sin)


def rotated_norm(
    tokens: torch.Tensor, weight: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor, eps: float
) -> torch.Tensor:
    """See `kernels.rotated_norm`; heads and half a head's channels are powers of two."""
    count, heads, half = cosine.shape
    out = torch.empty(tokens.shape, dtype=tokens.dtype, device=tokens.device)
    _rotated_norm[(count,)](
        tokens, weight, cosine, sine, out, tokens.stride(0), eps, HEADS=heads, HALF=half, num_warps=WARPS
    )
    return out


@triton.jit
def _gated_heads(attended, logits, row_stride, HEADS: tl.constexpr, WIDTH: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    head = tl.arange(0, HEADS)
    at = token * row_stride + head[:, None] * WIDTH + tl.arange(0, WIDTH)[None, :]
    gate = 2.0 * tl.sigmoid(tl.load(logits + token * HEADS + head).to(tl.float32))
    tl.store(attended + at, tl.load(attended + at).to(tl.float32) * gate[:, None])


def gated_heads(attended: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """See `kernels.gated_heads`; heads and their channels are powers of two."""
    count, heads = logits.shape
    _gated_heads[(count,)](
        attended, logits, attended.stride(0), HEADS=heads, WIDTH=attended.shape[1] // heads, num_warps=WARPS
    )
    return attended


def try_out(device: torch.device) -> None:
    """Build one of the kernels and launch it, at the model's own width, as an edit will."""
    attended, logits = (torch.zeros((1, width), dtype=torch.bfloat16, device=device) for width in (4096, 32))
    with torch.cuda.device_of(attended):
        gated_heads(attended, logits)


@triton.jit
def _quantised(
    tokens, out, scales, row_stride, largest, GELU: tl.constexpr, CHANNELS: tl.constexpr, BLOCK: tl.constexpr
):
    token = tl.program_id(0).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    inside = channel < CHANNELS
    value = tl.load(tokens + token * row_stride + channel, mask=inside, other=0.0).to(tl.float32)
    if GELU:
        # tanh(x) = 2 sigmoid(2 x) - 1
        value *= tl.sigmoid(1.5957691216057308 * (value + 0.044715 * value * value * value))
    scale = tl.maximum(tl.max(tl.abs(value), axis=0), 1e-12) / largest
    tl.store(scales + token, scale)
    tl.store(out + token * CHANNELS + channel, (value / scale).to(out.dtype.element_ty), mask=inside)


def quantised(tokens: torch.Tensor, *, gelu: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """See `kernels.quantised`."""
    count, channels = tokens.shape
    out = torch.empty(tokens.shape, dtype=torch.float8_e4m3fn, device=tokens.device)
    scales = torch.empty((count, 1), dtype=torch.float32, device=tokens.device)
    _quantised[(count,)](
        tokens, out, scales, tokens.stride(0), torch.finfo(out.dtype).max,
        GELU=gelu, CHANNELS=channels, BLOCK=triton.next_power_of_2(channels), num_warps=WARPS,
    )  # fmt: skip
    return out, scales


@triton.jit
def _normed_silu(
    pixels, out, frames, frame_size, in_channel, in_position, out_channel, out_position, before, after, eps,
    CHANNELS: tl.constexpr, BLOCK_CHANNELS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    position = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)[None, :]
    channel = tl.arange(0, BLOCK_CHANNELS)[:, None].to(tl.int64)
    last = (frames - 1) * frame_size
    inside = (channel < CHANNELS) & (position < last + frame_size)
    value = tl.load(pixels + channel * in_channel + position * in_position, mask=inside, other=0.0).to(tl.float32)
    value *= tl.rsqrt(tl.sum(value * value, axis=0, keep_dims=True) / CHANNELS + eps)
    value *= tl.sigmoid(value)
    at = out + channel * out_channel + position * out_position
    tl.store(at + before * frame_size * out_position, value, mask=inside)
    for copy in range(before):
        tl.store(at + copy * frame_size * out_position, value, mask=inside & (position < frame_size))
    for copy in range(after):
        tl.store(at + (before + copy + 1) * frame_size * out_position, value, mask=inside & (position >= last))


def normed_silu(pixels: torch.Tensor, eps: float, *, before: int, after: int) -> torch.Tensor:
    """See `kernels.normed_silu`."""
    _, channels, frames, height, width = pixels.shape
    layout = torch.channels_last_3d
    if not pixels.is_contiguous(memory_format=layout):
        pixels, layout = pixels.contiguous(), torch.contiguous_format
    size = (1, channels, before + frames + after, height, width)
    out = torch.empty(size, dtype=pixels.dtype, device=pixels.device, memory_format=layout)
    # As many pixels as keep a program's values in registers, and enough for whole lines of memory.
    block = max(ELEMENTS // triton.next_power_of_2(channels), 16)
    _normed_silu[(triton.cdiv(frames * height * width, block),)](
        pixels, out, frames, height * width, pixels.stride(1), pixels.stride(4), out.stride(1), out.stride(4),
        before, after, eps,
        CHANNELS=channels, BLOCK_CHANNELS=triton.next_power_of_2(channels), BLOCK=block, num_warps=WARPS,
    )  # fmt: skip
    return out
