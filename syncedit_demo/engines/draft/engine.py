"""The draft engine: carries the edit along the motion of the reference, on the CPU."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.engines.draft.carrier import Carrier
from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.local_motion import LocalTracker
from syncedit_demo.engines.draft.look import LearnedLook, learnt_look
from syncedit_demo.engines.draft.motion import Motion, MotionTracker
from syncedit_demo.engines.draft.network import Check
from syncedit_demo.engines.draft.scene import SceneWatcher
from syncedit_demo.engines.draft.screen import ScreenLight, screen_light
from syncedit_demo.engines.draft.warping import blur, resize
from syncedit_demo.engines.draft.wide_motion import WideTracker
from syncedit_demo.engines.interface import EditJob, Event, Finished, Frames, Preview, Progress
from syncedit_demo.engines.options import QUALITY, resolve_options
from syncedit_demo.frames import size_of
from syncedit_demo.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from syncedit_demo.engines.draft.warping import Floats
    from syncedit_demo.engines.options import Option
    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineName

MOTION_AREA = 512 * 512
"""Motion of larger frames is followed at this area: it is smooth, and only what is shown needs every pixel."""

VISIBLE_CHANGE = 8
"""Difference in levels from which a pixel of frame 0 counts as edited."""

EDITED = 0.3
"""Share of visibly changed pixels around from which a place counts as edited."""

LOCAL_SHARE = 0.35
"""Edited share of frame 0 below which an edit is of one thing."""

EVERYWHERE_SHARE = 0.7
"""Edited share of frame 0 above which an edit is a look of the whole picture."""


PHASE = "Following the motion"
PREVIEW_EVERY = 8
PREVIEW_SIDE = 512


class DraftEngine:
    """Carries the edit of frame 0 along the motion of the reference.

    What of the edit is a function of colour, or of what is around a pixel, is applied to each frame's own colours;
    light that is fixed to the screen stays there; the rest is carried along the optical flow to where its surface is
    seen. One frame is worked on at a time, and the same job gives the same pixels.
    """

    name: EngineName = "draft"
    options: tuple[Option, ...] = (QUALITY,)
    uses_seed = False
    devices = 1
    title = "Draft engine (CPU)"
    description = (
        "Carries the edit along the motion of the clip, on any machine. It invents nothing: new shapes, and what "
        "the first frame does not show, are beyond it."
    )

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the libraries that decide the pixels."""
        return {"opencv": cv2.__version__, "numpy": np.__version__}

    def cost(self, plan: EditPlan) -> None:
        """An edit costs its user nothing."""

    def run(self, job: EditJob) -> Generator[Event]:
        """Carry out the job; every plan fits.

        Yields:
            `Frames` of the plan's size, or of half of it for a preview.

        Raises:
            EngineError: An option is unknown or not possible.
            Cancelled: The job's cancel flag was set.
        """
        plan, edited = job.plan, job.edited_frame
        reference = job.reference()
        if resolve_options(self.options, job.options)["quality"] == "preview":
            half = (plan.width // 2, plan.height // 2)
            edited = resize(edited, half)
            reference = (resize(frame, half) for frame in reference)
        job.cancel.raise_if_set()
        first = next(reference)
        yield Frames(edited[None])
        yield Progress(PHASE, 1, plan.frames)

        propagated = _propagated(first, edited, reference, job.cancel.raise_if_set)
        other_scene = False
        notes: list[str] = []
        # Closed at a stop too: a thread may be reading the reference, which is the caller's to close.
        with closing(propagated):
            for index, (result, is_other_scene) in enumerate(propagated, 1):
                job.cancel.raise_if_set()
                if is_other_scene and not other_scene:
                    notes.append(
                        f"The clip cuts to another scene at frame {index + 1}: there the edit's colours are carried "
                        "over, its details are not."
                    )
                elif other_scene and not is_other_scene:
                    notes.append(f"The clip is back in its first scene at frame {index + 1}.")
                other_scene = is_other_scene
                yield Frames(result[None])
                yield Progress(PHASE, index + 1, plan.frames)
                if index % PREVIEW_EVERY == 0:
                    yield Preview(_reduced(result))
        yield Finished(tuple(notes))


def _propagated(first: Frame, edited: Frame, reference: Iterator[Frame], check: Check) -> Generator[tuple[Frame, bool]]:
    """The edited frames after the first, and whether each shows another scene than frame 0.

    What comes before the first of them takes a while; `check` is called meanwhile, and raises what ends it.
    """
    wide = float((_edit_mask(first, edited, 1) > EDITED).mean()) >= LOCAL_SHARE
    light = screen_light(first, edited) if wide else None
    if light is None:
        return _unlit(first, edited, reference, check)
    unlit = _unlit(first, light.removed(edited), reference, check)
    return _lit(unlit, light)


def _lit(unlit: Generator[tuple[Frame, bool]], light: ScreenLight) -> Generator[tuple[Frame, bool]]:
    with closing(unlit):
        for frame, other_scene in unlit:
            yield light.added(frame), other_scene


def _unlit(first: Frame, edited: Frame, reference: Iterator[Frame], check: Check) -> Generator[tuple[Frame, bool]]:
    """The same for an edit without light of the screen."""
    width, height = size_of(first)
    scale = max(1.0, (width * height / MOTION_AREA) ** 0.5)
    motion_size = (round(width / scale), round(height / scale))
    edit_mask = _edit_mask(first, edited, scale)
    covered = float((edit_mask > EDITED).mean())
    everywhere = covered > EVERYWHERE_SHARE
    stride = round(scale)
    lookup = ColourLookup(first[::stride, ::stride], edited[::stride, ::stride], everywhere=everywhere)
    look = learnt_look(first, edited, lookup, everywhere=everywhere, check=check)
    small_first = resize(first, motion_size)
    if look is not None:
        return _looked(reference, look, SceneWatcher(small_first), motion_size)
    local = 0 < covered < LOCAL_SHARE
    tracker = (LocalTracker if local else WideTracker)(small_first, resize(edit_mask, motion_size))
    return _carried(reference, Carrier(first, edited, lookup, local=local, scale=scale), tracker, motion_size)


def _looked(
    reference: Iterator[Frame], look: LearnedLook, watcher: SceneWatcher, motion_size: Size
) -> Generator[tuple[Frame, bool]]:
    """What frames look like needs no motion, and two are worked on at a time."""
    with ThreadPoolExecutor(2) as workers:
        waiting: deque[tuple[Future[Frame], bool]] = deque()
        for frame in reference:
            other_scene = watcher.is_other_scene(resize(frame, motion_size))
            waiting.append((workers.submit(look.apply, frame), other_scene))
            if len(waiting) > 1:
                following, other_scene = waiting.popleft()
                yield following.result(), other_scene
        for following, other_scene in waiting:
            yield following.result(), other_scene


def _carried(
    reference: Iterator[Frame], carrier: Carrier, tracker: MotionTracker, motion_size: Size
) -> Generator[tuple[Frame, bool]]:
    with closing(prefetch(_followed(reference, tracker, motion_size))) as followed:
        for frame, small, motion, other_scene in followed:
            yield carrier.render(frame, tracker.refine(motion, small)), other_scene


def _followed(
    reference: Iterator[Frame], tracker: MotionTracker, size: Size
) -> Generator[tuple[Frame, Frame, Motion, bool]]:
    """The frames after the first, whole and reduced, their motion, and whether they show another scene than frame 0."""
    for frame in reference:
        small = resize(frame, size)
        yield frame, small, tracker.step(small), tracker.other_scene


def _edit_mask(first: Frame, edited: Frame, scale: float) -> Floats:
    """Where frame 0 is edited: 0-1, with soft edges."""
    changed = cv2.absdiff(first, edited).max(axis=-1) > VISIBLE_CHANGE
    return blur(changed.astype(np.float32), 2 * scale)


def _reduced(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    scale = min(1.0, PREVIEW_SIDE / max(height, width))
    return resize(frame, (round(width * scale), round(height * scale)))
