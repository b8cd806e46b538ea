"""The rows of `benchmarks.gpu` that are ours: edits through `EditService`, as the page and the command line make them.

A process of its own for each way to run the engine, so that its peaks are that way's alone. It gets the rows as JSON
on its command line and tells the figures of each as soon as they are there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import measuring
from benchmarks.measuring import Figures, Timed
from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import REPORT_PHASE, EditRequest, EditResult, JobEvent, Started
from syncedit_demo.engines.interface import Preview, Progress
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.engines.registry import Engines
from syncedit_demo.errors import Cancelled
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import SyncLoraSettings, load_settings

START = "start"
LOAD = "Loading the model"
PER_MINUTE = "clips per minute"


@dataclass(frozen=True, slots=True)
class Side:
    """One process' engine, and what it edits."""

    service: EditService
    folder: Path
    side: int

    def request(
        self, frames: int, options: dict[str, OptionValue], *, name: str = "ours", previews: bool = False
    ) -> EditRequest:
        """An edit of the clip of this length."""
        return EditRequest(
            clip=self.folder / f"clip-{frames}.mp4",
            edited_frame=self.folder / "edited.png",
            target=self.folder / f"{name}.mp4",
            options=PlanOptions(size=(self.side, self.side), max_frames=measuring.LONGEST),
            engine="sync-lora",
            engine_options=options,
            previews=previews,
        )

    @contextmanager
    def events(self, request: EditRequest) -> Generator[Iterator[JobEvent]]:
        """An edit's events; leaving the block early stops it."""
        cancel = CancelFlag()
        events = self.service.edit(request, cancel)
        try:
            yield events
        finally:
            cancel.set()
            with suppress(Cancelled):
                for _ in events:
                    pass

    def edit(self, frames: int, options: dict[str, OptionValue]) -> Timed:
        """Make an edit; the time is until its mp4 is on disk, its phases include the report that follows."""
        start = time.perf_counter()
        written = 0.0
        for event in self.service.edit(self.request(frames, options), CancelFlag()):
            if isinstance(event, Progress) and event.phase == REPORT_PHASE and not event.step:
                written = time.perf_counter() - start
            if isinstance(event, EditResult):
                return written, event.record.timings
        raise AssertionError

    def edits(self, frames: int, count: int) -> float:
        """Ask for so many edits at once; the seconds until the last one's report is there."""

        def edit(number: int) -> None:
            request = self.request(frames, {}, name=f"ours-{number}")
            assert any(isinstance(event, EditResult) for event in self.service.edit(request, CancelFlag()))

        start = time.perf_counter()
        with ThreadPoolExecutor(count) as visitors:
            list(visitors.map(edit, range(count)))
        return time.perf_counter() - start

    def first_picture(self, frames: int, options: dict[str, OptionValue]) -> Timed:
        """Run an edit up to its first picture."""
        start = time.perf_counter()
        request = self.request(frames, options, previews=True)
        with self.events(request) as events:
            while not isinstance(next(events), Preview):
                pass
            return time.perf_counter() - start, {}


def main() -> None:
    """Measure what the command line asks for."""
    spec = measuring.row_spec(sys.argv[1])
    if spec["cap_gb"]:
        measuring.limit_memory(spec["cap_gb"])
    started = Figures(START)
    with measuring.failure_told(started):
        side = start(started, spec)
        started.tell()
        for row in spec["rows"]:
            figures = Figures(row["name"], row["frames"])
            with measuring.failure_told(figures):
                measure(side, row, figures)
            figures.tell()
        return
    # Without an engine there is nothing to measure, and every row says why.
    for row in spec["rows"]:
        Figures(row["name"], failed=started.failed).tell()


def start(figures: Figures, spec: dict[str, Any]) -> Side:
    """Bring the engine onto the device; `seconds` is how long that took, `first_seconds` from the process' start."""
    # Importing torch is no part of bringing a prepared set onto the device; it is in the time from the process' start.
    import_module("torch")
    settings = SyncLoraSettings(prepared=spec["prepared"], weights=spec["weights"], **spec["settings"])
    service = EditService(load_settings())
    service.engines = Engines(settings)
    side = Side(service, Path(spec["folder"]), spec["side"])
    begun = time.perf_counter()
    service.engines.choose("sync-lora")
    made = ready = began_edit = time.perf_counter()
    with side.events(side.request(spec["frames"], {})) as events:
        for event in events:
            if isinstance(event, Started):
                began_edit = time.perf_counter()
            if isinstance(event, Progress) and event.phase == LOAD:
                ready = time.perf_counter()
            elif isinstance(event, Progress):
                break
    loaded = ready - began_edit
    figures.seconds = [made - begun + loaded]
    figures.first_seconds = time.time() - spec["spawned"] - (time.perf_counter() - made) + loaded
    figures.memory = measuring.peaks()
    figures.resident_gb = measuring.resident_gb()
    figures.details = {"engine made": made - begun, "loaded": loaded}
    return side


def measure(side: Side, row: dict[str, Any], figures: Figures) -> None:
    """Measure one row."""
    frames, options = row["frames"], row["options"]
    measuring.release()
    match row["measure"]:
        case "edits":
            measuring.repeat(figures, row["edits"], lambda: side.edit(frames, options))
            figures.mbits = measuring.mbits_per_second(side.folder / "ours.mp4")
        case "first picture":
            measuring.repeat(figures, row["edits"], lambda: side.first_picture(frames, options))
        case "queue":
            # All devices of the engine have the model after so many edits at once.
            devices = side.service.engines.choose("sync-lora")[0].devices
            side.edits(frames, devices)
            figures.seconds = [side.edits(frames, devices * row["edits"])]
            figures.details = {"devices": devices, PER_MINUTE: 60 * devices * row["edits"] / figures.median}
        case _:
            from benchmarks.gpu_profile import profile_edit  # noqa: PLC0415 - imports torch

            side.edit(frames, options)
            classes, kernels = profile_edit(lambda: side.edit(frames, options))
            figures.details = classes
            figures.note = "; ".join(f"{seconds:.3f} s {name[:60]}" for name, seconds in kernels)


if __name__ == "__main__":
    main()
