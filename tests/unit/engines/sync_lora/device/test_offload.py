"""Blocks that wait on the host: what of them waits there, in how many bytes, and that it comes back as it went."""

# ltx_core has no stubs; torch's sleep on a device is private.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportPrivateUsage=false

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ltx_core.model.transformer import LTXVideoOnlyModelConfigurator

from benchmarks.random_weights import read_configs
from syncedit_demo.engines.sync_lora.device.offload import StreamedBlocks, parts
from syncedit_demo.engines.sync_lora.device.placement import SLOTS, choose_placement
from syncedit_demo.engines.sync_lora.network.transformer import VideoBlock
from syncedit_demo.engines.sync_lora.weights.files import TRANSFORMER_PREFIX
from syncedit_demo.engines.sync_lora.weights.safetensors_file import TensorInfo
from tests.support import tiny_ltx

if TYPE_CHECKING:
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import Precision, SyncLoraSettings

MIB = 1 << 20
LAYERS = 6


def network(config: dict[str, Any]) -> Any:  # noqa: ANN401 - ltx_core mistypes its configurators
    """A transformer with `LAYERS` blocks, without numbers."""
    configurator: Any = LTXVideoOnlyModelConfigurator
    with torch.device("meta"):
        return configurator.from_config(config | {"transformer": config["transformer"] | {"num_layers": LAYERS}})


def tiny_blocks(precision: Precision, device: str) -> list[VideoBlock]:
    """Blocks of random numbers."""
    torch.manual_seed(0)
    transformer = network(tiny_ltx.CHECKPOINT_CONFIG).to_empty(device=device).to(torch.bfloat16).requires_grad_(False)
    for parameter in transformer.parameters():
        parameter.normal_()
    blocks = [VideoBlock(layer) for layer in transformer.transformer_blocks]
    if precision == "fp8":
        for block in blocks:
            block.quantise()
    return blocks


def numbers(block: VideoBlock) -> dict[str, torch.Tensor]:
    """A copy of what a block holds."""
    return {name: tensor.clone() for name, tensor in block.state_dict().items()}


def assert_holds(block: VideoBlock, kept: dict[str, torch.Tensor]) -> None:
    for name, tensor in block.state_dict().items():
        assert torch.equal(tensor.view(torch.uint8), kept[name].view(torch.uint8))


def streamed_and_staying(block: VideoBlock) -> tuple[int, int]:
    """Bytes of a block."""
    streamed = sum(matrix.nbytes for matrix in block.matrices())
    return streamed, sum(parameter.nbytes for parameter in block.parameters()) - streamed


def test_the_matrices_of_a_block_are_a_power_of_two_and_nearly_all_of_it() -> None:
    """Torch pins no other sizes: one byte more would take twice the memory."""
    config, _ = read_configs(tiny=False)
    block = VideoBlock(network(config).to(torch.bfloat16).transformer_blocks[0])
    assert streamed_and_staying(block) == (512 * MIB, pytest.approx(0.75e6, rel=0.05))
    block.quantise()
    assert streamed_and_staying(block) == (256 * MIB, pytest.approx(0.97e6, rel=0.05))


def test_the_estimate_counts_the_matrices(prepared: PreparedSet, settings: SyncLoraSettings) -> None:
    config, _ = read_configs(tiny=False)
    shapes = {name: tuple(tensor.shape) for name, tensor in network(config).state_dict().items()}
    infos = {TRANSFORMER_PREFIX + name: TensorInfo("BF16", shape) for name, shape in shapes.items()}
    nbytes = sum(info.nbytes for info in infos.values())
    full_size = replace(prepared, checkpoint=replace(prepared.checkpoint, tensors=infos, nbytes=nbytes))
    rest = full_size.nbytes - LAYERS * 512 * MIB

    def estimate(precision: Precision, *, offload: bool) -> int:
        forced = settings.model_copy(update={"precision": precision, "offload": offload})
        return choose_placement(full_size, forced, 0, can_fp8=True).nbytes

    assert estimate("bf16", offload=False) == full_size.nbytes
    assert estimate("bf16", offload=True) == rest + SLOTS * 512 * MIB
    assert estimate("fp8", offload=True) == rest + SLOTS * 512 * MIB, "the outer blocks stay whole"
    assert estimate("fp8", offload=False) == rest + 4 * 512 * MIB + 2 * 256 * MIB


@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_matrices_come_back_from_memory_as_they_went(precision: Precision) -> None:
    first, second, *_ = tiny_blocks(precision, "cpu")
    blocks = (first, second)
    kept = [numbers(block) for block in blocks]
    hosts = [torch.empty(sum(matrix.nbytes for matrix in block.matrices()), dtype=torch.uint8) for block in blocks]
    for block, host in zip(blocks, hosts, strict=True):
        for matrix, part in parts(block, host):
            matrix.data = part.copy_(matrix.data)
    slot = torch.empty_like(hosts[0])
    for _ in range(2):
        for block, host, numbers_of_block in zip(blocks, hosts, kept, strict=True):
            slot.copy_(host)
            for matrix, part in parts(block, slot):
                matrix.data = part
                assert (part.data_ptr() - slot.data_ptr()) % 256 == 0
            assert_holds(block, numbers_of_block)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_streamed_blocks_are_whole_whenever_their_turn_comes(precision: Precision) -> None:
    blocks = tiny_blocks(precision, "cuda")
    kept = [numbers(block) for block in blocks]
    streamed = StreamedBlocks(torch.device("cuda", torch.cuda.current_device()))
    for block in blocks:
        streamed.append(block)
        assert all(matrix.is_pinned() for matrix in block.matrices())
    given_up = iter(streamed)
    next(given_up)
    del given_up
    for _ in range(3):
        for block, numbers_of_block in zip(streamed, kept, strict=True):
            assert all(parameter.is_cuda for parameter in block.parameters())
            assert_holds(block, numbers_of_block)


LONG = 200_000_000
"""Cycles, about a tenth of a second: far longer than a tiny block takes to copy."""


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("late", ["copies", "computation"])
@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_blocks_and_computation_wait_for_each_other(precision: Precision, late: str) -> None:
    """A block is used once it has arrived, and the next one takes its place once it was used."""
    device = torch.device("cuda", torch.cuda.current_device())
    blocks = tiny_blocks(precision, "cuda")
    kept = [numbers(block) for block in blocks]
    # What is taken on this stream is late by as much as its other work.
    copying = torch.cuda.Stream(device)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "Stream", {device: copying}.__getitem__)
        streamed = StreamedBlocks(device)
    for block in blocks:
        streamed.append(block)
    seen: list[dict[str, torch.Tensor]] = []
    for block in streamed:
        with torch.cuda.stream(copying if late == "copies" else torch.cuda.current_stream(device)):
            torch.cuda._sleep(LONG)
        seen.append(numbers(block))
    torch.cuda.synchronize(device)
    for found, expected in zip(seen, kept, strict=True):
        for name, tensor in found.items():
            assert torch.equal(tensor.view(torch.uint8), expected[name].view(torch.uint8)), name
