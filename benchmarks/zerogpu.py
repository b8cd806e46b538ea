"""The Sync-LoRA engine on a lent GPU, by the platform's own package, beside the engine that has the GPU to itself.

It needs an NVIDIA GPU and `spaces` 0.51.3; the platform is a stand-in for its device API (`tests.support.device_api`).
A prepared set of random weights comes from `benchmarks.gpu --only-build`, with `--tiny` at toy size on both:

    python -m benchmarks.gpu --weights /dev/shm/weights --prepared /tmp/prepared --only-build
    python -m benchmarks.zerogpu --prepared /tmp/prepared --json zerogpu.json

What cuDNN plans for a convolution is kept by thread, so an edit in a new one is timed too: the page has one for each.

First the list of scenarios that `tests/unit/engines/sync_lora/lent` runs on the CPU, on small jobs; then edits at full
size by either way in turn, in a new worker and in one that is kept. With `--hub` the set comes through the Hub's cache
from a local server first, held in memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import statistics
import threading
import time
import traceback
from collections.abc import Generator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import psutil

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.interface import EditJob, Event, Frames, Progress
from syncedit_demo.engines.sync_lora.lent.exchange import LentJob
from syncedit_demo.engines.sync_lora.lent.zerogpu import ZeroGpu
from syncedit_demo.engines.sync_lora.options import OPTIONS
from syncedit_demo.settings import Settings, SyncLoraSettings
from tests.support import hub_server
from tests.support.device_api import DeviceApi, gpus_here, memory_here, serve
from tests.support.lent_scenarios import SCENARIOS, Stage, frames_of
from tests.unit.engines.sync_lora.conftest import make_small_job as make_job

if TYPE_CHECKING:
    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.engines.sync_lora.lent.exchange import Message
    from syncedit_demo.engines.sync_lora.lent.zerogpu import Task
    from syncedit_demo.plan import EditPlan
    from tests.support.lent_scenarios import Platform

REPO = "somebody/prepared"
REFUSABLE = (
    ("quota", "has had the GPU as long as it may"),
    ("duration", "fewer frames"),
    ("full", "No GPU became free"),
    ("failed", "No GPU became free"),
)
"""What the device API refuses with, and what is said of it to somebody the platform does not know."""


class Own:
    """The engine that has the GPU to itself, in a process that the package knows nothing of."""

    name = "sync-lora"
    title = "Sync-LoRA on a GPU of its own"
    description = ""
    options = OPTIONS
    uses_seed = True
    devices = 1
    versions: Mapping[str, str] = MappingProxyType({})

    def __init__(self, settings: SyncLoraSettings, gpu: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(settings, gpu))

    def cost(self, plan: EditPlan) -> None:
        del plan

    def run(self, job: EditJob) -> Generator[Event]:
        yield from self._pool.submit(_run, *_packed(job)).result()

    def timed(self, job: EditJob, *, in_a_thread: bool = False) -> float:
        """Seconds of an edit; in a thread of its own, as the page has one for each, or in that of the one before."""
        return self._pool.submit(_timed_in_a_thread if in_a_thread else _timed, *_packed(job)).result()


_engines: list[Any] = []


def _begin(settings: SyncLoraSettings, gpu: str) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    os.environ.pop("SPACES_ZERO_GPU")
    from syncedit_demo.engines.sync_lora import SyncLoraEngine  # noqa: PLC0415

    _engines.append(SyncLoraEngine(settings))


def _packed(job: EditJob) -> tuple[Any, ...]:
    """What `_job` makes it of again in another process."""
    frames = np.stack(list(job.reference()))
    return job.plan, job.edited_frame, frames, job.seed, dict(job.options), job.previews


def _job(plan: Any, edited: Any, frames: Any, seed: Any, options: Any, previews: Any) -> EditJob:  # noqa: ANN401
    return EditJob(plan, edited, lambda: iter(frames), seed, CancelFlag(), options, previews)


def _run(*given: Any) -> list[Event]:  # noqa: ANN401
    return list(_engines[0].run(_job(*given)))


def _timed(*given: Any) -> float:  # noqa: ANN401
    began = time.perf_counter()
    list(_engines[0].run(_job(*given)))
    return time.perf_counter() - began


def _timed_in_a_thread(*given: Any) -> float:  # noqa: ANN401
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_timed, *given).result()


class ThroughApi:
    """The platform as the scenarios ask for it, through the stand-in of its device API."""

    def __init__(self, api: DeviceApi) -> None:
        self._api = api
        self.refusals = api.refusals
        self.refusable = REFUSABLE
        self.asked = api.asked
        self.started = api.allowed

    @property
    def kill_after(self) -> None:
        return None

    @kill_after.setter
    def kill_after(self, value: int | None) -> None:
        """The worker of the next task is killed as soon as it has it."""
        if value is not None:
            threading.Thread(target=self._kill, daemon=True).start()

    def _kill(self) -> None:
        while not self._api.tokens:
            time.sleep(0.01)
        os.kill(self._api.allowed[-1], signal.SIGKILL)

    @property
    def deadline(self) -> float | None:
        return self._api.deadline

    @deadline.setter
    def deadline(self, value: float | None) -> None:
        self._api.deadline = value

    @property
    def idle(self) -> bool:
        return self._api.idle

    @idle.setter
    def idle(self, value: bool) -> None:
        self._api.idle = value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True, help="folder of the prepared set")
    parser.add_argument("--tiny", action="store_true", help="toy size")
    parser.add_argument("--page", action="store_true", help="launch the page itself, and edit through its /edit too")
    parser.add_argument("--hub", action="store_true", help="take the set through the Hub's cache")
    parser.add_argument("--edits", type=int, default=5, help="timed edits of each way")
    parser.add_argument("--json", type=Path, help="where the figures go")
    wanted = parser.parse_args()
    gpus = gpus_here()[:1]
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        api = stack.enter_context(serve(DeviceApi(gpus)))
        # Before anything of torch: the server sees no GPU, and takes the package's own path.
        os.environ |= {"SPACES_ZERO_GPU": "1", "SPACES_ZERO_DEVICE_API_URL": api.endpoint, "CUDA_VISIBLE_DEVICES": ""}
        settings = SyncLoraSettings(prepared=wanted.prepared)
        own = Own(settings, gpus[0])
        if wanted.hub:
            settings = _through_hub(stack, settings, figures)
        work = Path(stack.enter_context(TemporaryDirectory(prefix="syncedit-zerogpu-")))
        os.environ["GRADIO_TEMP_DIR"] = str(work / "uploads")
        lent, nothing, address = _launched(settings, work if wanted.page else None, figures)
        platform = cast("Platform", ThroughApi(api))
        stage = Stage(lent, cast("Engine", own), platform, make_job, memory_here(gpus[0]))
        figures["scenarios"] = {each.__name__: _held(each, stage) for each in SCENARIOS}
        if wanted.page:
            figures["through the page"] = _through_page(address, cast("Engine", own), work)
        figures |= _times(lent, own, api, tiny=wanted.tiny, edits=wanted.edits)
        figures["an empty task in a kept worker, s"] = _empty_seconds(nothing, wanted.edits)
        figures["workers"], figures["failed"] = len(api.allowed), sum(api.released)
    print(json.dumps(figures, indent=2))
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    # The package's threads do not end by themselves; nor do its workers and the other engine's process, which would
    # hold on to the terminal.
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(0)


def _through_hub(stack: ExitStack, settings: SyncLoraSettings, figures: dict[str, Any]) -> SyncLoraSettings:
    from syncedit_demo.engines.sync_lora.weights.hub_set import fetch_prepared  # noqa: PLC0415

    files = {f"{REPO}/{path.name}": path.read_bytes() for path in settings.prepared.iterdir()}
    hub = stack.enter_context(hub_server.serve(hub_server.Hub(files)))
    elsewhere = settings.model_copy(update={"prepared_repo": REPO})
    began = time.perf_counter()
    for _ in fetch_prepared(elsewhere, hub.endpoint):
        pass
    figures["fetch from a local Hub, s"] = time.perf_counter() - began
    return elsewhere


def _launched(settings: SyncLoraSettings, work: Path | None, figures: dict[str, Any]) -> tuple[Engine, Task, str]:
    """The engine of this process and an empty task, after a page was launched, and the page's address.

    The page is ours if it has a folder to work in.
    """
    from syncedit_demo.engines.sync_lora import make_engine  # noqa: PLC0415

    began = time.perf_counter()
    engine = make_engine(settings)
    figures["load in the server, s"] = time.perf_counter() - began
    allowed: list[str] = []
    if work is None:
        import gradio as gr  # noqa: PLC0415

        with gr.Blocks() as page:
            gr.Markdown("page")
    else:
        from syncedit_demo.ui.page import build_page  # noqa: PLC0415
        from tests.support.lent_page import service_over  # noqa: PLC0415

        service = service_over(engine, Settings(work_dir=work))
        page, allowed = build_page(service), [str(service.settings.jobs_dir)]
    # What the package itself takes for a task, whatever the task is.
    nothing = ZeroGpu().lend(_nothing, lambda _: 1)
    began = time.perf_counter()
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, allowed_paths=allowed)
    figures["launch with packing, s"] = time.perf_counter() - began
    return engine, nothing, address


def _through_page(address: str, own: Engine, work: Path) -> str:
    """Whether what a program gets that asks the served page for an edit is what the engine makes by itself."""
    from tests.support.lent_page import edited_by_page, edited_directly, inputs_in, service_over  # noqa: PLC0415

    try:
        clip, edited = inputs_in(work)
        through_page = edited_by_page(address, clip, edited)
        directly = edited_directly(service_over(own, Settings(work_dir=work / "own")), clip, edited)
    except Exception:
        return traceback.format_exc()
    return "held" if np.array_equal(through_page, directly) else "other frames"


def _held(scenario: Any, stage: Stage) -> str:  # noqa: ANN401
    try:
        scenario(stage)
    except Exception:
        return traceback.format_exc()
    return "held"


def _times(lent: Engine, own: Own, api: DeviceApi, *, tiny: bool, edits: int) -> dict[str, Any]:
    size = (128, 128, 17) if tiny else (1024, 1024, 81)
    job = make_job(*size)
    own.timed(job)
    api.idle = False
    new = _seconds(lent, job)
    api.idle = True
    _seconds(lent, job)
    rows = [(own.timed(job), own.timed(job, in_a_thread=True), _seconds(lent, job)) for _ in range(edits)]
    direct, in_a_thread, kept = (statistics.median(column) for column in zip(*rows, strict=True))
    same = np.array_equal(frames_of(list(own.run(job))), frames_of(list(lent.run(job))))
    return {
        "size": size,
        "new worker, s": new,
        "kept worker, s": kept,
        "direct, s": direct,
        "direct in a thread of its own, s": in_a_thread,
        "slower by": kept / direct - 1,
        "same frames": same,
        "asked for, s": api.asked[-1],
    }


def _nothing(lent: LentJob) -> Generator[Message]:
    yield Progress(str(lent.seed), 1, 1)


def _empty_seconds(nothing: Task, times: int) -> float:
    job = LentJob(Path(), make_job(128, 128, 17).plan, 0, {}, previews=False)
    seconds: list[float] = []
    for _ in range(times + 1):
        began = time.perf_counter()
        list(nothing(job))
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def _seconds(engine: Engine, job: EditJob) -> float:
    began = time.perf_counter()
    made = sum(
        len(event.frames) for event in engine.run(replace(job, cancel=CancelFlag())) if isinstance(event, Frames)
    )
    assert made == job.plan.frames
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
