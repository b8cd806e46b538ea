"""The two stages: what they make, and that it is what the stock pipeline makes."""

# ltx_pipelines has no stubs; PyAV leaves the packet's stream type open.
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import torch
from PIL import Image

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.interface import EditJob, Event, Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.sync_lora import pipeline, recipe
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import READ, STAGE_1, STAGE_2
from syncedit_demo.engines.sync_lora.runtime import LOAD, Runtime, new_runtimes
from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, Slot
from syncedit_demo.engines.sync_lora.weights.prompt import load_prompt
from syncedit_demo.engines.sync_lora.weights.safetensors_file import read_header
from syncedit_demo.errors import Cancelled
from tests.support import tiny_ltx
from tests.support.slow_reference import slow_after
from tests.support.stock_ltx import STOCK_STAGE_1_SIGMAS, STOCK_STAGE_2_SIGMAS, record_latents, run_stock_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from syncedit_demo.settings import SyncLoraSettings

    JobMaker = Callable[..., EditJob]


@pytest.fixture(scope="module")
def runtime(prepared: PreparedSet, settings: SyncLoraSettings) -> Runtime:
    return new_runtimes(prepared, settings)[0]


@pytest.fixture(scope="module")
def usual(runtime: Runtime, make_job: JobMaker) -> NDArray[np.uint8]:
    """The frames of the usual job."""
    return frames_of(run(runtime, make_job()))


def run(runtime: Runtime, job: EditJob) -> list[Event]:
    return list(runtime.run(job, SyncLoraOptions.resolve(job.options)))


def frames_of(events: list[Event]) -> NDArray[np.uint8]:
    return np.concatenate([event.frames for event in events if isinstance(event, Frames)])


@pytest.mark.parametrize(
    ("width", "height", "frames", "rate", "crf"),
    [
        (128, 128, 17, Fraction(25), 18),
        (64, 128, 17, Fraction(30000, 1001), 33),
        (64, 128, 81, Fraction(24000, 1001), 18),
        (64, 64, 81, Fraction(25), 0),
    ],
)
def test_gives_the_stock_pipelines_latents_to_the_bit(  # noqa: PLR0917 - fixtures and a table
    runtime: Runtime,
    prepared: PreparedSet,
    settings: SyncLoraSettings,
    make_job: JobMaker,
    tmp_path: Path,
    width: int,
    height: int,
    frames: int,
    rate: Fraction,
    crf: int,
) -> None:
    job = make_job(width, height, frames, rate=rate, first_frame_crf=crf)
    write_lossless(tmp_path / "clip.mp4", list(job.reference()), rate)
    Image.fromarray(job.edited_frame).save(tmp_path / "edited.png")
    prompt = load_prompt(prepared.prompt, width=64)
    stock = run_stock_pipeline(
        settings.weights, tmp_path / "clip.mp4", tmp_path / "edited.png", job.plan, prompt, seed=job.seed, crf=crf
    )

    with pytest.MonkeyPatch.context() as patch:
        latents = record_latents(patch)
        # The stock pipeline's tiles, which are this one's where memory is short.
        patch.setattr(pipeline, "decodes_whole", lambda _shape, _free: False)  # pyright: ignore[reportUnknownLambdaType]
        events = run(runtime, job)
    ours = frames_of(events)

    assert torch.equal(latents[0], stock.stage_1)
    assert torch.equal(latents[1], stock.stage_2)
    assert stock.stage_2.std() > 0.1
    assert events[-1] == Finished((pipeline.IN_SMALL_TILES,))
    # The stock pipeline cuts off what is behind the point where we round: the frames differ by at most that.
    difference = ours.astype(int) - stock.frames
    assert (difference.min(), difference.max()) == (0, 1)


def test_schedules_are_the_stock_pipelines() -> None:
    assert list(recipe.STAGE_1_SIGMAS) == STOCK_STAGE_1_SIGMAS
    assert list(recipe.STAGE_2_SIGMAS) == STOCK_STAGE_2_SIGMAS


def test_preview_is_the_first_stage_of_full(runtime: Runtime, make_job: JobMaker) -> None:
    full = run(runtime, make_job(128, 64, 12, previews=True))
    preview = run(runtime, make_job(128, 64, 12, quality="preview"))
    (half_size,) = [event.frames for event in full if isinstance(event, PreviewClip)]
    assert frames_of(full).shape == (12, 64, 128, 3)
    assert frames_of(preview).shape == (12, 32, 64, 3)
    assert np.array_equal(frames_of(preview), half_size)


def test_a_single_stage_is_made_at_full_size(runtime: Runtime, make_job: JobMaker) -> None:
    single = run(runtime, make_job(128, 64, 12, quality="single-stage", previews=True))
    assert frames_of(single).shape == (12, 64, 128, 3)
    phases = [event.phase for event in single if isinstance(event, Progress)]
    assert phases.count(pipeline.STAGE_1) == len(recipe.STAGE_1_SIGMAS) - 1
    assert not {pipeline.UPSCALE, pipeline.STAGE_2} & set(phases)
    assert not any(isinstance(event, PreviewClip) for event in single)
    # What it has no second stage for.
    refined = run(runtime, make_job(128, 64, 12, quality="single-stage", refine_with_reference=True))
    assert np.array_equal(frames_of(single), frames_of(refined))


def test_same_job_gives_the_same_frames_whoever_watches(
    runtime: Runtime, usual: NDArray[np.uint8], make_job: JobMaker
) -> None:
    assert np.array_equal(usual, frames_of(run(runtime, make_job())))
    assert np.array_equal(usual, frames_of(run(runtime, make_job(previews=True))))


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 8},
        {"shift": 40},
        {"edited": 10},
        {"rate": Fraction(24)},
        {"first_frame_crf": 0},
        {"reference_strength": 0.5},
        {"refine_with_reference": True},
        {"positions": "trained"},
        {"quality": "single-stage"},
    ],
    ids=str,
)
def test_every_input_reaches_the_result(
    runtime: Runtime, usual: NDArray[np.uint8], make_job: JobMaker, changed: dict[str, Any]
) -> None:
    assert not np.array_equal(usual, frames_of(run(runtime, make_job(**changed))))


def test_the_prompt_is_used(
    settings: SyncLoraSettings, prepared: PreparedSet, usual: NDArray[np.uint8], make_job: JobMaker
) -> None:
    base = settings.weights / FILE_NAMES[Slot.BASE]
    path = prepared.prompt.path
    kept = path.read_bytes()
    try:
        tiny_ltx.write_prompt(path, base, seed=2)
        (other,) = new_runtimes(replace(prepared, prompt=read_header(path)), settings)
        assert not np.array_equal(usual, frames_of(run(other, make_job())))
    finally:
        path.write_bytes(kept)


def test_padding_holds_the_last_frame_and_is_cut_off(runtime: Runtime, make_job: JobMaker) -> None:
    short = make_job(frames=12)
    reference = list(short.reference())
    held = [*reference, *[reference[-1]] * 5]
    long = make_job(frames=17)
    whole = frames_of(run(runtime, replace(long, reference=lambda: iter(held))))
    assert np.array_equal(frames_of(run(runtime, short)), whole[:12])


def test_tells_every_step_and_shows_every_estimate(runtime: Runtime, make_job: JobMaker) -> None:
    events = run(runtime, make_job(previews=True))
    steps = [(event.phase, event.step, event.total) for event in events if isinstance(event, Progress)]
    assert [step for step in steps if step[0] == STAGE_1] == [(STAGE_1, n + 1, 8) for n in range(8)]
    assert [step for step in steps if step[0] == STAGE_2] == [(STAGE_2, n + 1, 3) for n in range(3)]
    previews = [event for event in events if isinstance(event, Preview)]
    assert [event.frame.shape for event in previews] == [(32, 32, 3)] * 8 + [(64, 64, 3)] * 3
    assert events[-1] == Finished()


def run_and_stop(runtime: Runtime, job: EditJob, stop_after: int) -> list[Event]:
    """Run a job whose user asks for a stop when this many events have come; the events that came."""
    events: list[Event] = []

    def consume() -> None:
        for event in runtime.run(job, SyncLoraOptions()):
            events.append(event)
            if len(events) == stop_after:
                job.cancel.set()

    with pytest.raises(Cancelled):
        consume()
    return events


def test_stop_is_honoured_in_every_phase(runtime: Runtime, make_job: JobMaker) -> None:
    job = make_job(64, 64, 81)
    events = run(runtime, job)
    last_frames = max(index for index, event in enumerate(events) if isinstance(event, Frames))
    phases = {event.phase: index + 1 for index, event in enumerate(events) if isinstance(event, Progress)}
    for stop_after in {1, 2, *phases.values()}:
        if stop_after < last_frames:
            stopped = run_and_stop(runtime, replace(job, cancel=CancelFlag()), stop_after)
            assert len(stopped) == stop_after


def test_a_stop_lets_go_of_the_reference_that_is_being_read(runtime: Runtime, make_job: JobMaker) -> None:
    job = make_job(64, 64, 9)
    reference = slow_after(2, list(job.reference()))
    slow = replace(job, reference=lambda: reference)

    def run_until_stopped() -> None:
        for event in runtime.run(slow, SyncLoraOptions()):
            if event == Progress(READ, 2, 9):
                slow.cancel.set()

    # What is caught keeps all that was under way alive.
    with pytest.raises(Cancelled) as stopped:
        run_until_stopped()
    # While another thread were in it still, this would raise.
    reference.close()
    assert stopped.value.__traceback__ is not None


def test_stop_while_loading_leaves_the_engine_usable(
    prepared: PreparedSet, settings: SyncLoraSettings, make_job: JobMaker
) -> None:
    (runtime,) = new_runtimes(prepared, settings)
    events = run_and_stop(runtime, make_job(), 3)
    assert events[-1] == Progress(LOAD, 3, events[-1].total if isinstance(events[-1], Progress) else 0)
    assert isinstance(run(runtime, make_job())[-1], Finished)


def test_the_consumer_is_not_left_in_inference_mode(runtime: Runtime, make_job: JobMaker) -> None:
    for _ in runtime.run(make_job(), SyncLoraOptions()):
        assert not torch.is_inference_mode_enabled()


def write_lossless(path: Path, frames: list[NDArray[np.uint8]], rate: Fraction) -> None:
    """An mp4 that decodes to exactly these frames."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264rgb", rate=rate, options={"qp": "0", "preset": "ultrafast"})
        stream.height, stream.width, _ = frames[0].shape
        stream.pix_fmt = "rgb24"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
