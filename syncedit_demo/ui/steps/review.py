"""The review of runs: two at a time without their names, rated, then named; and all ratings to take away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from gradio.data_classes import FileData

from syncedit_demo.errors import PlanError, SyncEditError
from syncedit_demo.media.web_tracks import Playable
from syncedit_demo.ui.components.grid import MOST, Grid, GridVideo, grid
from syncedit_demo.ui.components.notice import plain
from syncedit_demo.ui.components.review import ReviewBoard, review_board
from syncedit_demo.ui.components.sync_view import SyncView
from syncedit_demo.ui.gradio_internals import event_text
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Updates
from syncedit_demo.ui.visits.reviews import Pair, as_csv, as_json, in_step, pairs_of
from syncedit_demo.ui.visits.run_facts import BEST, LONGEST_NOTE, line_of, rating_of
from syncedit_demo.ui.visits.visit import Visit

if TYPE_CHECKING:
    from syncedit_demo.ui.steps.result import ResultPanel
    from syncedit_demo.ui.steps.visitor import Visitor

ALONE = "No two runs here have the same length and frame rate: make another one of the same clip."
HIDDEN = SyncView(sentences=["What was measured is shown with the names."])


@dataclass(frozen=True, slots=True)
class Blind:
    """A review on its way.

    Attributes:
        pair: The runs on show.
        rest: The pairs that come after it.
        revealed: Whether the two are named.
        said: What there is to say of it.
    """

    pair: Pair
    rest: tuple[Pair, ...]
    revealed: bool = False
    said: str = ""


class Review:
    """The components, where it is made, and what they do.

    Attributes:
        blind: State with the `Blind`, None while there is none.
    """

    def __init__(self) -> None:
        self.blind = gr.State(None)
        self.board = review_board(elem_id="review")
        self.grid = grid(elem_id="grid")

    def listen(self, visitor: Visitor, results: ResultPanel) -> None:
        """Follow the runs, and review them when that is asked for.

        Args:
            visitor: Who asks.
            results: What the runs are shown in.
        """
        self._results = results
        board = cast("Any", self.board)
        # The strip has a new value whenever there is another run, or more is known of one.
        followed = [visitor.visit, results.shown, results.beside, self.blind]
        outputs = [self.board, self.blind]
        gr.on([results.runs.change, results.shown.change], self.follow, followed, outputs, **HIDDEN_PROGRESS)
        everything = [*outputs, self.grid, *results.outputs]
        for event, handler in (
            (board.begin, self.begin),
            (board.following, self.go_on),
            (board.judge, self.judge),
            (board.leave, self.leave_review),
        ):
            visitor.on(event, handler, [self.blind], everything, trigger_mode="multiple")
        visitor.on(board.together, self.play_together, [results.shown], [self.board, self.grid])
        cast("Any", self.grid).close(lambda: None, None, self.grid, queue=False, **HIDDEN_PROGRESS)

    def follow(self, visit: Visit | None, shown: str | None, beside: str | None, blind: Blind | None) -> Updates:
        """The runs are others than before, or another one is on show, which ends a review."""
        if visit is None:
            return UNCHANGED
        goes_on = blind is not None and (shown, beside) == (blind.pair if blind.revealed else (None, None))
        if not goes_on:
            blind = None
        return {self.blind: blind, self.board: self._board(visit, blind)}

    def begin(self, visit: Visit, blind: Blind | None) -> Updates:
        """All pairs of the runs are to be compared."""
        del blind
        pairs = pairs_of(visit.runs())
        return self._show(visit, pairs) if pairs else {self.board: self._board(visit, None, ALONE)}

    def play_together(self, visit: Visit, shown: str | None) -> Updates:
        """The runs that can run in step with the one on show, or the latest, are to play at once."""
        runs = visit.runs()
        leading = visit.run(shown) or (runs[-1] if runs else None)
        chosen = in_step(runs, leading, MOST) if leading else []
        if leading is None or len(chosen) < 2:
            return {self.board: self._board(visit, None, ALONE), self.grid: None}
        plan = leading.record.plan
        videos = [
            GridVideo(
                picture=FileData(path=str(Playable.of(run.files.result, run.folder).picture)),
                label=f"{run.title} · {run.edited}",
            )
            for run in chosen
        ]
        return {
            self.grid: Grid(
                videos=videos, width=plan.width, height=plan.height, frames=plan.frames, rate=plan.frame_rate
            )
        }

    def go_on(self, visit: Visit, blind: Blind | None) -> Updates:
        """The next pair is wanted."""
        pairs = list(blind.rest) if blind else []
        return self._show(visit, pairs) if pairs else self.leave_review(visit, blind)

    def judge(self, visit: Visit, blind: Blind | None, event: gr.EventData) -> Updates:
        """The two on show were rated: that is kept, and they are named."""
        runs = [visit.run(each) for each in blind.pair] if blind and not blind.revealed else []
        found = [run for run in runs if run is not None]
        if blind is None or len(found) < 2:
            return self.leave_review(visit, blind)
        try:
            said = [_judged(event, side) for side in ("a", "b")]
            first, second = (
                visit.note(run, rating=rating, sentence=sentence, blind=True)
                for run, (rating, sentence) in zip(found, said, strict=True)
            )
        except SyncEditError as error:
            return {self.board: self._board(visit, blind, explain(error))}
        named = f"A is {first.title} ({first.edited}, {first.made}), rated {first.facts.rating}; "
        named += f"B is {second.title} ({second.edited}, {second.made}), rated {second.facts.rating}."
        blind = replace(blind, revealed=True, said=named)
        return {
            **self._results.show(visit, first, None),
            **self._results.compare(first, second),
            self.blind: blind,
            self.board: self._board(visit, blind),
        }

    def leave_review(self, visit: Visit, blind: Blind | None) -> Updates:
        """The review is over: the latest run is on show, or the two that were named stay."""
        runs, revealed = visit.runs(), blind is not None and blind.revealed
        shown = self._results.show(visit, runs[-1], None) if runs and not revealed else {}
        return {**shown, self.blind: None, self.board: self._board(visit, None)}

    def _show(self, visit: Visit, pairs: list[Pair]) -> Updates:
        pair, *rest = pairs
        first, second = visit.run(pair[0]), visit.run(pair[1])
        if first is None or second is None:
            return self._show(visit, rest) if rest else self.leave_review(visit, None)
        blind, results = Blind(pair, tuple(rest)), self._results
        return {
            **results.clear(),
            **results.strip(visit, None),
            results.player: results.comparison(first, second, "hidden", "hidden"),
            results.caption: plain(["Two of your runs. Which is which is shown when you have rated them."]),
            results.sync: HIDDEN,
            results.follows: False,
            self.grid: None,
            self.blind: blind,
            self.board: self._board(visit, blind),
        }

    def _board(self, visit: Visit, blind: Blind | None, said: str = "") -> ReviewBoard | None:
        runs = visit.runs()
        if not runs:
            return None
        return ReviewBoard(
            runs=len(runs),
            state="idle" if blind is None else "revealed" if blind.revealed else "blind",
            pairs=len(blind.rest) if blind else 0,
            said=said or (blind.said if blind else ""),
            best=BEST,
            longest=LONGEST_NOTE,
            as_csv=as_csv(runs),
            as_json=as_json(runs),
        )


def _judged(event: gr.EventData, side: str) -> tuple[int, str]:
    rating = rating_of(event_text(event, f"rating_{side}"))
    if rating is None:
        message = "Rate both: a rating is a whole number from 1 to 5."
        raise PlanError(message)
    return rating, line_of(event_text(event, f"text_{side}"), "A sentence")
