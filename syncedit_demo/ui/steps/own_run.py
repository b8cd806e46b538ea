"""What a visitor does with the run on show: writes a note, keeps it, deletes it, or has its inputs back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from syncedit_demo.errors import SyncEditError
from syncedit_demo.ui.components.run_card import RunCard, run_card
from syncedit_demo.ui.gradio_internals import event_text
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.steps.run_strip import strip_of
from syncedit_demo.ui.updates import Updates
from syncedit_demo.ui.visits.run_facts import BEST, LONGEST_NOTE, line_of, rating_of
from syncedit_demo.ui.visits.visit import Run, Visit

if TYPE_CHECKING:
    from syncedit_demo.ui.steps.result import ResultPanel
    from syncedit_demo.ui.steps.visitor import Visitor


class OwnRun:
    """The card, where it is made, and what it does.

    Attributes:
        card: Its event `again` is the page's matter.
    """

    def __init__(self) -> None:
        self.card = run_card(elem_id="run-card")

    def listen(self, visitor: Visitor, results: ResultPanel) -> None:
        """Do what is asked for with the run on show.

        Args:
            visitor: Who asks.
            results: What the runs are shown in.
        """
        shown = results.shown
        self._results, self._visitor = results, visitor
        events = cast("Any", self.card)
        for event, handler in ((events.note, self.write_note), (events.rate, self.rate), (events.keep, self.keep)):
            visitor.on(event, handler, [shown], [self.card, results.runs], trigger_mode="multiple")
        everything = [*results.outputs, visitor.stored]
        for event, handler in ((events.remove, self.remove), (events.remove_others, self.remove_others)):
            visitor.on(event, handler, [shown], everything, trigger_mode="multiple")

    def write_note(self, visit: Visit, shown: str | None, event: gr.EventData) -> Updates:
        """A note was written about a run."""
        return self._act(visit, shown, event, lambda run: visit.note(run, note=line_of(_text(event), "A note")))

    def rate(self, visit: Visit, shown: str | None, event: gr.EventData) -> Updates:
        """A run is rated by somebody who sees which one it is."""

        def act(run: Run) -> Run:
            rating = rating_of(event_text(event, "rating"))
            return visit.note(run, rating=rating, sentence=line_of(_text(event), "A sentence"), blind=False)

        return self._act(visit, shown, event, act)

    def keep(self, visit: Visit, shown: str | None, event: gr.EventData) -> Updates:
        """A run is to stay when others are deleted, or not any more."""
        return self._act(visit, shown, event, lambda run: visit.note(run, kept=event_text(event, "on") == "on"))

    def remove(self, visit: Visit, shown: str | None, event: gr.EventData) -> Updates:
        """A run is to be deleted."""
        return self._remove(visit, shown, [run for run in visit.runs() if run.id == event_text(event, "id")])

    def remove_others(self, visit: Visit, shown: str | None) -> Updates:
        """All runs that are not kept are to be deleted."""
        return self._remove(visit, shown, [run for run in visit.runs() if not run.facts.kept])

    def _act(self, visit: Visit, shown: str | None, event: gr.EventData, act: Callable[[Run], Run]) -> Updates:
        run = visit.run(event_text(event, "id"))
        if run is None:
            return {}
        trouble = ""
        try:
            run = act(run)
        except SyncEditError as error:
            trouble = explain(error)
        strip = {self._results.runs: strip_of(visit, shown)}
        # By now another one may be on show.
        return {self.card: card_of(run, visit, trouble), **strip} if run.id == shown else strip

    def _remove(self, visit: Visit, shown: str | None, runs: list[Run]) -> Updates:
        trouble = ""
        for run in runs:
            try:
                visit.delete(run)
            except SyncEditError as error:
                trouble = explain(error)
        updates = self._results.after_deletion(visit, shown)
        if trouble and (current := visit.run(updates.get(self._results.shown, shown))):
            updates[self.card] = card_of(current, visit, trouble)
        return {**updates, **self._visitor.remember(visit)}


def run_to_use(visit: Visit, event: gr.EventData) -> Run | None:
    """The run that the event `again` is about, None where it is gone."""
    return visit.run(event_text(event, "id"))


def _text(event: gr.EventData) -> str:
    return event_text(event, "text")


def card_of(run: Run, visit: Visit, trouble: str = "") -> RunCard:
    """What is shown of a run of a visit, and what went wrong with it."""
    return RunCard(
        id=run.id,
        title=run.title,
        note=run.facts.note,
        rating=run.facts.rating,
        sentence=run.facts.sentence,
        best=BEST,
        kept=run.facts.kept,
        others=sum(not each.facts.kept for each in visit.runs()),
        longest=LONGEST_NOTE,
        trouble=trouble,
    )
