"""What the command line says while it works, and how it is stopped."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Self

from tqdm import tqdm

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import Queued, Recorded, Started
from syncedit_demo.engines.interface import Preview, PreviewClip, Progress
from syncedit_demo.wording import frames_in_words, time_left

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path
    from types import FrameType

    from syncedit_demo.edits.make import EditRequest, EditResult
    from syncedit_demo.edits.record import RunRecord


class Display:
    """Progress on standard error: a bar with the time left on a terminal, a line at each tenth otherwise."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._phase = ""
        self._tenth = 0
        self._began = (0.0, 0)

    def line(self, text: str) -> None:
        """Print a line of text."""
        self.close()
        print(text, file=sys.stderr, flush=True)

    def show(self, progress: Progress) -> None:
        """Show how far a phase is."""
        if progress.phase != self._phase:
            self.close()
            self._phase, self._tenth, self._began = progress.phase, 0, (time.monotonic(), progress.step)
            if sys.stderr.isatty():
                self._bar = tqdm(total=progress.total, desc=progress.phase, unit="step", leave=False)
        if self._bar is not None:
            self._bar.update(progress.step - self._bar.n)
            return
        tenth = 10 * progress.step // progress.total
        if tenth > self._tenth or progress.step == 0:
            self._tenth = tenth
            # A phase is first heard of when some of it is done, and how long that took is not known.
            began, step = self._began
            left = time_left(time.monotonic() - began, progress.step - step, progress.total - progress.step)
            estimate = f", {left} left" if left else ""
            print(f"{progress.phase}: {progress.step} of {progress.total}{estimate}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def cancelled_by_signals() -> Generator[CancelFlag]:
    """A flag that Ctrl-C and a polite kill set, so that a job ends at its next step and tidies up after itself."""
    cancel = CancelFlag()

    def stop(_number: int, _frame: FrameType | None) -> None:
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def saying_what_stays(whole: list[Path], display: Display) -> Generator[None]:
    """Name the results that are whole when what comes after them fails or is stopped."""
    try:
        yield
    except BaseException:
        for target in whole:
            display.line(f"{target} is whole and stays.")
        raise


def show_event(event: Started | Queued | Progress | Preview | PreviewClip | Recorded, display: Display) -> None:
    """Say what happens while an edit is made."""
    match event:
        case Started(_, plan, engine, notes):
            display.line(f"{engine.title}: {frames_in_words(plan.frames)}, {plan.width}×{plan.height}")
            for note in notes:
                display.line(f"- {note}")
        case Queued(position):
            display.line(f"Waiting: {position} before this one.")
        case Progress():
            display.show(event)
        case Preview() | PreviewClip() | Recorded():
            pass


def say_what_was_made(result: EditResult, request: EditRequest) -> None:
    """Say what an edit gave, and whether one that was made again gave the same."""
    target, record = result.target, result.record
    seconds = sum(record.timings.values())
    frames = frames_in_words(record.plan.frames)
    print(f"{target}: {frames} by the {record.engine.title}, seed {record.seed}, in {seconds:.1f} s")
    print(verdict_in_words(record))
    if result.side_by_side is not None:
        print(f"{result.side_by_side}: reference and result")
    if request.repeat is not None:
        print(_comparison(record, request.repeat))


def _comparison(record: RunRecord, repeated: RunRecord) -> str:
    """Whether a repeated edit gave the same frames, and what was different if not."""
    if record.frames_sha256 == repeated.frames_sha256:
        return "The frames are identical to the record's."
    then, now = ({"engine": each.engine.title, **each.engine.versions} for each in (repeated, record))
    names = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    changes = [f"{name} {then.get(name, 'unknown')} (now {now.get(name, 'unknown')})" for name in names]
    return f"The frames differ from the record's{', which was made with ' if changes else ''}{', '.join(changes)}."


def verdict_in_words(record: RunRecord) -> str:
    """How well a result keeps time, in one line."""
    report = record.report
    return (
        f"Sync: {report.verdict}, score {report.score:.2f}. {report.sentences[0]}" if report else "Sync: not compared."
    )


def print_notes(notes: Sequence[str]) -> None:
    """Print sentences as a list."""
    for note in notes:
        print(f"- {note}")
