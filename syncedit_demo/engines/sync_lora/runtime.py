"""The networks on a device, and edits run on them: loading, memory, and what happens when memory runs out."""

from __future__ import annotations

import gc
from contextlib import closing
from typing import TYPE_CHECKING

import torch

from syncedit_demo.engines.interface import EditJob, Event, Progress
from syncedit_demo.engines.sync_lora.device.hardware import (
    describe_device,
    find_devices,
    free_bytes,
    make_current,
    multiplies_fp8,
)
from syncedit_demo.engines.sync_lora.device.memory import check_memory, suggest
from syncedit_demo.engines.sync_lora.device.placement import Placement, choose_devices
from syncedit_demo.engines.sync_lora.network.fp8 import WRONG, is_right
from syncedit_demo.engines.sync_lora.network.model import Models, load_models
from syncedit_demo.engines.sync_lora.options import SyncLoraOptions
from syncedit_demo.engines.sync_lora.pipeline import generate
from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings

if TYPE_CHECKING:
    from collections.abc import Generator

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
            if not is_out_of_memory(error):
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

    def load(self) -> Generator[Progress, None, Models]:
        """Bring the networks onto the device, where they are not there yet."""
        loading = load_models(self._prepared, self.device, self.placement)
        while self._models is None:
            make_current(self.device)
            try:
                yield Progress(LOAD, *next(loading))
            except StopIteration as done:
                self._models = done.value
        return self._models

    def _load(self, job: EditJob, options: SyncLoraOptions) -> Generator[Event, None, Models]:
        if self._models is None:
            check_memory(job.plan, options, free_bytes(self.device) - self.placement.nbytes)
        loading = self.load()
        while True:
            job.cancel.raise_if_set()
            try:
                yield next(loading)
            except StopIteration as done:
                return done.value


def new_runtimes(prepared: PreparedSet, settings: SyncLoraSettings) -> tuple[Runtime, ...]:
    """A runtime for each device: the placement that fits the one with the most room, and those it fits as well.

    Raises:
        EngineError: There is no such device, or it cannot do what the settings ask for.
    """
    free = {device: free_bytes(device) for device in find_devices(settings.device)}
    if settings.precision == "fp8" and any(map(fails_fp8, free)):
        raise EngineError(f"{WRONG.partition(', so')[0]}. Leave SYNCEDIT_PRECISION out, or set it to bf16.")
    can_fp8 = settings.precision != "bf16" and all(multiplies_fp8(each) and is_right(each) for each in free)
    placement, devices = choose_devices(prepared, settings, free, can_fp8=can_fp8)
    return tuple(Runtime(prepared, device, placement) for device in devices)


def fails_fp8(device: torch.device) -> bool:
    """Whether a device should multiply in 8 bits and was found not to."""
    return multiplies_fp8(device) and not is_right(device)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed: torch has a class of its own for that on a GPU, but not on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
