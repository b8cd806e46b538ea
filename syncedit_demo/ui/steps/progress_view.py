"""What is shown of a run while it is made."""

from __future__ import annotations

import base64
import io
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from syncedit_demo.edits.make import Queued, Started
from syncedit_demo.edits.variants import VariantStarted
from syncedit_demo.engines.interface import Preview, PreviewClip, Progress
from syncedit_demo.ui.components.run_state import RunState
from syncedit_demo.ui.visits.jobs import Arrival
from syncedit_demo.ui.visits.whole_run import WholeRun
from syncedit_demo.wording import about

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.service import EditService
    from syncedit_demo.ui.visits.jobs import Choices, RunEvent
    from syncedit_demo.ui.visits.visit import Run

PREVIEW_SIDE = 192
"""Longest side in pixels of the pictures that are shown."""


class ProgressView:
    """What is shown of a run: the latest phase, one bar and one time left for all of it, the latest picture.

    Args:
        service: Says how long the phases take.
        choices: What is made.
    """

    def __init__(self, service: EditService, choices: Choices) -> None:
        self._service = service
        self._choices = choices
        self._phase, self._detail = "Looking at clip and edited frame", ""
        self._whole = WholeRun({}, choices.variants)
        self._frame_rate = Fraction(0)
        self._moves = False
        self._variant = ""
        self._playable = ""
        self._picture: str | None = None

    def after(self, news: list[RunEvent]) -> RunState:
        """The state when more has happened."""
        for event in news:
            match event:
                case VariantStarted(number, count):
                    self._variant, self._moves, self._playable = f"Variant {number} of {count}: ", False, ""
                    self._whole.begin_variant(number)
                case Queued(position):
                    self._phase, self._detail = "Waiting", self._describe_wait(position)
                case Started(plan=plan, engine=engine):
                    self._frame_rate = plan.frame_rate
                    self._phase, self._detail = f"{engine.title} starts", ""
                    options = self._choices.engine_options
                    self._whole.expect(self._service.expected_seconds(engine.name, plan, options)[0])
                case Progress():
                    self._phase = event.phase
                    self._whole.note(event)
                    left = self._whole.seconds_left
                    self._detail = "" if left is None else f"{about(left)} left"
                case Preview(frame):
                    # A picture that moves tells more than the sharper stills that come after it.
                    if not self._moves:
                        self._picture = _still(frame)
                case PreviewClip(frames):
                    self._moves, self._picture = True, _moving(frames, self._frame_rate)
                case Arrival(run, whole=False):
                    self._playable = f"{run.title} can be played"
                case _:
                    pass
        return self.state()

    def state(self) -> RunState:
        """The state while it runs."""
        return RunState(
            state="running",
            phase=self._variant + self._phase,
            detail=" · ".join(part for part in (self._playable, self._detail) if part),
            share=self._whole.share,
            picture=self._picture,
        )

    def done(self, runs: list[Run], best: Run) -> RunState:
        """The state at the end, when the best of the runs is on show."""
        seconds = sum(sum(run.record.timings.values()) for run in runs)
        phase, detail = f"{best.title} is done", f"in {seconds:.0f} s"
        if len(runs) > 1:
            phase, detail = f"{len(runs)} variants are done", f"{detail}; {best.title} keeps time best"
        return RunState(state="done", phase=phase, detail=detail, share=1, picture=self._picture)

    def stopped(self, runs: list[Run], variants: int) -> RunState:
        """The state when it was stopped."""
        if not runs:
            return RunState(state="stopped", phase="Stopped", detail="Nothing was kept of it.", share=0)
        kept = what_is_kept(runs, variants)
        return RunState(state="stopped", phase="Stopped", detail=kept, share=1, picture=self._picture)

    def _describe_wait(self, position: int) -> str:
        edits = "1 edit is" if position == 1 else f"{position} edits are"
        seconds = self._service.waiting_seconds(position, self._choices.engine)
        return f"{edits} before yours" + ("" if seconds is None else f" · {about(seconds)}")


def what_is_kept(runs: list[Run], variants: int) -> str:
    """What there is of runs, one at least, that came to an early end; of the last one something may be missing."""
    last = runs[-1]
    missing: list[str] = []
    if last.record.report is None:
        missing.append("report")
    if not last.files.side_by_side.exists():
        missing.append("side-by-side video")
    kept = f"{last.title} is kept"
    if variants > 1:
        kept = f"{len(runs)} of {variants} variants are kept" + (f", {last.title}" if missing else "")
    without = f" without {' and '.join(missing)}" if missing else ""
    return f"{kept}{without}."


def _still(frame: Frame) -> str:
    buffer = io.BytesIO()
    _reduced(frame).save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _moving(frames: NDArray[np.uint8], frame_rate: Fraction) -> str:
    buffer = io.BytesIO()
    first, *rest = [_reduced(frame) for frame in frames]
    duration = [round(1000 / frame_rate)] * len(frames)
    first.save(buffer, "WEBP", save_all=True, append_images=rest, duration=duration, loop=0, quality=60, method=0)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _reduced(frame: Frame) -> Image.Image:
    picture = Image.fromarray(frame)
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return picture
