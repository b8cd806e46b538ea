"""The networks on a device: loaded once, and not before it is known that the edit fits beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.engines.interface import EditJob, Progress
from syncedit_demo.engines.sync_lora import OPTIONS, SyncLoraEngine, SyncLoraOptions
from syncedit_demo.engines.sync_lora.runtime import LOAD
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

    JobMaker = Callable[..., EditJob]


@pytest.fixture
def engine(prepared: PreparedSet, settings: SyncLoraSettings) -> SyncLoraEngine:
    """One that has loaded nothing yet."""
    del prepared
    return SyncLoraEngine(settings)


def phases_of_a_start(engine: SyncLoraEngine, job: EditJob) -> list[str]:
    """What an edit tells of until it has begun to read the clip; no more of it is made."""
    phases: list[str] = []
    events = engine.run(job)
    for event in events:
        assert isinstance(event, Progress)
        phases.append(event.phase)
        if event.phase != LOAD:
            break
    events.close()
    return phases


def too_large(job: EditJob) -> EditJob:
    """The same as a clip of terabytes."""
    return replace(job, plan=replace(job.plan, width=1 << 18, height=1 << 18))


def test_the_networks_are_loaded_once(engine: SyncLoraEngine, make_job: JobMaker) -> None:
    first, second = (phases_of_a_start(engine, make_job()) for _ in range(2))
    assert first[0] == LOAD
    assert first[-1] == second[0] == "Reading the clip"


def test_what_does_not_fit_is_refused_before_anything_is_loaded(engine: SyncLoraEngine, make_job: JobMaker) -> None:
    told: list[object] = []
    with pytest.raises(EngineError, match=r"needs about .* beside the model"):
        told.extend(engine.run(too_large(make_job())))
    assert told == []


def test_what_does_not_fit_is_refused_once_they_are_loaded_too(engine: SyncLoraEngine, make_job: JobMaker) -> None:
    phases_of_a_start(engine, make_job())
    with pytest.raises(EngineError, match=r"needs about .* beside the model"):
        list(engine.run(too_large(make_job())))
    assert LOAD not in phases_of_a_start(engine, make_job()), "a refusal lets nothing go"


def test_what_is_not_decided_is_as_the_recipe_has_it() -> None:
    """18 is what the base model's own in-context graphs compress with; a clean reference, and no second look at it."""
    assert SyncLoraOptions.resolve({}) == SyncLoraOptions() == SyncLoraOptions("full", False, 18, 1.0)
    assert {option.name: option.default for option in OPTIONS} == {
        "quality": "full",
        "refine_with_reference": False,
        "first_frame_crf": 18,
        "reference_strength": 1.0,
        "positions": "exact",
    }
