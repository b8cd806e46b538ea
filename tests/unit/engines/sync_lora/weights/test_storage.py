"""A prepared set whose large products are stored in 8 bits, and one with the distilled LoRA at another strength."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from syncedit_demo.engines.interface import Finished, Frames
from syncedit_demo.engines.sync_lora import SyncLoraEngine, prepare_weights
from syncedit_demo.engines.sync_lora.device import placement
from syncedit_demo.engines.sync_lora.device.placement import choose_placement, eight_bit_names
from syncedit_demo.engines.sync_lora.lent.engine import LentSyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.worker import usable
from syncedit_demo.engines.sync_lora.network.fp8 import WRONG, scaled_product
from syncedit_demo.engines.sync_lora.weights.prepared import PROMPT, SCALE, open_prepared
from syncedit_demo.wording import GB
from tests.support import tiny_ltx
from tests.support.lent_gpu import LentGpu

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.interface import EditJob
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings
    from tests.unit.engines.sync_lora.conftest import JobMaker


@pytest.fixture(autouse=True)
def no_outer_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model has so few blocks that all of them are outer ones."""
    monkeypatch.setattr(placement, "OUTER_BLOCKS", 0)


@pytest.fixture
def in_8_bits(settings: SyncLoraSettings, prepared: PreparedSet, tmp_path: Path) -> SyncLoraSettings:
    """A set in 8 bits made of the tiny weights."""
    own = settings.model_copy(update={"prepared": tmp_path / "prepared", "storage": "fp8"})
    own.prepared.mkdir()
    shutil.copy(prepared.prompt.path, own.prepared / PROMPT)
    list(prepare_weights(own))
    return own


def test_it_takes_half_and_says_what_it_is(in_8_bits: SyncLoraSettings, prepared: PreparedSet) -> None:
    made = open_prepared(in_8_bits.prepared)
    names = eight_bit_names(prepared.checkpoint.tensors)
    assert names
    for name, info in prepared.checkpoint.tensors.items():
        stored = made.checkpoint.tensors[name]
        assert stored.shape == info.shape
        assert stored.nbytes * (2 if name in names else 1) == info.nbytes
        assert (name + SCALE in made.checkpoint.tensors) == (name in names)
    assert made.manifest.storage == "fp8"
    assert prepared.manifest.storage == "bf16"


def test_its_frames_are_those_of_a_set_that_is_brought_to_8_bits_when_it_is_loaded(
    in_8_bits: SyncLoraSettings, settings: SyncLoraSettings, prepared: PreparedSet, make_job: JobMaker
) -> None:
    assert prepared.nbytes
    job = make_job(quality="preview")
    quantised = frames_of(SyncLoraEngine(settings.model_copy(update={"precision": "fp8"})), job)
    stored = SyncLoraEngine(in_8_bits)
    assert "in 8 bits" in stored.title
    assert np.array_equal(frames_of(stored, job), quantised)


def test_it_runs_in_whole_precision_where_that_is_asked_for(in_8_bits: SyncLoraSettings, make_job: JobMaker) -> None:
    engine = SyncLoraEngine(in_8_bits.model_copy(update={"precision": "bf16"}))
    assert "in 8 bits" not in engine.title
    assert frames_of(engine, make_job(quality="preview")).std() > 0


def test_a_worker_whose_gpu_has_no_use_for_8_bits_makes_the_frames_of_whole_precision(
    in_8_bits: SyncLoraSettings, make_job: JobMaker
) -> None:
    def wrong(*given: torch.Tensor) -> torch.Tensor:
        return scaled_product(*given) * 2

    job, platform = make_job(quality="preview"), LentGpu()
    engine = LentSyncLoraEngine(in_8_bits, platform)
    assert usable(engine.models) == ()
    assert engine.models.in_8_bits
    # What the worker does before an edit; it is forked from this process.
    assert usable(engine.models, wrong) == (WRONG,)
    assert not engine.models.in_8_bits
    events = list(engine.run(job))
    assert isinstance(events[-1], Finished)
    assert WRONG in events[-1].notes
    platform.close()
    lent = np.concatenate([event.frames for event in events if isinstance(event, Frames)])
    whole = SyncLoraEngine(in_8_bits.model_copy(update={"precision": "bf16"}))
    assert np.array_equal(lent, frames_of(whole, job))


def test_memory_is_counted_by_what_is_loaded_not_by_what_is_stored(
    in_8_bits: SyncLoraSettings, settings: SyncLoraSettings, prepared: PreparedSet
) -> None:
    stored = open_prepared(in_8_bits.prepared)
    for precision in ("fp8", "bf16"):
        wanted = settings.model_copy(update={"precision": precision})
        of_stored = choose_placement(stored, wanted, 100 * GB, can_fp8=True).nbytes
        of_whole = choose_placement(prepared, wanted, 100 * GB, can_fp8=True).nbytes
        # Beside the numbers there are scales, and a longer header.
        assert 0 <= of_stored - of_whole < 0.1 * of_whole
    without = choose_placement(stored, settings, 100 * GB, can_fp8=False)
    assert without.precision == "bf16"


def test_the_distilled_loras_strength_is_a_setting_and_makes_another_set(
    settings: SyncLoraSettings, prepared: PreparedSet, tmp_path: Path
) -> None:
    folder = tmp_path / "prepared"
    shutil.copytree(prepared.checkpoint.path.parent, folder)
    half = settings.model_copy(update={"prepared": folder, "distilled_strength": 0.5})
    list(prepare_weights(half))
    made = open_prepared(folder)
    assert made.manifest.distilled_strength == 0.5
    whole, halved = tiny_ltx.load(prepared.checkpoint.path), tiny_ltx.load(made.checkpoint.path)
    changed = {name for name, tensor in whole.items() if not torch.equal(tensor, halved[name])}
    assert changed
    assert all("transformer_blocks" in name for name in changed)
    before = made.checkpoint.path.stat().st_mtime_ns
    list(prepare_weights(half))
    assert made.checkpoint.path.stat().st_mtime_ns == before


def frames_of(engine: SyncLoraEngine, job: EditJob) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.concatenate([event.frames for event in engine.run(job) if isinstance(event, Frames)])
