"""In which precision the model is kept and where, and what that does to a result."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ltx_core.model.transformer.transformer import BasicAVTransformerBlock

from syncedit_demo.engines.interface import Frames
from syncedit_demo.engines.sync_lora import SyncLoraEngine
from syncedit_demo.engines.sync_lora.device import placement
from syncedit_demo.engines.sync_lora.device.hardware import multiplies_fp8
from syncedit_demo.engines.sync_lora.device.placement import (
    ROOM,
    choose_devices,
    choose_placement,
    is_quantised,
)
from syncedit_demo.engines.sync_lora.network.kernels import quantised
from syncedit_demo.engines.sync_lora.network.model import load_models
from syncedit_demo.engines.sync_lora.weights.safetensors_file import TensorInfo
from syncedit_demo.errors import EngineError
from syncedit_demo.wording import GB

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.engines.interface import EditJob
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings


@pytest.fixture
def no_outer_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model has so few blocks that all of them are outer ones."""
    monkeypatch.setattr(placement, "OUTER_BLOCKS", 0)


@pytest.fixture
def full_size(prepared: PreparedSet) -> PreparedSet:
    """A set with 48 blocks that are one matrix of half a gigabyte each, of which only the header says so."""
    block = TensorInfo("BF16", (1 << 28,))
    tensors = {f"model.diffusion_model.transformer_blocks.{index}.ff.net.2.weight": block for index in range(48)}
    return replace(prepared, checkpoint=replace(prepared.checkpoint, tensors=tensors, nbytes=48 * block.nbytes))


def test_nothing_is_given_up_before_it_must_be(full_size: PreparedSet, settings: SyncLoraSettings) -> None:
    whole = choose_placement(full_size, settings, 100 * GB, can_fp8=True)
    assert (whole.precision, whole.offload, whole.nbytes) == ("bf16", False, full_size.nbytes)
    small = choose_placement(full_size, settings, ROOM + whole.nbytes - 1, can_fp8=True)
    assert (small.precision, small.offload) == ("fp8", False)
    assert whole.nbytes / 2 < small.nbytes < 0.6 * whole.nbytes
    smallest = choose_placement(full_size, settings, ROOM + small.nbytes - 1, can_fp8=True)
    assert (smallest.precision, smallest.offload) == ("fp8", True)
    assert smallest.nbytes < 2 * GB
    assert choose_placement(full_size, settings, 0, can_fp8=True) == smallest


def test_what_the_user_decided_stays(prepared: PreparedSet, settings: SyncLoraSettings) -> None:
    for free in (0, 100 * GB):
        chosen = choose_placement(
            prepared, settings.model_copy(update={"precision": "bf16", "offload": True}), free, can_fp8=True
        )
        assert (chosen.precision, chosen.offload) == ("bf16", True)
        assert (
            choose_placement(prepared, settings.model_copy(update={"precision": "fp8"}), free, can_fp8=True).precision
            == "fp8"
        )


def test_8_bits_are_left_to_devices_that_have_them(full_size: PreparedSet, settings: SyncLoraSettings) -> None:
    whole = choose_placement(full_size, settings, 100 * GB, can_fp8=False)
    assert (whole.precision, whole.offload) == ("bf16", False)
    streamed = choose_placement(full_size, settings, 24 * GB, can_fp8=False)
    assert (streamed.precision, streamed.offload) == ("bf16", True)
    assert streamed.leaves_room(24 * GB)
    with pytest.raises(EngineError, match=r"RTX 40.* set it to bf16"):
        choose_placement(full_size, settings.model_copy(update={"precision": "fp8"}), 100 * GB, can_fp8=False)


def test_the_emptiest_device_decides_and_others_join_where_there_is_room(
    full_size: PreparedSet, settings: SyncLoraSettings
) -> None:
    busy, first, second = (torch.device("cuda", number) for number in range(3))
    free = {busy: 9 * GB, first: 79 * GB, second: 80 * GB}
    placed, devices = choose_devices(full_size, settings, free, can_fp8=True)
    assert (placed.precision, placed.offload) == ("bf16", False)
    assert devices == [second, first]
    placed, devices = choose_devices(full_size, settings, dict.fromkeys(free, 9 * GB), can_fp8=True)
    assert placed.offload
    assert devices == [busy, first, second]


@pytest.mark.parametrize(("capability", "can"), [((7, 5), False), ((8, 6), False), ((8, 9), True), ((12, 0), True)])
def test_ada_is_the_first_generation_with_8_bits(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], *, can: bool
) -> None:
    def capability_of(_device: torch.device) -> tuple[int, int]:
        return capability

    monkeypatch.setattr(torch.cuda, "get_device_capability", capability_of)
    assert multiplies_fp8(torch.device("cuda:0")) == can


def test_the_processor_tries_out_8_bits() -> None:
    assert multiplies_fp8(torch.device("cpu"))


def test_the_outer_blocks_stay_whole() -> None:
    assert [block for block in range(48) if not is_quantised(block, 48)] == [0, 1, 46, 47]
    assert not any(is_quantised(block, 2) for block in range(2))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_8_bits_keep_a_token_within_a_sixteenth(size: float) -> None:
    tokens = size * torch.randn(64, 256, generator=torch.Generator().manual_seed(0))
    values, scale = quantised(tokens)
    error = (values.float() * scale - tokens).abs()
    # Three bits of mantissa, and an absolute step for what is far below a token's largest value.
    assert (error <= tokens.abs() / 16 + tokens.abs().amax(dim=1, keepdim=True) / 448 / 256).all()


@pytest.mark.usefixtures("no_outer_blocks")
def test_a_result_in_8_bits_says_so_and_is_near_the_whole_one(
    settings: SyncLoraSettings, prepared: PreparedSet, make_job: Callable[..., EditJob]
) -> None:
    assert prepared.manifest.files
    job = make_job(frames=9)
    frames: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}
    for precision in ("bf16", "fp8"):
        engine = SyncLoraEngine(settings.model_copy(update={"precision": precision}))
        assert engine.versions["precision"] == precision
        assert ("8 bits" in engine.title) == (precision == "fp8")
        runs = [event.frames for event in engine.run(job) if isinstance(event, Frames)]
        frames[precision] = np.concatenate(runs).astype(np.float32)
    difference = np.abs(frames["fp8"] - frames["bf16"]).mean()
    assert 0 < difference < 0.1 * frames["bf16"].std()


@pytest.mark.usefixtures("no_outer_blocks")
def test_loading_in_8_bits_holds_one_layer_in_whole_precision(
    prepared: PreparedSet, settings: SyncLoraSettings
) -> None:
    """Otherwise a model that fits would not get there."""

    def whole_layers() -> int:
        layers = [each for each in gc.get_objects() if type(each) is BasicAVTransformerBlock]
        return sum(not layer.ff.net[2].weight.is_meta for layer in layers)

    placed = choose_placement(prepared, settings.model_copy(update={"precision": "fp8"}), 100 * GB, can_fp8=True)
    # What is there before is not looked through: it is a million objects.
    gc.freeze()
    try:
        assert max(whole_layers() for _ in load_models(prepared, torch.device("cpu"), placed)) == 1
    finally:
        gc.unfreeze()
