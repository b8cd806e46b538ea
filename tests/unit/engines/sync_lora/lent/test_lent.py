"""The engine on a GPU that is lent, through a stand-in for the platform that forks, pickles, streams and hides."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
import psutil
import pytest
import torch

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora import SyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.engine import LentSyncLoraEngine
from syncedit_demo.engines.sync_lora.lent.exchange import EDITED, REFERENCE, STOP, LentJob, Refused
from syncedit_demo.engines.sync_lora.lent.seconds import asked_seconds
from syncedit_demo.engines.sync_lora.lent.worker import work
from syncedit_demo.engines.sync_lora.lent.zerogpu import refusal
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import STAGE_1
from syncedit_demo.settings import Settings
from syncedit_demo.ui.page import build_page
from tests.support.lent_gpu import LentGpu
from tests.support.lent_page import FRAMES, edited_by_handler, edited_directly, inputs_in, service_over
from tests.support.lent_scenarios import SCENARIOS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings
    from tests.unit.engines.sync_lora.conftest import JobMaker


@pytest.fixture(scope="module")
def stage(settings: SyncLoraSettings, prepared: PreparedSet, make_job: JobMaker) -> Generator[Stage]:
    assert prepared.nbytes
    platform = LentGpu()
    lent = LentSyncLoraEngine(settings, platform)
    platform.launch(lent.models.tensors())
    yield Stage(lent, SyncLoraEngine(settings), platform, make_job, psutil.virtual_memory().total)
    platform.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_where_a_gpu_is_lent(stage: Stage, scenario: Callable[[Stage], None]) -> None:
    scenario(stage)


def test_an_edit_through_the_page_is_the_one_made_directly(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent, own = (
        service_over(engine, Settings(work_dir=tmp_path / name))
        for engine, name in ((stage.lent, "lent"), (stage.own, "own"))
    )
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(lent.settings.uploads_dir))
    clip, edited = inputs_in(tmp_path)

    async def build() -> gr.Blocks:
        return build_page(lent)

    tasks = len(stage.platform.asked)
    through_page = edited_by_handler(asyncio.run(build()), clip, edited)
    assert len(stage.platform.asked) == tasks + 1
    assert len(through_page) == FRAMES
    assert np.array_equal(through_page, edited_directly(own, clip, edited))


def test_the_worker_ends_at_the_step_at_which_the_file_appears(
    settings: SyncLoraSettings, prepared: PreparedSet, make_job: JobMaker, tmp_path: Path
) -> None:
    assert prepared.nbytes
    platform, job = LentGpu(), make_job()
    LentSyncLoraEngine(settings, platform)
    np.save(tmp_path / EDITED, job.edited_frame)
    np.save(tmp_path / REFERENCE, np.stack(list(job.reference())))
    phases: list[str] = []
    last: object = None
    for message in work(LentJob(tmp_path, job.plan, job.seed, {}, previews=False)):
        last = pickle.loads(pickle.dumps(message))
        if isinstance(last, Progress):
            phases.append(last.phase)
            if last.phase == STAGE_1:
                (tmp_path / STOP).touch()
    assert last == Refused(None)
    assert phases.count(STAGE_1) == 1


def test_a_fault_in_the_worker_stays_a_fault() -> None:
    assert refusal(gr.Error("ValueError", title="ZeroGPU worker error")) is None
    assert refusal(ValueError("x")) is None


def test_more_to_do_asks_for_more_seconds(make_job: JobMaker) -> None:
    plan = make_job().plan
    trained = replace(plan, width=1024, height=1024, frames=81, padded_frames=81)
    by = [
        asked_seconds(trained, SyncLoraOptions(quality=each), nbytes)
        for each in ("preview", "full", "single-stage")
        for nbytes in (0, 10**10)
    ]
    assert by == sorted(by)
    assert asked_seconds(trained, SyncLoraOptions(), 0) < asked_seconds(
        trained, SyncLoraOptions(refine_with_reference=True), 0
    )
    # Twice what is asked for fits the five minutes a day of a visitor with an account.
    assert 1.5 * asked_seconds(trained, SyncLoraOptions(), 31 * 10**9) < 150


def test_the_server_has_none_of_the_numbers(stage: Stage) -> None:
    lent = stage.lent
    assert isinstance(lent, LentSyncLoraEngine)
    assert all(tensor.float().isnan().all() for tensor in lent.models.tensors() if tensor.numel())
    assert "on a lent GPU" in lent.title
    assert torch.tensor(0.0).isfinite()
