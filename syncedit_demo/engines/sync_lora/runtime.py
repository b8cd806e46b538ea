"""The networks on a device, and edits run on them: loading, memory, and what happens when memory runs out."""

from __future__ import annotations

import functools
import gc
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from syncedit_demo.engines import EditJob, Event, Frames, OptionValue, Progress
from syncedit_demo.engines.sync_lora.device import (
    describe_device,
    find_devices,
    free_bytes,
    make_current,
    multiplies_fp8,
)
from syncedit_demo.engines.sync_lora.memory import check_memory, suggest
from syncedit_demo.engines.sync_lora.model import Models, load_models
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import generate
from syncedit_demo.engines.sync_lora.placement import Placement, choose_devices
from syncedit_demo.engines.sync_lora.prepared import PreparedSet, open_prepared
from syncedit_demo.engines.sync_lora.weights import SyncLoraSettings
from syncedit_demo.errors import EngineError
from syncedit_demo.plan import EditPlan

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

LOAD = "Loading the model"


class Runtime:
    """One prepared set on one device; loaded with the first edit and kept for the next."""

    def __init__(self, prepared: PreparedSet, device: torch.device, placement: Placement) -> None:
        self.device = device
        self.placement = placement
        self._prepared = prepared
        self._models: Models | None = None

    def run(self, job: EditJob, options: SyncLoraOptions) -> Generator[Event]:
        """Make an edit.

        Raises:
            Cancelled: The job's cancel flag was set.
            EngineError: It does not fit into memory.
        """
        with closing(self._run(job, options)) as events:
            while True:
                # Whichever thread asks for the next event.
                make_current(self.device)
                if (event := next(events, None)) is None:
                    return
                yield event

    def _run(self, job: EditJob, options: SyncLoraOptions) -> Generator[Event]:
        try:
            models = yield from self._load(job, options)
            check_memory(job.plan, options, free_bytes(self.device))
            yield from generate(models, job, options)
            return
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        # Only here, past the handler, are the frames of the failed edit and all they held gone.
        models = None
        self.unload()
        free = free_bytes(self.device) - self.placement.nbytes
        # What ran out is less than the estimate said was free: something half as large is the honest next try.
        message = (
            f"The memory of {describe_device(self.device)} ran out and was freed. "
            f"{suggest(job.plan, options, free // 2)}"
        )
        raise EngineError(message)

    def unload(self) -> None:
        """Give the device's memory back; the next edit loads anew."""
        self._models = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _load(self, job: EditJob, options: SyncLoraOptions) -> Generator[Event, None, Models]:
        if self._models is None:
            check_memory(job.plan, options, free_bytes(self.device) - self.placement.nbytes)
            loading = load_models(self._prepared, self.device, self.placement)
            while self._models is None:
                job.raise_if_cancelled()
                try:
                    yield Progress(LOAD, *next(loading))
                except StopIteration as done:
                    self._models = done.value
        return self._models


@dataclass(frozen=True, slots=True)
class DeviceTask:
    """One edit in paths and numbers, so that it can be sent to another process.

    Attributes:
        settings: Where the prepared set is, and the device.
        plan: The plan.
        reference: A .npy file with the reference's frames, `(plan.frames, plan.height, plan.width, 3)` uint8.
        edited_frame: A .npy file with the edited frame.
        output: The .npy file to be written with the result's frames.
        seed: The seed.
        options: The options, by name.
    """

    settings: SyncLoraSettings
    plan: EditPlan
    reference: Path
    edited_frame: Path
    output: Path
    seed: int
    options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """What a task gave.

    Attributes:
        output: The .npy file with the frames.
        size: (width, height) of the frames in pixels.
        seconds: How long each phase took, by its name.
    """

    output: Path
    size: tuple[int, int]
    seconds: Mapping[str, float]


def run_task(task: DeviceTask) -> DeviceResult:
    """Carry out a task on the device: a plain function of paths and numbers, whose networks stay for the next call.

    Raises:
        EngineError: The set is damaged, or the edit does not fit into memory.
    """
    options = SyncLoraOptions.resolve(task.options)
    width, height = options.output_size(task.plan)
    reference = np.load(task.reference, mmap_mode="r")
    job = EditJob(
        plan=task.plan,
        edited_frame=np.load(task.edited_frame),
        reference=lambda: (np.array(frame) for frame in reference),
        seed=task.seed,
        cancel=threading.Event(),
    )
    output = np.lib.format.open_memmap(
        task.output, mode="w+", dtype=np.uint8, shape=(task.plan.frames, height, width, 3)
    )
    done = 0
    seconds: dict[str, float] = {}
    last = time.monotonic()
    for event in resident_runtime(task.settings).run(job, options):
        if isinstance(event, Frames):
            output[done : done + len(event.frames)] = event.frames
            done += len(event.frames)
        elif isinstance(event, Progress):
            now = time.monotonic()
            seconds[event.phase] = seconds.get(event.phase, 0.0) + now - last
            last = now
    output.flush()
    return DeviceResult(task.output, (width, height), seconds)


@functools.cache
def resident_runtime(settings: SyncLoraSettings) -> Runtime:
    """The one runtime of these settings in this process.

    Raises:
        EngineError: The prepared set is missing or damaged, or there is no device that can do it.
    """
    return new_runtimes(open_prepared(settings.prepared), settings)[0]


def new_runtimes(prepared: PreparedSet, settings: SyncLoraSettings) -> tuple[Runtime, ...]:
    """A runtime for each device: the placement that fits the one with the most room, and those it fits as well.

    Raises:
        EngineError: There is no such device, or it cannot do what the settings ask for.
    """
    free = {device: free_bytes(device) for device in find_devices(settings.device)}
    placement, devices = choose_devices(prepared, settings, free, can_fp8=all(map(multiplies_fp8, free)))
    return tuple(Runtime(prepared, device, placement) for device in devices)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed: torch has a class of its own for that on a GPU, but not on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
