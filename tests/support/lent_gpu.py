"""What a platform does that lends GPUs, on a machine without one: as the package `spaces` 0.51.3 does it, on the CPU.

The server has no numbers on the device: what was moved there is hidden when the page is launched, here by NaN in every
weight. A task runs in a forked process, which gets its numbers back, and arguments and what is yielded go through a
pipe. A worker is kept while the platform says that it is idle, and else replaced. What is raised in it
crosses as a title and the name of its class; what the platform refuses is one of Gradio's errors with a title.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import warnings
from typing import TYPE_CHECKING, Any

import gradio as gr
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from multiprocessing.connection import Connection

    from syncedit_demo.engines.sync_lora.lent.exchange import LentJob
    from syncedit_demo.engines.sync_lora.lent.zerogpu import Task

_FORK = multiprocessing.get_context("fork")


QUOTA, CLIENT = "ZeroGPU quota exceeded", "ZeroGPU client error"
REFUSABLE = (
    (
        (QUOTA, "You have exceeded your free ZeroGPU quota (90s requested vs. 12s left). Try again in 1:02:03. "),
        "it takes 90 s, and 12 s are left. More is there in 1:02:03",
    ),
    ((QUOTA, "You have exceeded your ZeroGPU runs limit. "), "as many edits with the GPU as you may"),
    ((QUOTA, "Space app has reached its GPU limit. Try re-running outside of examples"), "as long as it may"),
    ((QUOTA, "No GPU was available after 60s. Try re-running outside of examples"), "No GPU became free"),
    (("ZeroGPU illegal duration", "The requested GPU duration (900s) is larger than the maximum"), "fewer frames"),
    (("ZeroGPU queue timeout", "No GPU was available after 60s."), "No GPU became free"),
    ((CLIENT, "No GPU was available"), "No GPU became free"),
    ((CLIENT, "Expired ZeroGPU proxy token"), "load it anew"),
    (("ZeroGPU pending credits exceeded", "You have too many"), "when that has ended"),
)
"""What the platform refuses with, title and text, and what is said of it."""


class Worker:
    """A forked process that makes one task after the other."""

    def __init__(self, task: Task, hidden: dict[torch.Tensor, torch.Tensor]) -> None:
        self.pipe, other = _FORK.Pipe()
        self.process = _FORK.Process(target=_serve, args=(task, other, hidden), daemon=True)
        with warnings.catch_warnings():
            # Python 3.12 warns of forking with threads, which the platform does all the same.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        other.close()


class LentGpu:
    """The stand-in.

    Attributes:
        refusals: What the platform refuses the next tasks with: (title, text).
        idle: Whether it lets a worker be kept.
        kill_after: After how many yields the next worker is killed; None for never.
        deadline: After how many seconds the next worker is killed; None for never.
        asked: The seconds that were asked for, in order.
        started: The process ids of all workers that were started.
        tasks: What asks for a GPU, as the platform is told at the launch.
    """

    device = "cpu"
    duration_factor = 1.5
    refusable = REFUSABLE

    def __init__(self) -> None:
        self.refusals: list[tuple[str, str]] = []
        self.idle = True
        self.kill_after: int | None = None
        self.deadline: float | None = None
        self.asked: list[int] = []
        self.started: list[int] = []
        self.tasks: list[Task] = []
        self._kept: list[Worker] = []
        self._hidden: dict[torch.Tensor, torch.Tensor] = {}

    def launch(self, tensors: Iterable[torch.Tensor]) -> None:
        """What happens when the page is launched: nobody in the server has the numbers any more."""
        for tensor in tensors:
            if tensor not in self._hidden:
                self._hidden[tensor] = tensor.data
                tensor.data = torch.full(tensor.shape, float("nan")).to(tensor.dtype)

    def lend(self, task: Task, seconds: Callable[[LentJob], int]) -> Task:
        """The task as it runs in a worker."""
        self.tasks.append(task)

        def lent(job: LentJob) -> Generator[Any]:
            self.asked.append(seconds(job))
            if self.refusals:
                title, text = self.refusals.pop(0)
                raise gr.Error(text, title=title, print_exception=False)
            worker = self._kept.pop() if self._kept and self.idle else None
            if worker is None or not worker.process.is_alive():
                worker = Worker(task, self._hidden)
                self.started.append(worker.process.pid or 0)
            worker.pipe.send(job)
            if self.deadline is not None:
                threading.Timer(self.deadline, worker.process.kill).start()
                self.deadline = None
            yield from self._results(worker)

        return lent

    def close(self) -> None:
        """End all workers that are kept."""
        for worker in self._kept:
            worker.process.terminate()
            worker.process.join()

    def _results(self, worker: Worker) -> Generator[Any]:
        done = 0
        while True:
            try:
                kind, value = worker.pipe.recv()
            except EOFError:
                worker.process.join()
                raise gr.Error("GPU task aborted", title="ZeroGPU worker error", print_exception=False) from None
            if kind == "end":
                self._kept.append(worker)
                return
            if kind == "raised":
                self._kept.append(worker)
                raise gr.Error(value, title="ZeroGPU worker error", print_exception=False)
            try:
                yield value
            except GeneratorExit:
                # Nobody reads any more: the worker is waited for, as by the package.
                while worker.pipe.recv()[0] == "value":
                    pass
                self._kept.append(worker)
                raise
            done += 1
            if done == self.kill_after:
                self.kill_after = None
                worker.process.kill()


def _serve(task: Task, pipe: Connection, hidden: dict[torch.Tensor, torch.Tensor]) -> None:
    for fake, original in hidden.items():
        fake.data = original
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            for value in task(job):
                pickle.dumps(value)
                pipe.send(("value", value))
        except Exception as error:
            pipe.send(("raised", type(error).__name__))
        else:
            pipe.send(("end", None))
