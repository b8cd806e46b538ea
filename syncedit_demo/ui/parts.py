"""Parts of the page whose markup, style and behaviour are in `NAME.html`, `NAME.css` and `NAME.js` beside this file.

The templates are constant: Gradio evaluates what it puts into a template as JavaScript. Everything that differs,
whatever a visitor influences above all, reaches the page through the value and is written there as plain text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import gradio as gr
from gradio.data_classes import FileData, GradioModel

from syncedit_demo.engines.interface import Progress
from syncedit_demo.sync_report.faces import CURVES, LEAST_MOVEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncedit_demo.sync_report.faces import FaceCurve
    from syncedit_demo.sync_report.report import SyncReport

HERE = Path(__file__).parent

Updates = dict[Any, Any]
"""New values by component; components that are not in it stay as they are."""

Values = Any
"""What an option component of the page holds."""

UNCHANGED = cast("Updates", gr.skip())
"""For an event that changes nothing."""

HIDDEN_PROGRESS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""How the events of the page are listened to: it shows progress itself, and programs have endpoints of their own."""

Tone = Literal["plain", "good", "warn", "bad"]


class Notice(GradioModel):
    """A short text.

    Attributes:
        tone: How it looks.
        lines: Its sentences, one below the other.
    """

    tone: Tone
    lines: list[str]


class ClipCard(GradioModel):
    """What a clip is and what will be made of it.

    Attributes:
        picture: Frame 0.
        video: The reference, once there is a copy that browsers play.
        width: Width of either in pixels.
        height: Height of either in pixels.
        source: The clip in words.
        result: The result in words.
        notes: Every change, as sentences.
    """

    picture: FileData
    video: FileData | None = None
    width: int
    height: int
    source: str
    result: str
    notes: list[str]


class Tile(GradioModel):
    """A picture to choose.

    Attributes:
        id: What the choice is called in the event.
        picture: The picture.
        title: The text below it.
        detail: A second, quieter text.
        current: Whether it is the one on show.
    """

    id: str
    picture: FileData
    title: str
    detail: str
    current: bool = False


class Tiles(GradioModel):
    """Pictures to choose from.

    Attributes:
        tiles: The pictures.
        against: Whether each can also be put beside the one on show.
    """

    tiles: list[Tile]
    against: bool = False


class RunState(GradioModel):
    """How far a run is.

    Attributes:
        state: Whether it still runs.
        phase: What is being done.
        detail: How far that is, in words.
        share: The same as a number from 0 to 1; None when it cannot be said.
        picture: The result so far as a data URL.
    """

    state: Literal["running", "done", "stopped"]
    phase: str
    detail: str = ""
    share: float | None = None
    picture: str | None = None


class FaceView(GradioModel):
    """One thing that a face does, in the clip and in the result.

    Attributes:
        title: What it is called.
        words: How alike the two are and how late the result is.
        reference: One value a frame of the clip, 0 to 1 over both; None where there is no face.
        result: The same of the result.
    """

    title: str
    words: str
    reference: list[float | None]
    result: list[float | None]

    @classmethod
    def of(cls, name: str, curve: FaceCurve) -> FaceView:
        """One of the curves of a report."""
        there = [value for value in (*curve.reference, *curve.result) if value is not None]
        low, high = min(there), max(there)
        # What hardly moves is a line and no mountain range.
        span = max(high - low, 8 * LEAST_MOVEMENT[name])

        def scaled(values: Sequence[float | None]) -> list[float | None]:
            middle = (low + high) / 2
            return [None if value is None else round(0.5 + (value - middle) / span, 3) for value in values]

        return cls(
            title=CURVES[name],
            words=curve.in_words,
            reference=scaled(curve.reference),
            result=scaled(curve.result),
        )


class SyncCurves(GradioModel):
    """The numbers of a report on how well a result keeps time with its clip.

    Attributes:
        verdict: What is the matter, if anything.
        score: How well, 0 to 1.
        worst_frame: Where it does least, None where there is nothing to see.
        agreement: Share of the motion that agrees, one value a frame, 0 to 1.
        motion_reference: Speed of what moves fastest in the clip, one value a frame.
        motion_result: The same in the result.
        faces: What the faces do, empty where they were not followed.
    """

    verdict: str
    score: float
    worst_frame: int | None
    agreement: list[float]
    motion_reference: list[float]
    motion_result: list[float]
    faces: list[FaceView]


class SyncView(GradioModel):
    """What is said about how a result keeps time.

    Attributes:
        sentences: The report in words, or why there is none.
        report: Its numbers, None where there is none.
        making: Whether it is being made.
    """

    sentences: list[str]
    report: SyncCurves | None = None
    making: bool = False

    @classmethod
    def of(cls, report: SyncReport | None) -> SyncView:
        """The report of a result."""
        if report is None:
            return cls(sentences=["How well this result keeps time was not measured when it was made."])
        curves = SyncCurves(
            verdict=report.verdict,
            score=report.score,
            worst_frame=report.worst_frame if report.is_worst_worth_seeing else None,
            agreement=list(report.curves["agreement"]),
            motion_reference=list(report.curves["motion_reference"]),
            motion_result=list(report.curves["motion_result"]),
            faces=[FaceView.of(name, curve) for name, curve in (report.faces or {}).items()],
        )
        return cls(sentences=list(report.sentences), report=curves)


NO_REPORT = SyncView(sentences=["How well a result keeps time with its clip will be said here."])
IN_THE_MAKING = SyncView(sentences=["How well this result keeps time with its clip is being measured …"], making=True)
BETWEEN_RUNS = SyncView(sentences=["Two results are on show; each is measured against the clip."])


def notice(value: Notice | None = None, *, elem_id: str) -> gr.HTML:
    """Make a place for a `Notice`; it takes no room while there is none."""
    return _part("notice", value, elem_id)


def clip_card(*, elem_id: str) -> gr.HTML:
    """Make a place for a `ClipCard`."""
    return _part("clip_card", None, elem_id)


def tiles(value: Tiles, *, elem_id: str) -> gr.HTML:
    """Make a row of `Tiles`; its events are `pick` and `against`, both with the `id` of the tile as data."""
    return _part("tiles", value, elem_id)


def run_state(*, elem_id: str) -> gr.HTML:
    """Make a place for a `RunState`."""
    return _part("run_state", None, elem_id)


def sync_view(*, elem_id: str) -> gr.HTML:
    """Make a place for a `SyncView`; its height differs with faces only. Its playhead follows the player."""
    return _part("sync", NO_REPORT, elem_id)


def plain(lines: Sequence[str]) -> Notice | None:
    """A quiet notice, or none when there is nothing to say."""
    return Notice(tone="plain", lines=list(lines)) if lines else None


def bad(line: str) -> Notice:
    """A notice about what went wrong."""
    return Notice(tone="bad", lines=[line])


def facts(*each: str) -> str:
    """Facts in a row, which breaks only between them."""
    return " · ".join(fact.replace(" ", "\N{NO-BREAK SPACE}") for fact in each)


def describe_progress(progress: Progress, seconds: float, done_before: int) -> tuple[str, float | None]:
    """How far a phase is in words and as a share, after `seconds` for the steps since `done_before`.

    Nothing can be said of a phase that is one step.
    """
    if progress.total == 1:
        return "", None
    text = f"{progress.step} of {progress.total}"
    done, left = progress.step - done_before, progress.total - progress.step
    if seconds >= 1 and done > 0 and left:
        text += f" · {_duration(seconds / done * left)} left"
    return text, progress.step / progress.total


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


def _part(name: str, value: GradioModel | None, elem_id: str) -> gr.HTML:
    return gr.HTML(
        value,
        html_template=(HERE / f"{name}.html").read_text(encoding="utf-8"),
        css_template=(HERE / f"{name}.css").read_text(encoding="utf-8"),
        js_on_load=(HERE / f"{name}.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
    )
