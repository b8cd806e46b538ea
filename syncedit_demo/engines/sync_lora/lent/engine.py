"""The engine in the server, which has no GPU: each edit goes to a worker that is lent one, and its events come back."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.engine import SyncLoraEngine, require
from syncedit_demo.engines.sync_lora.lent.exchange import EDITED, REFERENCE, STOP, LentJob, Refused, event_of
from syncedit_demo.engines.sync_lora.lent.seconds import asked_seconds
from syncedit_demo.engines.sync_lora.lent.zerogpu import refusal
from syncedit_demo.engines.sync_lora.options import OPTIONS, SyncLoraOptions
from syncedit_demo.engines.sync_lora.weights.files import prepared_folder
from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared
from syncedit_demo.errors import Cancelled, EngineError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.engines.interface import EditJob, Event
    from syncedit_demo.engines.options import Option
    from syncedit_demo.engines.sync_lora.lent.exchange import Message
    from syncedit_demo.engines.sync_lora.lent.zerogpu import Lender
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineName, Precision, SyncLoraSettings

LAY_OUT = "Reading the clip for the GPU"
WAIT = "Waiting for a GPU"
STOP_POLL_SECONDS = 0.1
AT_ONCE = 2
"""Edits that are handed to the platform at once: it has a queue of its own, and lends one card for each."""


class LentSyncLoraEngine:
    """LTX-2.3 with the Sync-LoRA on a GPU that is lent for each edit.

    Args:
        settings: Where the prepared set is. It is kept as it is stored, whatever precision they ask for.
        lender: Lends the GPU.

    Raises:
        EngineError: A package or the set is missing or damaged.
    """

    name: EngineName = "sync-lora"
    options: tuple[Option, ...] = OPTIONS
    uses_seed = True
    devices = AT_ONCE
    description = SyncLoraEngine.description

    def __init__(self, settings: SyncLoraSettings, lender: Lender) -> None:
        require()
        from syncedit_demo.engines.sync_lora.lent import worker  # noqa: PLC0415 - it imports torch

        # First, set or no set: the platform is told at the launch what asks for a GPU, and something has to.
        self._lent = lender.lend(worker.work, self._asked)
        prepared = open_prepared(prepared_folder(settings))
        self._manifest, self._nbytes = prepared.manifest, prepared.nbytes
        self._factor = lender.duration_factor
        import torch  # noqa: PLC0415 - torch is imported here, and not before

        from syncedit_demo.engines.sync_lora.device.placement import Placement  # noqa: PLC0415
        from syncedit_demo.engines.sync_lora.network.model import load_models  # noqa: PLC0415

        precision: Precision = self._manifest.storage
        placement = Placement(precision, offload=False, nbytes=prepared.nbytes)
        loading = load_models(prepared, torch.device("cpu"), placement, channels_last=lender.device != "cpu")
        while True:
            try:
                next(loading)
            except StopIteration as done:
                models = done.value
                break
        self.models = models.moved(lender.device)
        worker.take(self.models)

    @property
    def title(self) -> str:
        """The engine and where it runs."""
        precision = " in 8 bits" if self._manifest.storage == "fp8" else ""
        return f"Sync-LoRA{precision} on a lent GPU"

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions and hashes of what decides its pixels."""
        return {
            **{name: version(name) for name in ("torch", "ltx-core")},
            "precision": self._manifest.storage,
            **{f"{slot} ({source.name})": source.sha256 for slot, source in self._manifest.sources.items()},
            **{file.name: file.sha256 for file in self._manifest.files},
        }

    def cost(self, plan: EditPlan) -> str:
        """What an edit takes of a visitor's GPU time, and a preview of it, in a sentence."""
        full, preview = (
            round(self._factor * asked_seconds(plan, SyncLoraOptions(quality=quality), self._nbytes))
            for quality in ("full", "preview")
        )
        return f"This edit asks for {full} s of your GPU time here, a preview for {preview} s; the rest stays yours."

    def run(self, job: EditJob) -> Generator[Event]:
        """Make the edit; see `Engine.run`."""
        SyncLoraOptions.resolve(job.options)
        with TemporaryDirectory(prefix="syncedit-lent-") as name:
            folder = Path(name)
            yield from _lay_out(job, folder)
            lent = LentJob(folder, job.plan, job.seed, dict(job.options), job.previews)
            yield Progress(WAIT, 0, 1)
            with _stopped_by(job.cancel, folder / STOP), closing(self._messages(lent)) as messages:
                for message in messages:
                    # The worker, which may be steps ahead of what is read here, is told by the file.
                    job.cancel.raise_if_set()
                    if isinstance(message, Refused):
                        raise EngineError(message.sentence) if message.sentence else Cancelled
                    yield event_of(message)

    def _messages(self, lent: LentJob) -> Generator[Message]:
        """What the worker says; what the platform says instead is told in a sentence."""
        try:
            with closing(self._lent(lent)) as messages:
                yield from messages
        except Exception as error:
            sentence = refusal(error)
            if sentence is None:
                raise
            raise EngineError(sentence) from error

    def _asked(self, lent: LentJob) -> int:
        return asked_seconds(lent.plan, SyncLoraOptions.resolve(lent.options), self._nbytes)


def _lay_out(job: EditJob, folder: Path) -> Generator[Event]:
    """Put the reference and the edited frame where the worker finds them."""
    plan = job.plan
    np.save(folder / EDITED, job.edited_frame)
    header = {"descr": "|u1", "fortran_order": False, "shape": (plan.frames, plan.height, plan.width, 3)}
    # Written, not mapped: that is twice as quick. Nor is it brought to the disk: the worker is on the same machine.
    with (folder / REFERENCE).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for index, frame in enumerate(job.reference()):
            job.cancel.raise_if_set()
            file.write(np.ascontiguousarray(frame).data)
            yield Progress(LAY_OUT, index + 1, plan.frames)


@contextmanager
def _stopped_by(cancel: CancelFlag, file: Path) -> Generator[None]:
    """Make a file when a stop is asked for: the server may be waiting for the worker's next message."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(STOP_POLL_SECONDS):
            if cancel.is_set:
                file.touch()
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
