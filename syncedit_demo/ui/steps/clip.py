"""Step 1, the clip: what it is, what will be made of it, and its frame 0."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from syncedit_demo.errors import Cancelled, DeletedError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions, conformed_frames, plan_edit
from syncedit_demo.ui.components.clip_card import ClipCard, clip_card
from syncedit_demo.ui.components.notice import bad, busy, notice
from syncedit_demo.ui.components.step_head import StepHead, step_head
from syncedit_demo.ui.components.trim import Trim, trim
from syncedit_demo.ui.messages import explain, facts
from syncedit_demo.ui.steps.presence import Presence
from syncedit_demo.ui.steps.visitor import session_of
from syncedit_demo.ui.updates import UNCHANGED, Outputs, Updates
from syncedit_demo.ui.visits.jobs import CancelFlags
from syncedit_demo.ui.visits.visit import ClipRange, Visit
from syncedit_demo.wording import describe_rate, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.steps.options import Options


logger = logging.getLogger(__name__)

LAST_SIDE = 360
"""Longest side in pixels of the last picture of a part: it is only looked at."""

READING = "Reading the clip …"
ASKING = StepHead(number=1, title="Clip", state="open", summary="Drop a video anywhere, paste it, or choose it")
LOOKING = StepHead(number=1, title="Clip", state="busy", summary=READING)


class ClipStep:
    """The components of the step, where it is made, and what they do.

    Attributes:
        cut: State with the `ClipRange`, None while there is none.
        start: State with the frames that are left out before the part that is used.
        part: State with the `Trim` on show, None while there is none.
        trim: The handles for that part.
        better_start: Offered where that is no picture: begins with the first that is.
        body: What is folded away once there is a clip.
        card: The picture and the facts.
        pictures: The components that show files of the visit.
        outputs: The components that what it does gives values for.
    """

    def __init__(self, service: EditService) -> None:
        self._service = service
        self._copies = CancelFlags()
        self._reading = CancelFlags()
        self._lasts = CancelFlags()
        self._present = Presence[str]()
        self.cut = gr.State(None)
        self.head = step_head(ASKING, elem_id="clip-head")
        self.message = notice(elem_id="clip-message")
        with gr.Column(elem_classes=["plain", "step-body"]) as self.body:
            self.file = gr.File(
                label="Clip",
                elem_id="clip-file",
                show_label=False,
                height=108,
            )
            gr.HTML(f'<p class="hint" id="clip-limits">{_limits(service.settings)}</p>')
            self.card = clip_card(elem_id="clip-card")
            self.trim = trim(elem_id="trim")
            self.better_start = gr.Button(visible=False, elem_id="better-start", size="sm")
        self.start = gr.State(0)
        self.part = gr.State(None)
        self.pictures = (self.head, self.card, self.trim)
        picked: Outputs = (self.file, self.start, self.part, self.trim, self.better_start)
        self.outputs: Outputs = (self.cut, self.head, self.message, self.card, *picked)

    def await_clip(self, file: str | None, session: str) -> Updates:
        """A clip was chosen, or taken away: nothing is shown of the one before, and nothing more made of it.

        Args:
            file: Its file, None where there is none any more.
            session: Whose page it is.
        """
        self._present.put(session, file)
        self._reading.stop(session)
        self._lasts.stop(session)
        self._copies.stop(session)
        return {
            **self._nothing(None),
            self.message: busy(READING) if file else None,
            self.head: LOOKING if file else ASKING,
        }

    def take(
        self,
        visit: Visit,
        file: str | None,
        options: Options,
        session: str,
        at_first: Callable[[EditPlan], int] | None = None,
    ) -> Updates:
        """Inspect a new clip and show its frame 0; another clip, or leaving, ends that.

        Args:
            visit: The visit.
            file: The clip, None where it was taken away.
            options: What is decided.
            session: Whose page it is.
            at_first: How many frames of a plan are used, where the visitor has not decided on a number.

        Returns:
            Nothing where the page has another clip by now.
        """
        if not self.is_wanted(file, session):
            return {}
        cancel = self._reading.start(session)
        if file is None:
            return self._nothing(None)
        try:
            path = visit.keep(Path(file))
            clip, _ = self._service.inspect(path, PlanOptions(), cancel)
            if at_first and options.frames is None:
                plan = plan_edit(clip, options.plan_options())
                frames = at_first(plan)
                options = replace(options, frames=frames if frames < plan.frames else None)
            updates = self._show(visit, path, clip, options, cancel)
        except Exception as error:
            updates = self._nothing(explain(error))
        return updates if self.is_wanted(file, session) and not cancel.is_set else {}

    def replan(
        self, visit: Visit, cut: ClipRange | None, options: Options, session: str, asked: int | None = None
    ) -> Updates:
        """Plan the same clip anew where the options changed.

        Args:
            visit: The visit.
            cut: What there is of the clip.
            options: What is decided.
            session: Whose page it is.
            asked: The number of the event of the handles that this is the answer to, if it is to one.

        Returns:
            Nothing where the page has another clip by now, or a newer plan is made.
        """
        if cut is None:
            return {}
        cancel: CancelFlag | None = None
        try:
            if options.plan_options() == cut.options:
                return {self.message: None, **({} if asked is None else self._part(cut, asked))}
            if not cut.path.exists():
                raise DeletedError(cut.path)
            cancel = self._reading.start(session)
            updates = self._show(visit, cut.path, cut.clip, options, cancel, asked)
        except Exception as error:
            updates = {self.message: bad(explain(error)), **({} if asked is None else self._part(cut, asked))}
        return {} if cancel is not None and cancel.is_set else updates

    def show_last(self, cut: ClipRange | None, part: Trim | None, request: gr.Request) -> Updates:
        """Show the last picture of the part that is used; a newer cut of the same visitor ends that."""
        if cut is None or part is None:
            return UNCHANGED
        cancel = self._lasts.start(session_of(request))
        plan = replace(cut.plan, start=cut.plan.start + cut.plan.frames - 1, frames=1)
        try:
            picture = self._service.first_frame(cut.path, cut.clip, plan, cancel)
        except Exception as error:
            # It is a picture to go by: whatever is wrong with the clip is said where it is used.
            logger.info("the last picture of a part is not shown: %s", error)
            return UNCHANGED
        small = Image.fromarray(picture)
        small.thumbnail((LAST_SIDE, LAST_SIDE))
        last = cut.folder / "last.png"
        write_png(np.asarray(small), last)
        return {self.trim: part.model_copy(update={"last": FileData(path=str(last))})}

    def copy_reference(self, cut: ClipRange | None, request: gr.Request) -> Updates:
        """Make the copy of the clip that browsers play; a newer cut of the same visitor ends that."""
        if cut is None:
            self._copies.stop(session_of(request))
            return UNCHANGED
        cancel = self._copies.start(session_of(request))
        try:
            if not cut.folder.exists():
                raise DeletedError(cut.path)
            if not cut.reference.exists():
                self._service.write_reference(cut.path, cut.clip, cut.plan, cut.reference, cancel)
            self._service.reader.playable(cut.reference, cut.folder, cancel)
        except Cancelled:
            pass
        except Exception as error:
            if not cancel.is_set:
                return {self.message: bad(explain(error))}
        return UNCHANGED

    def show_copy(self, cut: ClipRange) -> Updates:
        """Show the copy, which is there, in the place of frame 0."""
        return {self.card: self._card(cut)}

    def leave(self, session: str) -> None:
        """Stop what is done for a visitor who left."""
        self._copies.stop(session)
        self._reading.stop(session)
        self._lasts.stop(session)
        self._present.leave(session)

    def is_wanted(self, file: str | None, session: str) -> bool:
        """Whether the page has no other clip by now."""
        return self._present.holds(session, file)

    def _show(
        self,
        visit: Visit,
        path: Path,
        clip: ClipInfo,
        options: Options,
        cancel: CancelFlag,
        asked: int | None = None,
    ) -> Updates:
        wanted = options.plan_options()
        plan = plan_edit(clip, wanted)
        cut = visit.new_range(path, clip, wanted, plan)
        write_png(self._service.first_frame(path, clip, plan, cancel), cut.frame)
        return {
            self.cut: cut,
            self.head: self._given(cut),
            self.message: None,
            self.card: self._card(cut),
            self.start: plan.start,
            **self._part(cut, asked),
            self.better_start: gr.update(
                visible=plan.better_start is not None, value=f"Start at frame {(plan.better_start or 0) + 1}"
            ),
        }

    def _nothing(self, why: str | None) -> Updates:
        return {
            self.cut: None,
            self.head: ASKING,
            self.message: bad(why) if why else None,
            self.card: None,
            self.start: 0,
            self.part: None,
            self.trim: None,
            self.better_start: gr.update(visible=False),
        }

    def _part(self, cut: ClipRange, asked: int | None) -> Updates:
        """The handles where a cut has them."""
        plan = cut.plan
        part = Trim(
            first=FileData(path=str(cut.frame)),
            last=None,
            width=plan.width,
            height=plan.height,
            start=plan.start,
            frames=plan.frames,
            total=conformed_frames(cut.clip, plan.frame_rate),
            most=cut.options.max_frames,
            rate=plan.frame_rate,
            asked=asked,
        )
        return {self.part: part, self.trim: part}

    def _given(self, cut: ClipRange) -> StepHead:
        """The step as one line."""
        plan, notes = cut.plan, len(self._service.plan_notes(cut.plan))
        length = facts(f"{float(plan.frames / plan.frame_rate):.1f} s", f"{plan.width}×{plan.height}")
        more = f" · {notes} {'note' if notes == 1 else 'notes'}" if notes else ""
        return StepHead(
            number=1,
            title="Clip",
            state="done",
            summary=f"{length}{more} · {cut.path.name}",
            picture=FileData(path=str(cut.frame)),
        )

    def _card(self, cut: ClipRange) -> ClipCard:
        clip, plan = cut.clip, cut.plan
        width, height = clip.display_size
        rate = describe_rate(clip.average_rate) + (" on average" if clip.variable_rate else "")
        sound = "with sound" if clip.audio else "no sound"
        return ClipCard(
            picture=FileData(path=str(cut.frame)),
            video=FileData(path=str(cut.reference)) if cut.reference.exists() else None,
            width=plan.width,
            height=plan.height,
            source=facts(
                f"{width}×{height}", rate, frames_in_words(clip.frames), f"{float(clip.duration):.1f} s", sound
            ),
            result=facts(f"{plan.width}×{plan.height}", describe_rate(plan.frame_rate), frames_in_words(plan.frames)),
            notes=list(self._service.plan_notes(plan)),
        )


def _limits(settings: Settings) -> str:
    """What is taken, before it is brought."""
    size = f"{settings.max_upload_mb / 1000:g} GB" if settings.max_upload_mb >= 1000 else f"{settings.max_upload_mb} MB"
    return (
        f"mp4, mov, webm, mkv, avi, gif · at most {size}, {settings.max_clip_minutes} min. "
        f"Up to {settings.max_frames} frames of it are edited."
    )
