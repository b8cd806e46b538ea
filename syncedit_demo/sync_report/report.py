"""How well a result keeps time with its reference, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import TypeAdapter

from syncedit_demo.sync_report.agreement import Agreement, Turn, agree, likeness, turned_round
from syncedit_demo.sync_report.faces import CURVES, FaceCurve
from syncedit_demo.sync_report.offsets import follow_offset, shifted
from syncedit_demo.sync_report.stillness import AT_REST, NOISY, rests, stills
from syncedit_demo.wording import frames_in_words, lag_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from syncedit_demo.sync_report.features import Motion

Verdict = Literal["in sync", "late", "early", "drifting", "frozen", "different motion"]

SAME_MOTION = 0.4
"""Least agreement of two clips that show the same motion, once the timing is made up for. Pairs that belong together
reach 0.55 and more however they are edited and encoded, others mostly stay under 0.3."""

SAME_WARPED_MOTION = 0.5
"""The same where the timing had to be bent: two clips of one thing that moves can be bent to agree a little."""

ALIKE, SAME_MOTION_ELSEWHERE = 0.5, 0.75
"""Least likeness of two pictures of one scene, and least agreement of motion without it: edits keep a likeness of 0.75
and more, two scenes have 0.4 at most, and of two things on turntables that turn alike 0.7 of the motion agrees."""

DRIFT = 1.0
"""Frames of offset gained or lost over the clip from which it drifts: a rate 2 % off makes 1.6 of 81."""

UNSTEADY_SHARE = 0.25
"""Share of frames whose offset is 2 or more from the usual one, from which the timing has changed on the way."""

FREEZE = 5
"""Frames in a row without motion that are seen as a freeze: a fifth of a second at 25 frames a second."""

STUTTER_SHARE = 0.4
"""Share of frames that stand still, each for less than a freeze, from which the whole is called frozen."""

STUCK_SHARE = 2 / 3
"""Share of frames that stand still from which the rest is too little to tell what moves."""

OFFSET_SCALE = 4.0
"""Mean offset in frames that halves the score."""

TURNED_ROUND_SCORE = 0.5
"""What is left of the score where motion agrees by symmetry only."""

GOOD_PSNR = 25.0
"""dB from which a first frame is the edited frame; a compressed copy has 35 and more."""

WORTH_SEEING = 0.8
"""Agreement around the worst frame from which there is nothing to see: strong compression alone brings it to 0.9."""

WORTH_SEEING_IN_ALL = 0.95
"""The same over the motion in about a second. A result whose every second agrees by 98 % or more dips to 0.8 for five
frames in which hardly anything moves: the example “New colours”."""

ABOUT = 12
"""Frames on each side of the worst one that are looked at for that: half a second at usual rates."""

AROUND = 5
"""Frames that each value of the agreement's curve is taken over."""

PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("at the left", "in the centre", "at the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
"""Words for the thirds of a picture."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How well a result keeps time with its reference.

    In its numbers the first frame is frame 0; its sentences are for people and count as the player does, from 1.

    Attributes:
        verdict: What is the matter, if anything.
        score: 0 to 1: the share of the motion that agrees as it is watched, less for an offset and for standing still.
        offset_frames: Frames that the result is late, negative where it is early; 0 where the motion is another.
        frozen_frames: Frames in which the result stands still while the reference moves.
        first_frame_psnr: The result's first frame against the edited frame in dB; None if that is not known.
        worst_frame: The frame, in the worst second, around which the motion agrees least.
        curves: One value a frame each: "agreement" of the motion, 0 to 1; "motion_reference" and "motion_result", the
            speed of what moves fastest, in per cent of the picture's longer side a frame; "offset" in frames.
        sentences: The same for people, the most important first.
        faces: How the face of the clip moves and that of the result, by the names in `faces.CURVES`; None where faces
            were not looked for, or one of the two shows none.
    """

    verdict: Verdict
    score: float
    offset_frames: int
    frozen_frames: int
    first_frame_psnr: float | None
    worst_frame: int
    curves: dict[str, tuple[float, ...]]
    sentences: tuple[str, ...]
    faces: dict[str, FaceCurve] | None = None

    @property
    def is_worst_worth_seeing(self) -> bool:
        """Whether there is something to see in the worst second: not where hardly anything moves that disagrees."""
        if self.verdict != "in sync":
            return True
        if self.curves["agreement"][self.worst_frame] >= WORTH_SEEING:
            return False
        about = slice(max(0, self.worst_frame - ABOUT), self.worst_frame + ABOUT + 1)
        agreement, reference, result = (
            np.array(self.curves[name][about]) for name in ("agreement", "motion_reference", "motion_result")
        )
        weight = reference + result
        return bool(weight.any() and np.average(agreement, weights=weight) < WORTH_SEEING_IN_ALL)

    @property
    def faces_in_words(self) -> tuple[str, ...]:
        """A sentence for each thing that the faces do."""
        return tuple(f"{CURVES[name]}: {curve.in_words}." for name, curve in (self.faces or {}).items())

    def to_json(self) -> str:
        """The report as JSON text."""
        return _ADAPTER.dump_json(self, indent=2).decode()


_ADAPTER = TypeAdapter(SyncReport)


@dataclass(frozen=True, slots=True, eq=False)
class _Findings:
    """What was measured: the agreement as watched, the offsets, where the result stands still, and what it looks like.

    `aligned` is the share of the motion that agrees once the timing is made up for, `likeness` how alike the pictures
    are; `freeze` is the longest freeze.
    """

    watched: Agreement
    aligned: float
    likeness: float
    offsets: NDArray[np.int64]
    offset: int
    frozen: int
    freeze: tuple[int, int] | None
    turned: Turn | None
    reference_rests: bool
    result_rests: bool

    @property
    def frames(self) -> int:
        return len(self.offsets)

    @property
    def at_rest(self) -> bool:
        return self.reference_rests and self.result_rests

    @property
    def is_same_motion(self) -> bool:
        if self.reference_rests:
            return False
        steady = np.ptp(self.offsets) == 0
        least = SAME_MOTION if steady else SAME_WARPED_MOTION
        return self.turned is None and self.aligned >= (least if self.likeness >= ALIKE else SAME_MOTION_ELSEWHERE)

    @property
    def is_stuck(self) -> bool:
        return self.frozen > STUCK_SHARE * self.frames


def compare_motion(
    reference: Motion, result: Motion, frame_rate: Fraction, first_frame_psnr: float | None = None
) -> SyncReport:
    """Judge how well a result keeps time.

    Args:
        reference: Motion of the reference.
        result: Motion of the result, as many frames on the same grid.
        frame_rate: Frames per second of both, to name moments by.
        first_frame_psnr: The result's first frame against the edited frame in dB, None if that is not known.
    """
    found = _measure(reference, result)
    verdict = _verdict(found)
    has_timing = not found.at_rest and verdict != "different motion"
    offsets = found.offsets if has_timing else np.zeros_like(found.offsets)
    agreement = np.ones(found.frames) if found.at_rest else found.watched.around(AROUND).clip(0, 1)
    worst, about_worst = _worst_second(found.watched, frame_rate)
    report = SyncReport(
        verdict=verdict,
        score=round(_score(found, offsets), 3),
        offset_frames=found.offset if has_timing else 0,
        frozen_frames=found.frozen,
        first_frame_psnr=None if first_frame_psnr is None else round(first_frame_psnr, 2),
        worst_frame=worst,
        curves={
            "agreement": _curve(agreement),
            "motion_reference": _curve(reference.speed * (100 / reference.side)),
            "motion_result": _curve(result.speed * (100 / result.side)),
            "offset": _curve(offsets),
        },
        sentences=(),
    )
    sentences = [_in_words(verdict, found, frame_rate)]
    if not found.at_rest:
        sentences.append(f"{_percent(found.watched.share())} of the motion agrees.")
    if report.is_worst_worth_seeing:
        sentences.append(about_worst)
    sentences += _asides(verdict, found)
    if first_frame_psnr is not None:
        sentences.append(_about_first_frame(first_frame_psnr))
    return replace(report, sentences=tuple(sentences))


def _measure(reference: Motion, result: Motion) -> _Findings:
    offsets = follow_offset(reference, result)
    still = stills(reference, result, offsets)
    moving = np.ones(reference.frames, np.bool_)
    for start, length in still:
        moving[start : start + length] = False
    frozen = int(np.count_nonzero(~moving))
    # What stands still has no motion of its own to judge, unless nothing else is left.
    judged = moving if frozen <= STUCK_SHARE * reference.frames else ~moving
    aligned = agree(shifted(reference.flow, offsets), result.flow).share(judged)
    return _Findings(
        watched=agree(reference.flow, result.flow),
        aligned=aligned,
        likeness=likeness(reference.edges, result.edges),
        offsets=offsets,
        offset=round(float(np.median(offsets))),
        frozen=frozen,
        freeze=_freeze(still, offsets),
        turned=turned_round(reference, result, aligned),
        reference_rests=rests(reference, AT_REST),
        result_rests=rests(result, NOISY),
    )


def _verdict(found: _Findings) -> Verdict:
    if found.at_rest:
        return "in sync"
    if not (found.is_stuck or found.is_same_motion):
        return "different motion"
    if found.freeze is not None or found.frozen > STUTTER_SHARE * found.frames:
        return "frozen"
    has_changed = float(np.mean(np.abs(found.offsets - found.offset) >= 2)) > UNSTEADY_SHARE
    if has_changed or abs(_drift(found.offsets)) >= DRIFT:
        return "drifting"
    return "late" if found.offset > 0 else "early" if found.offset < 0 else "in sync"


def _score(found: _Findings, offsets: NDArray[np.int64]) -> float:
    if found.at_rest:
        return 1.0
    if found.reference_rests:
        return 0.0
    agreed = max(0.0, found.watched.share()) * (1 - found.frozen / found.frames)
    by_symmetry = TURNED_ROUND_SCORE if found.turned is not None else 1.0
    return agreed * by_symmetry / (1 + float(np.abs(offsets).mean()) / OFFSET_SCALE)


def _in_words(verdict: Verdict, found: _Findings, frame_rate: Fraction) -> str:
    first, last = int(found.offsets[0]), int(found.offsets[-1])
    late = f"The result is {lag_in_words(found.offset)} ({float(abs(found.offset) / frame_rate):.2f} s)."
    sentences: dict[Verdict, str] = {
        "in sync": "The result keeps time with the clip.",
        "late": late,
        "early": late,
        "drifting": f"The result drifts: {lag_in_words(first)} at the start, {lag_in_words(last)} at the end.",
        "frozen": f"The result stutters: {frames_in_words(found.frozen)} repeat the one before.",
        "different motion": "The result moves differently from the clip.",
    }
    if found.at_rest:
        return "Nothing moves in the clip and in the result: there is no timing to compare."
    if verdict == "frozen" and found.freeze is not None:
        start, length = found.freeze
        return f"The result stands still for {frames_in_words(length)} from {_moment(start, frame_rate)} on."
    if verdict == "different motion" and found.turned is not None:
        return f"The result moves differently from the clip: it looks {found.turned}."
    return sentences[verdict]


def _asides(verdict: Verdict, found: _Findings) -> list[str]:
    if verdict == "frozen":
        return [f"Most of it is {lag_in_words(found.offset)}."] if found.offset else []
    if found.frozen:
        return [f"In {frames_in_words(found.frozen)} the result stands still while the clip moves."]
    return []


def _about_first_frame(psnr: float) -> str:
    return f"The first frame {'is' if psnr >= GOOD_PSNR else 'is not'} the edited frame ({psnr:.1f} dB)."


def _freeze(still: Sequence[tuple[int, int]], offsets: NDArray[np.int64]) -> tuple[int, int] | None:
    """The longest freeze (first frame, number of frames), None where there is none.

    A late result may hold its first frame, and an early one its last, for as long as it is late or early: no freeze.
    """
    freezes: list[tuple[int, int]] = []
    for start, length in still:
        end = start + length
        waited = max(0, int(offsets[min(end, len(offsets) - 1)])) if start <= 2 else 0
        rested = max(0, -int(offsets[start - 1])) if end >= len(offsets) - 1 else 0
        if length - waited - rested >= FREEZE:
            freezes.append((start, length))
    return max(freezes, key=lambda freeze: freeze[1], default=None)


def _drift(offsets: NDArray[np.int64]) -> float:
    """Frames of offset gained over the clip, by the line of least squares."""
    times = np.arange(len(offsets)) - (len(offsets) - 1) / 2
    spread = float(np.square(times).mean())
    return float(np.mean(times * offsets)) / spread * (len(offsets) - 1) if spread else 0.0


def _worst_second(watched: Agreement, frame_rate: Fraction) -> tuple[int, str]:
    """The frame around which motion agrees least, and words on the second around it."""
    frames = len(watched.weight)
    second = min(frames, max(1, round(frame_rate)))
    lost = (watched.weight - watched.agreed).sum(axis=(1, 2))
    sums = np.convolve(lost, np.ones(second), "valid")
    start = int(sums.argmax())
    part = slice(start, start + second)
    least = start + int(watched.around(AROUND)[part].argmin())
    agreed, weight = watched.agreed[part].sum(axis=0), watched.weight[part].sum(axis=0)
    row, column = divmod(int((weight - agreed).argmax()), 3)
    return least, (
        f"The worst second is from {_moment(start, frame_rate)} on: "
        f"{_percent(float(agreed.sum() / weight.sum()))} agrees there, least {PLACES[row][column]}."
    )


def _curve(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(np.round(values.astype(np.float64), 3).tolist())


def _moment(frame: int, frame_rate: Fraction) -> str:
    return f"frame {frame + 1} ({float(frame / frame_rate):.1f} s)"


def _percent(share: float) -> str:
    return f"{100 * max(0.0, share):.0f} %"
