"""LTX-2.3's video transformer: ltx_core's weights and arithmetic, without what an edit repeats or never needs.

Against `LTXModel.forward`: AdaLN runs once for each distinct timestep instead of once for each token, rotary tables
are made once a stage instead of once a step, the three products that read the same tokens are one, and what lies
between the products is fused (see `kernels`). On the CPU the numbers are ltx_core's to the bit.
"""

# ltx_core has no stubs and leaves many of its own types open; torch's own private activation has no type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from ltx_core.model.transformer.rope import generate_freq_grid_np, precompute_freqs_cis
from torch import nn
from torch.nn import functional

from syncedit_demo.engines.sync_lora.network.fp8 import Fp8Linear
from syncedit_demo.engines.sync_lora.network.kernels import add_gated, gated_heads, modulated_norm, rotated_norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ltx_core.model.transformer import LTXModel
    from ltx_core.model.transformer.adaln import AdaLayerNormSingle
    from ltx_core.model.transformer.attention import Attention
    from ltx_core.model.transformer.transformer import BasicAVTransformerBlock
    from ltx_core.types import LatentState


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """What stays the same for every step of a stage.

    Attributes:
        cosine: Of the tokens' rotary angles, `(tokens, heads, channels of a head / 2)`.
        sine: The same of their sines.
        strengths: The distinct shares of noise that tokens keep, `(levels,)`, 0 for clean ones.
        level: Which of them each token has, `(tokens,)` int64.
    """

    cosine: torch.Tensor
    sine: torch.Tensor
    strengths: torch.Tensor
    level: torch.Tensor


Linear = nn.Linear | Fp8Linear

PRODUCTS = (
    ("attn1.to_q", "attn1.to_k", "attn1.to_v"),
    ("attn2.to_q",),
    ("attn2.to_k", "attn2.to_v"),
    ("ff.net.0.proj",),
    ("ff.net.2",),
    ("attn1.to_out.0",),
    ("attn2.to_out.0",),
)
"""The layers of ltx_core's block that each of the large products of `VideoBlock` is made of, in its order."""


class VideoTransformer:
    """The transformer of one edit at a time, batch size 1.

    Args:
        network: ltx_core's network with its weights; its own blocks are not used.
        blocks: The blocks, each on the device when its turn comes.
    """

    def __init__(self, network: LTXModel, blocks: Iterable[VideoBlock]) -> None:
        self.network = network
        self.blocks = blocks

    def sequence(self, state: LatentState) -> Sequence:
        """Prepare a stage's sequence."""
        network = self.network
        cosine, sine = precompute_freqs_cis(
            state.positions,
            dim=network.inner_dim,
            out_dtype=state.latent.dtype,
            theta=network.positional_embedding_theta,
            max_pos=network.positional_embedding_max_pos,
            use_middle_indices_grid=network.use_middle_indices_grid,
            num_attention_heads=network.num_attention_heads,
            rope_type=network.rope_type,
            freq_grid_generator=generate_freq_grid_np,
        )
        strengths, level = torch.unique(state.denoise_mask[0, :, 0], return_inverse=True)
        return Sequence(cosine[0].transpose(0, 1).contiguous(), sine[0].transpose(0, 1).contiguous(), strengths, level)

    def __call__(
        self, latent: torch.Tensor, sigma: torch.Tensor, sequence: Sequence, prompt: torch.Tensor
    ) -> torch.Tensor:
        """The velocity of every token.

        Args:
            latent: `(1, tokens, channels)`.
            sigma: The step's noise level, float32 without dimensions.
            sequence: The stage's sequence.
            prompt: The prompt's embedding, `(1, prompt tokens, inner channels)`.

        Returns:
            `(1, tokens, channels)`.
        """
        network, dtype = self.network, latent.dtype
        scale = network.timestep_scale_multiplier
        tokens = network.patchify_proj(latent)[0]
        modulation, embedded = network.adaln_single(sequence.strengths * sigma * scale, hidden_dtype=dtype)
        prompt_adaln = cast("AdaLayerNormSingle", network.prompt_adaln_single)
        prompt_modulation, _ = prompt_adaln((sigma * scale).flatten(), hidden_dtype=dtype)
        for block in self.blocks:
            tokens = block(tokens, modulation, prompt_modulation, sequence, prompt[0])
        table = network.scale_shift_table.to(dtype) + embedded[:, None]
        shift, scale = table.unbind(1)
        tokens = network.norm_out(tokens) * (1 + scale[sequence.level]) + shift[sequence.level]
        return network.proj_out(tokens)[None]


class VideoBlock(nn.Module):
    """One block: attention among the tokens, attention to the prompt, feed-forward.

    Args:
        block: ltx_core's block; the weights of its products move here.
    """

    def __init__(self, block: BasicAVTransformerBlock) -> None:
        super().__init__()
        self.eps = block.norm_eps
        self.modulation = block.scale_shift_table
        self.prompt_modulation = block.prompt_scale_shift_table
        self.tokens = _Heads(block.attn1)
        self.prompt = _Heads(block.attn2)
        self.to_qkv: Linear = _joined(block.attn1.to_q, block.attn1.to_k, block.attn1.to_v)
        self.to_prompt_q: Linear = block.attn2.to_q
        self.to_prompt_kv: Linear = _joined(block.attn2.to_k, block.attn2.to_v)
        self.widen = cast("Linear", block.ff.net[0].proj)
        self.narrow = cast("Linear", block.ff.net[2])

    def matrices(self) -> Iterator[torch.Tensor]:
        """The large products' weights: all of the block but less than half a per cent."""
        for _, _, linear in self._products():
            yield linear.weight

    def quantise(self) -> None:
        """Bring the large products' weights to 8 bits; AdaLN, norms and gates stay as they are."""
        for module, name, linear in self._products():
            setattr(module, name, Fp8Linear(cast("nn.Linear", linear)))

    def take_scales(self, scales: Mapping[str, torch.Tensor]) -> None:
        """Take the large products' weights as they are, in 8 bits already.

        Args:
            scales: What the weights of ltx_core's layers are to be multiplied with, by their names in its block,
                float32 `(outputs, 1)`.
        """
        for (module, name, linear), sources in zip(self._products(), PRODUCTS, strict=True):
            scale = torch.cat([scales[source] for source in sources])
            setattr(module, name, Fp8Linear(cast("nn.Linear", linear), scale))

    def widen_products(self) -> None:
        """Bring the large products' weights back to bfloat16, where they are in 8 bits."""
        for module, name, linear in self._products():
            if isinstance(linear, Fp8Linear):
                setattr(module, name, linear.widened())

    def forward(
        self,
        tokens: torch.Tensor,
        modulation: torch.Tensor,
        prompt_modulation: torch.Tensor,
        sequence: Sequence,
        prompt: torch.Tensor,
    ) -> torch.Tensor:
        """The tokens after this block.

        Args:
            tokens: `(tokens, channels)`; on a GPU changed in place.
            modulation: AdaLN's values for each level, `(levels, 9 * channels)`.
            prompt_modulation: The same for the prompt, `(1, 2 * channels)`.
            sequence: The stage's sequence.
            prompt: `(prompt tokens, channels)`.
        """
        eps, level = self.eps, sequence.level
        table = self.modulation.to(tokens.dtype) + modulation.view(len(modulation), *self.modulation.shape)
        shift, scale, gate, ff_shift, ff_scale, ff_gate, prompt_shift, prompt_scale, prompt_gate = table.unbind(1)

        normed = modulated_norm(tokens, scale, shift, level, eps)
        query, key, value = self.to_qkv(normed).chunk(3, dim=-1)
        query, key = (
            rotated_norm(each, norm.weight, sequence.cosine, sequence.sine, eps)
            for each, norm in ((query, self.tokens.query_norm), (key, self.tokens.key_norm))
        )
        tokens = add_gated(tokens, self.tokens(normed, query, key, value), gate, level)

        normed = modulated_norm(tokens, prompt_scale, prompt_shift, level, eps)
        table = self.prompt_modulation.to(tokens.dtype) + prompt_modulation.view(self.prompt_modulation.shape)
        key, value = self.to_prompt_kv(prompt * (1 + table[1]) + table[0]).chunk(2, dim=-1)
        query = self.prompt.query_norm(self.to_prompt_q(normed))
        tokens = add_gated(tokens, self.prompt(normed, query, self.prompt.key_norm(key), value), prompt_gate, level)

        normed = modulated_norm(tokens, ff_scale, ff_shift, level, eps)
        return add_gated(tokens, self._feed_forward(normed), ff_gate, level)

    def _products(self) -> Iterator[tuple[nn.Module, str, Linear]]:
        for module in (self, self.tokens, self.prompt):
            for name, linear in list(module.named_children()):
                if isinstance(linear, Linear) and name != "to_gate_logits":
                    yield module, name, linear

    def _feed_forward(self, tokens: torch.Tensor) -> torch.Tensor:
        if isinstance(self.narrow, Fp8Linear):
            return self.narrow(self.widen(tokens), gelu=True)
        if tokens.is_cuda:
            # cuBLAS applies the activation on the way out of the product.
            weight = self.widen.weight.t()
            return self.narrow(torch._addmm_activation(self.widen.bias, tokens, weight, use_gelu=True))
        return self.narrow(functional.gelu(self.widen(tokens), approximate="tanh"))


class _Heads(nn.Module):
    """What an attention does after its queries, keys and values are there: attend, gate each head, mix the heads."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.heads = attention.heads
        self.query_norm, self.key_norm = attention.q_norm, attention.k_norm
        self.to_gate_logits = cast("nn.Linear", attention.to_gate_logits)
        self.to_out = cast("Linear", attention.to_out[0])

    def forward(
        self, normed: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> torch.Tensor:
        """The update of the tokens whose `normed` values gate it; all are `(tokens, channels)`."""
        query, key, value = (each.view(1, len(each), self.heads, -1).transpose(1, 2) for each in (query, key, value))
        attended = functional.scaled_dot_product_attention(query, key, value)[0].transpose(0, 1).reshape(normed.shape)
        return self.to_out(gated_heads(attended, self.to_gate_logits(normed)))


def _joined(*linears: nn.Linear) -> nn.Linear:
    """One linear layer that gives the outputs of several, one after the other; they are emptied."""
    first = linears[0]
    joined = nn.Linear(first.in_features, sum(each.out_features for each in linears), device="meta")
    # As bytes: not every device joins what is in 8 bits.
    weights = torch.cat([each.weight.view(torch.uint8) for each in linears]).view(first.weight.dtype)
    joined.weight = nn.Parameter(weights, requires_grad=False)
    joined.bias = nn.Parameter(torch.cat([each.bias for each in linears]), requires_grad=False)
    for each in linears:
        del each.weight, each.bias
    return joined
