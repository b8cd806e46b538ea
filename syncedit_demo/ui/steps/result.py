"""The result: the player, what made it, the downloads, and the strip of this visit's runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from gradio.events import Dependency

from syncedit_demo.media.web_tracks import Playable, picture_size
from syncedit_demo.ui.components.notice import Notice, bad, notice, plain
from syncedit_demo.ui.components.player import Comparison, Side, compare_player
from syncedit_demo.ui.components.sync_view import IN_THE_MAKING, NO_REPORT, SyncView, sync_view
from syncedit_demo.ui.components.tiles import Tiles, picked_tile, tiles
from syncedit_demo.ui.messages import facts
from syncedit_demo.ui.steps.export import ExportStep
from syncedit_demo.ui.steps.introduction import FIRST_EXAMPLE
from syncedit_demo.ui.steps.own_run import OwnRun, card_of
from syncedit_demo.ui.steps.review import Review
from syncedit_demo.ui.steps.run_strip import strip_of
from syncedit_demo.ui.updates import HIDDEN_PROGRESS, UNCHANGED, Outputs, Updates
from syncedit_demo.ui.visits.visit import Run, Visit
from syncedit_demo.wording import describe_rate, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.ui.steps.visitor import Visitor
    from syncedit_demo.ui.visits.examples import Example
    from syncedit_demo.ui.visits.jobs import Arrival
    from syncedit_demo.ui.visits.visit import ClipRange


BOTH = "Download side by side"
NO_COOKIE = (
    "Your browser keeps no cookie of this page, by which it would find its results again: download what you want to "
    "keep before you close or reload it."
)

REACH_RESULT = """() => {
  // What stands above the player on a narrow page gets its height only when its pictures are there.
  const reach = () => document.querySelector("#player .stage").scrollIntoView({ block: "nearest" });
  const growing = new ResizeObserver(reach);
  growing.observe(document.querySelector("#steps"));
  setTimeout(() => growing.disconnect(), 2000);
  reach();
}"""


PLAY_RESULT = """() => document.dispatchEvent(new Event("playplayer"))"""
"""Heard by page.js."""


@dataclass(frozen=True, slots=True)
class Latest:
    """What of the latest run of this page is there; Gradio sees by its hash that more of it is.

    Attributes:
        run_id: The run.
        measured: Whether it has a report.
        whole: Whether nothing of it is still being made.
    """

    run_id: str
    measured: bool
    whole: bool

    @classmethod
    def of(cls, arrival: Arrival) -> Latest:
        """What is there of a run that arrives."""
        return cls(arrival.run.id, arrival.run.record.report is not None, arrival.whole)


class ResultPanel:
    """The components, where it is made, and what they do.

    Attributes:
        shown: State with the id of the run or the name of the example on show, None while there is none.
        beside: State with the id of the run that the one on show is compared with, None for its clip.
        follows: State that says whether the player shows what is made as soon as it is there: from the start of a run
            until the visitor looks at something else.
        latest: State with the `Latest`, None while there is none.
        arrived: State with the id of the run that was put into the player last because it was there.
        outputs: The components that what it does gives values for.

    Args:
        examples: The examples, of which one is on show before there is anything else.
        about: What is said of it until then.
        hours: How long results are kept.
    """

    def __init__(self, examples: Mapping[str, Example], about: gr.HTML, hours: float) -> None:
        self._hours = hours
        self.intro = about
        first = examples.get(FIRST_EXAMPLE)
        self.shown = gr.State(None)
        self.beside = gr.State(None)
        self.follows = gr.State(True)
        self.latest = gr.State(None)
        self.arrived = gr.State(None)
        self.player = compare_player(first and _as_shipped(first), elem_id="player")
        with gr.Column(elem_id="strip", elem_classes="plain"):
            self.runs = tiles(Tiles(tiles=[]), elem_id="runs")
            self.message = notice(elem_id="runs-message")
        self.sync = sync_view(elem_id="sync")
        self.sync_beside = sync_view(None, elem_id="sync-beside")
        # What comes with a result comes below what is always there, so that nothing moves.
        with gr.Row(elem_id="downloads", equal_height=True):
            self.result = gr.DownloadButton("Download result", interactive=False, size="sm", min_width=150)
            self.both = gr.DownloadButton(BOTH, interactive=False, size="sm", min_width=150)
            self.record = gr.DownloadButton("Download record", interactive=False, size="sm", min_width=150)
        self.export = ExportStep()
        self.caption = notice(elem_id="caption")
        self.own = OwnRun()
        self.review = Review()
        with gr.Accordion("How it was made", open=False, elem_id="made"):
            self.notes = notice(elem_id="made-notes")
        self.gone = notice(elem_id="gone-message")
        states = (self.shown, self.beside, self.follows, self.latest, self.arrived)
        downloads = (self.result, self.both, self.record)
        said = (self.caption, self.notes, self.message, self.gone, self.own.card, self.runs)
        self.outputs: Outputs = (*states, self.intro, self.player, self.sync, self.sync_beside, *downloads, *said)

    def listen(self, visitor: Visitor) -> None:
        """Follow what is made, and let a run of the strip be looked at and compared."""
        looked_at = [self.latest, self.shown, self.beside, self.follows]
        self.latest.change(self.take_news, [visitor.visit, *looked_at], self.outputs, **HIDDEN_PROGRESS)
        reach_result(self.arrived.change)
        strip = cast("Any", self.runs)
        reach_result(visitor.on(strip.pick, self.show_run, [self.latest, self.shown], self.outputs))
        reach_result(visitor.on(strip.against, self.compare_runs, [self.shown], self.outputs))

    def take_news(
        self, visit: Visit, latest: Latest | None, shown: str | None, beside: str | None, follows: bool
    ) -> Updates:
        """A run of this page can be looked at, or more of it is there than before."""
        return (latest and self.take(visit, latest, shown, beside, follows)) or UNCHANGED

    def show_run(self, visit: Visit, latest: Latest | None, shown: str | None, event: gr.EventData) -> Updates:
        """A run of the strip is picked."""
        run = visit.run(picked_tile(event))
        return self.choose(visit, run, latest) if run else self.miss(visit, shown)

    def compare_runs(self, visit: Visit, shown: str | None, event: gr.EventData) -> Updates:
        """A run of the strip is to be put beside the one on show."""
        first, second = visit.run(shown), visit.run(picked_tile(event))
        return self.compare(first, second) if second else self.miss(visit, shown)

    def restore(self, visit: Visit, known: int, *, returns: bool) -> Updates:
        """Show what a visit has, and say so when something of it is gone, or will be.

        Args:
            visit: The visit.
            known: How many runs it had.
            returns: Whether the browser finds it again when the page is loaded anew.
        """
        runs = visit.runs()
        gone = self._deleted() if len(runs) < known else None
        if not returns:
            gone = plain([NO_COOKIE])
        return {**(self.show(visit, runs[-1], None) if runs else {}), self.gone: gone}

    def after_deletion(self, visit: Visit, shown: str | None) -> Updates:
        """Runs were deleted: where the one on show is among them, show the latest of the others."""
        runs = visit.runs()
        current = next((run for run in runs if run.id == shown), None)
        if current is not None:
            return self.show(visit, current, None)
        rest = self.show(visit, runs[-1], None) if runs else {**self.clear(), **self.strip(visit, None)}
        return {**rest, self.follows: False}

    def miss(self, visit: Visit, shown: str | None) -> Updates:
        """The visitor wants to look at a run that was deleted since it was put into the strip."""
        return {**self.strip(visit, shown), self.gone: self._deleted()}

    def take(self, visit: Visit, latest: Latest, shown: str | None, beside: str | None, follows: bool) -> Updates:
        """A run can be looked at, or more of it is there: show it, without disturbing what the visitor looks at."""
        run = visit.run(latest.run_id)
        if run is None:
            return {}
        if shown == run.id:
            rest = self._rest(run, latest)
            if beside:
                rest[self.sync] = SyncView.of(run.record.report, f"A · {run.title}")
            return {**rest, **self.strip(visit, shown)}
        if follows:
            return {**self.show(visit, run, latest), self.arrived: run.id}
        updates = self.strip(visit, shown)
        if beside != run.id and not latest.whole:
            updates[self.message] = plain([f"{run.title} is there: choose it to look at it."])
        return updates

    def choose(self, visit: Visit, run: Run, latest: Latest | None) -> Updates:
        """The visitor wants to look at a run."""
        return {**self.show(visit, run, latest), self.follows: False}

    def show(self, visit: Visit, run: Run, latest: Latest | None) -> Updates:
        """Put a run into the player, against its reference."""
        record, files = run.record, run.files
        result = Playable.of(files.result, run.folder)
        return {
            self.intro: None,
            self.player: Comparison.of(
                record.plan,
                Side.of(Playable.of(files.reference, run.folder), "Reference"),
                Side.of(result, f"{record.engine.title} · {run.title}"),
            ),
            **self._describe(record, f"{run.title}, {run.edited}", result.picture),
            **self._rest(run, latest),
            self.shown: run.id,
            self.beside: None,
            self.sync_beside: None,
            self.own.card: card_of(run, visit),
            **self.strip(visit, run.id),
        }

    def compare(self, first: Run | None, second: Run) -> Updates:
        """Put a run into the player against the one that is on show."""
        if first is None:
            return {self.message: plain(["First choose the run to compare it with."])}
        if not first.keeps_step_with(second):
            lines = f"{first.title} and {second.title} differ in length or frame rate, so they cannot run in step."
            return {self.message: bad(lines)}

        labels = (f"{run.title} · seed {run.record.seed}" for run in (first, second))
        return {
            self.player: self.comparison(first, second, *labels),
            self.caption: plain([f"{first.title} against {second.title}. Downloads are of {first.title}."]),
            self.sync: SyncView.of(first.record.report, f"A · {first.title}"),
            self.sync_beside: SyncView.of(second.record.report, f"B · {second.title}"),
            self.message: None,
            self.beside: second.id,
            self.follows: False,
        }

    def comparison(self, first: Run, second: Run, *labels: str) -> Comparison:
        """Two runs of the same length and rate in the player, each called by a label."""
        playable = (Playable.of(run.files.result, run.folder) for run in (first, second))
        reference, result = (Side.of(each, label) for each, label in zip(playable, labels, strict=True))
        one, other = first.record, second.record
        same = one.clip_file.sha256 == other.clip_file.sha256 and one.plan.start == other.plan.start
        clip = Playable.of(first.files.reference, first.folder)
        return Comparison.of(other.plan, reference, result, Side.of(clip, "Clip" if same else "Clip of A"))

    def show_clip(self, cut: ClipRange) -> Updates:
        """Keep the place of the result of a clip that has none yet."""
        return {
            **self.clear(),
            self.player: Comparison.of(cut.plan, Side.of(Playable.of(cut.reference, cut.folder), "Reference")),
        }

    def show_example(self, visit: Visit, example: Example) -> Updates:
        """Put a finished example into the player."""
        record, folder = example.record, visit.example_folder(example.name)
        result = Playable.of(example.output, folder)
        return {
            **self.clear(),
            self.player: Comparison.of(
                record.plan,
                Side.of(Playable.of(example.reference, folder), "Reference"),
                Side.of(result, record.engine.title),
            ),
            **self._describe(record, f"Example “{example.title}”", result.picture),
            self.sync: SyncView.of(record.report),
            self.result: gr.update(value=str(example.output), interactive=True),
            self.shown: example.name,
            self.follows: False,
        }

    def clear(self) -> Updates:
        """Show nothing."""
        off = gr.update(value=None, interactive=False)
        return {
            self.intro: None,
            self.player: None,
            self.sync: NO_REPORT,
            self.sync_beside: None,
            self.caption: None,
            self.notes: None,
            self.result: off,
            self.both: gr.update(value=None, interactive=False, label=BOTH),
            self.record: off,
            self.shown: None,
            self.beside: None,
            self.message: None,
            self.own.card: None,
        }

    def _deleted(self) -> Notice:
        hours = f"{self._hours:g} hours"
        return Notice(tone="plain", lines=[f"Earlier results of this visit were deleted: they are kept for {hours}."])

    def _describe(self, record: RunRecord, title: str, picture: Path) -> Updates:
        plan = record.plan
        # An engine may make its result smaller than was planned, if asked to.
        width, height = picture_size(picture)
        rate, frames = describe_rate(plan.frame_rate), frames_in_words(plan.frames)
        what = facts(f"{width}×{height}", rate, frames, f"seed {record.seed}")
        return {
            self.caption: plain([f"{title}, made by {record.engine.title}", what]),
            self.notes: plain(record.notes),
            self.message: None,
        }

    def _rest(self, run: Run, latest: Latest | None) -> Updates:
        """What is there of a run beside its pictures: what is still being made is said to be, and cannot be fetched."""
        report, files = run.record.report, run.files
        making = latest is not None and latest.run_id == run.id and not latest.whole
        recorded = files.record.exists()
        if files.side_by_side.exists():
            both = gr.update(value=str(files.side_by_side), interactive=True, label=BOTH)
        else:
            label = "Making side by side …" if making else "No side by side"
            both = gr.update(value=None, interactive=False, label=label)
        return {
            self.sync: IN_THE_MAKING if making and report is None else SyncView.of(report),
            self.result: gr.update(value=str(files.result), interactive=True),
            self.both: both,
            # It comes with the report, or with the stop of that.
            self.record: gr.update(value=str(files.record) if recorded else None, interactive=recorded),
        }

    def strip(self, visit: Visit, shown: str | None) -> Updates:
        """The runs of the visit, of which one is on show."""
        return {self.runs: strip_of(visit, shown)}


def reach_result(event: Dependency | Callable[..., Any]) -> None:
    """Bring the player into sight after an event, or at one."""
    listen = event.then if isinstance(event, Dependency) else event
    listen(None, js=REACH_RESULT)


def play_result(event: Dependency) -> None:
    """Bring the player into sight after an event, and have it play where the visitor has not asked for less motion."""
    event.then(None, js=REACH_RESULT).then(None, js=PLAY_RESULT)


def _as_shipped(example: Example) -> Comparison:
    """An example without sound in the player, of which nothing has to be made for that."""
    return Comparison.of(
        example.record.plan,
        Side.of(Playable(example.reference, None), "Reference"),
        Side.of(Playable(example.output, None), example.record.engine.title),
    )
