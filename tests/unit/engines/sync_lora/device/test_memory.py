"""That plain torch, which a GPU runs where Triton cannot build, stays within the memory an edit is estimated to take.

What an operation takes is counted at full size on the meta device, where nothing is computed.
"""

# ltx_core has no stubs.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest
import torch
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator
from ltx_core.model.video_vae import VideoDecoderConfigurator
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.random_weights import read_configs
from syncedit_demo.engines.sync_lora.device.memory import DECODE_WHOLE_BYTES_PER_PIXEL, DENOISE_BYTES_PER_TOKEN
from syncedit_demo.engines.sync_lora.network.kernels import quantised
from syncedit_demo.engines.sync_lora.network.transformer import Sequence, VideoBlock
from syncedit_demo.engines.sync_lora.network.vae import streamline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

TOKENS = 11_264
"""Of 81 frames at 1024×1024."""

CHANNELS, HEADS, WIDENED = 4096, 32, 16384


class Peak(TorchDispatchMode):
    """Counts the bytes of what is made while it is active and still there; `nbytes` is the most at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.nbytes = 0
        self._live: WeakSet[torch.UntypedStorage] = WeakSet()

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        self._live.update(each.untyped_storage() for each in tree_leaves(made) if isinstance(each, torch.Tensor))
        self.nbytes = max(self.nbytes, sum(storage.nbytes() for storage in self._live))
        return made


@pytest.fixture(autouse=True)
def on_meta() -> Generator[None]:
    with torch.device("meta"), torch.inference_mode():
        yield


def built(configurator: Any) -> Any:  # noqa: ANN401 - ltx_core mistypes its configurators
    """A network at full size, the transformer with a single block."""
    config, _ = read_configs(tiny=False)
    config["transformer"]["num_layers"] = 1
    return configurator.from_config(config).to(torch.bfloat16)


def bf16(*shape: int) -> torch.Tensor:
    return torch.empty(shape, dtype=torch.bfloat16)


def test_a_block() -> None:
    block = VideoBlock(built(LTXVideoOnlyModelConfigurator).transformer_blocks[0])
    angles = bf16(TOKENS, HEADS, CHANNELS // HEADS // 2)
    sequence = Sequence(angles, angles, torch.empty(2), torch.empty(TOKENS, dtype=torch.int64))
    modulation, prompt_modulation, prompt = bf16(2, 9 * CHANNELS), bf16(1, 2 * CHANNELS), bf16(1024, CHANNELS)
    with Peak() as peak:
        block(bf16(TOKENS, CHANNELS), modulation, prompt_modulation, sequence, prompt)
    assert DENOISE_BYTES_PER_TOKEN / 3 < peak.nbytes / TOKENS < DENOISE_BYTES_PER_TOKEN


def test_widened_tokens_in_8_bits() -> None:
    with Peak() as peak:
        tokens, normed, widened = bf16(TOKENS, CHANNELS), bf16(TOKENS, CHANNELS), bf16(TOKENS, WIDENED)
        quantised(widened, gelu=True)
        del tokens, normed
    assert DENOISE_BYTES_PER_TOKEN / 3 < peak.nbytes / TOKENS < DENOISE_BYTES_PER_TOKEN


def test_decoding_whole_frames() -> None:
    decoder = built(VideoDecoderConfigurator)
    streamline(decoder)
    with Peak() as peak:
        _, _, frames, height, width = decoder(bf16(1, 128, 2, 32, 32)).shape
    pixels = frames * height * width
    assert DECODE_WHOLE_BYTES_PER_PIXEL / 3 < peak.nbytes / pixels < DECODE_WHOLE_BYTES_PER_PIXEL
