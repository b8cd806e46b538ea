"""How well a result keeps time with its clip: sentences, curves and a playhead that follows the player."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import GradioModel

from syncedit_demo.sync_report.faces import CURVES, LEAST_MOVEMENT
from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    from collections.abc import Sequence

    import gradio as gr

    from syncedit_demo.sync_report.faces import FaceCurve
    from syncedit_demo.sync_report.report import SyncReport

HERE = Path(__file__).parent


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
        about: Which of two results it is about, empty where there is one.
    """

    sentences: list[str]
    report: SyncCurves | None = None
    making: bool = False
    about: str = ""

    @classmethod
    def of(cls, report: SyncReport | None, about: str = "") -> SyncView:
        """The report of a result."""
        if report is None:
            why = "How well this result keeps time was not measured when it was made."
            return cls(sentences=[why], about=about)
        curves = SyncCurves(
            verdict=report.verdict,
            score=report.score,
            worst_frame=report.worst_frame if report.is_worst_worth_seeing else None,
            agreement=list(report.curves["agreement"]),
            motion_reference=list(report.curves["motion_reference"]),
            motion_result=list(report.curves["motion_result"]),
            faces=[FaceView.of(name, curve) for name, curve in (report.faces or {}).items()],
        )
        return cls(sentences=list(report.sentences), report=curves, about=about)


NO_REPORT = SyncView(sentences=["How well a result keeps time with its clip will be said here."])
IN_THE_MAKING = SyncView(sentences=["How well this result keeps time with its clip is being measured …"], making=True)


def sync_view(value: SyncView | None = NO_REPORT, *, elem_id: str) -> gr.HTML:
    """Make a place for a `SyncView`, which takes no room while there is none.

    Its height differs with faces only. Its playhead follows the player.
    """
    return template(HERE, value, elem_id)
