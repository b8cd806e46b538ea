"""What has to hold wherever a GPU is lent: one list, for a stand-in on the CPU and for the platform's package on a GPU.

Each scenario gets a `Stage`: an engine on a lent GPU, the engine that has the same weights to itself, and the platform.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pytest

from syncedit_demo.engines.interface import Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.errors import Cancelled, EngineError
from syncedit_demo.plan import pad_frame_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from syncedit_demo.engines.interface import EditJob, Engine, Event


class Platform(Protocol):
    """Whoever lends: what is appended to `refusals` refuses a task, and `refusable` says what there is to append.

    After `deadline` seconds the next task's GPU is taken back, as if those were what was asked for.
    """

    @property
    def refusable(self) -> Sequence[tuple[Any, str]]: ...

    refusals: list[Any]
    idle: bool
    kill_after: int | None
    deadline: float | None
    asked: list[int]
    started: list[int]


@dataclass(frozen=True)
class Stage:
    """Where a scenario plays.

    Attributes:
        lent: The engine on a lent GPU.
        own: The engine that has the same weights to itself.
        platform: Whoever lends.
        make_job: Makes a small job, with options by name.
        memory: Bytes of memory of the device that is lent.
    """

    lent: Engine
    own: Engine
    platform: Platform
    make_job: Callable[..., EditJob]
    memory: int


def frames_of(events: list[Event]) -> NDArray[np.uint8]:
    return np.concatenate([event.frames for event in events if isinstance(event, Frames)])


def the_result_is_that_of_the_engine_by_itself(stage: Stage) -> None:
    job = stage.make_job(previews=True)
    by_itself, lent = list(stage.own.run(job)), list(stage.lent.run(job))
    assert np.array_equal(frames_of(by_itself), frames_of(lent))
    own_steps = {event.phase for event in by_itself if isinstance(event, Progress)} - {"Loading the model"}
    assert own_steps <= {event.phase for event in lent if isinstance(event, Progress)}
    assert isinstance(lent[-1], Finished)
    assert any(isinstance(event, Preview) for event in lent)
    assert any(isinstance(event, PreviewClip) for event in lent)


def a_worker_is_kept_while_it_is_idle_and_else_replaced(stage: Stage) -> None:
    job = stage.make_job(quality="preview")
    results = [frames_of(list(stage.lent.run(job))) for _ in range(2)]
    before = len(stage.platform.started)
    results.append(frames_of(list(stage.lent.run(job))))
    assert len(stage.platform.started) == before
    stage.platform.idle = False
    results.append(frames_of(list(stage.lent.run(job))))
    stage.platform.idle = True
    assert len(stage.platform.started) == before + 1
    assert all(np.array_equal(results[0], each) for each in results)


def a_stop_is_honoured_within_a_step(stage: Stage) -> None:
    job = stage.make_job()
    steps = 0

    def follow() -> None:
        nonlocal steps
        for event in stage.lent.run(job):
            if isinstance(event, Progress) and event.phase == "Following the motion":
                steps += 1
                job.cancel.set()

    with pytest.raises(Cancelled):
        follow()
    assert steps == 1
    again = stage.make_job(quality="preview")
    assert frames_of(list(stage.lent.run(again))).any(), "and the worker is there for the next"


def what_the_engine_refuses_crosses_as_its_sentence(stage: Stage) -> None:
    job = stage.make_job(reference_strength=2.0)
    with pytest.raises(EngineError, match="choose a number from 0"):
        list(stage.lent.run(job))


def what_the_worker_refuses_crosses_as_its_sentence(stage: Stage) -> None:
    # Not before: where the platform's package is used, it comes before torch.
    from syncedit_demo.engines.sync_lora.device.memory import working_bytes  # noqa: PLC0415

    # A third more than there is memory for, which is known where the card is.
    job = stage.make_job()
    known = replace(job.plan, padded_frames=80_001)
    frames = pad_frame_count(int(80_001 * 4 / 3 * stage.memory / working_bytes(known, SyncLoraOptions())))
    with pytest.raises(EngineError, match=r"needs about .* beside the model"):
        list(stage.lent.run(replace(job, plan=replace(job.plan, padded_frames=frames))))
    assert frames_of(list(stage.lent.run(stage.make_job(quality="preview")))).any(), "and the worker goes on"


def what_the_platform_refuses_is_a_sentence(stage: Stage) -> None:
    for refused, said in stage.platform.refusable:
        stage.platform.refusals.append(refused)
        with pytest.raises(EngineError, match=said):
            list(stage.lent.run(stage.make_job()))


def a_worker_that_is_killed_is_a_sentence_and_the_next_edit_is_made(stage: Stage) -> None:
    stage.platform.kill_after = 2
    with pytest.raises(EngineError, match="The GPU was taken back before the edit was done"):
        list(stage.lent.run(stage.make_job(quality="preview")))
    assert frames_of(list(stage.lent.run(stage.make_job(quality="preview")))).any()


def an_edit_that_takes_longer_than_was_asked_for_is_a_sentence_and_the_next_is_made(stage: Stage) -> None:
    stage.platform.deadline = 0.02
    with pytest.raises(EngineError, match="its worker was ended, or took longer than was asked for"):
        list(stage.lent.run(stage.make_job(128, 128, 17)))
    assert frames_of(list(stage.lent.run(stage.make_job(quality="preview")))).any()


def seconds_are_asked_for_by_the_plan(stage: Stage) -> None:
    stage.platform.asked.clear()
    small, large = stage.make_job(quality="preview"), stage.make_job(128, 128, 17, quality="preview")
    for job in (small, large):
        list(stage.lent.run(job))
    assert 1 <= stage.platform.asked[0] <= stage.platform.asked[1]
    said = stage.lent.cost(small.plan)
    assert said is not None
    assert "s of your GPU time" in said
    assert stage.own.cost(small.plan) is None


def two_visitors_get_their_own_results(stage: Stage) -> None:
    jobs = [stage.make_job(quality="preview", shift=shift) for shift in (0, 40)]
    expected = [frames_of(list(stage.own.run(job))) for job in jobs]
    results: dict[int, NDArray[np.uint8]] = {}

    def make(index: int) -> None:
        results[index] = frames_of(list(stage.lent.run(jobs[index])))

    threads = [threading.Thread(target=make, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(expected[index], results[index]) for index in range(2))
    assert not np.array_equal(expected[0], expected[1])


SCENARIOS = (
    the_result_is_that_of_the_engine_by_itself,
    a_worker_is_kept_while_it_is_idle_and_else_replaced,
    a_stop_is_honoured_within_a_step,
    what_the_engine_refuses_crosses_as_its_sentence,
    what_the_worker_refuses_crosses_as_its_sentence,
    what_the_platform_refuses_is_a_sentence,
    a_worker_that_is_killed_is_a_sentence_and_the_next_edit_is_made,
    an_edit_that_takes_longer_than_was_asked_for_is_a_sentence_and_the_next_is_made,
    seconds_are_asked_for_by_the_plan,
    two_visitors_get_their_own_results,
)
