"""The draft engine: carries the edit along the motion of the reference, on the CPU."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import cv2
import numpy as np

from syncedit_demo.engines import EditJob, Event, Finished, Frames, Preview, Progress, resolve_options
from syncedit_demo.engines.draft.carrier import Carrier
from syncedit_demo.engines.draft.colour import ColourLookup
from syncedit_demo.engines.draft.motion import MotionTracker
from syncedit_demo.engines.draft.warping import resize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from syncedit_demo.engines import Frame, Option, OptionValue
    from syncedit_demo.plan import EditPlan

BASE_AREA = 512 * 512
PREVIEW_EVERY = 8
PREVIEW_SIDE = 512


class DraftEngine:
    """Carries the edit of frame 0 along the motion of the reference."""

    name = "draft"
    title = "Draft (CPU)"
    description = (
        "Carries the edit along the motion of the clip, on any machine. It invents nothing: what frame 0 does not show, "
        "new shapes and what they uncover are beyond it."
    )

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the libraries that decide the pixels."""
        return {"opencv": cv2.__version__, "numpy": np.__version__, "python": platform.python_version()}

    @property
    def options(self) -> tuple[Option, ...]:
        """None: the recipe is fixed."""
        return ()

    def output_size(self, plan: EditPlan, options: Mapping[str, OptionValue]) -> tuple[int, int]:
        """Always the plan's size."""
        resolve_options(self.options, options)
        return plan.width, plan.height

    def run(self, job: EditJob) -> Iterator[Event]:
        """Carry out the job, one frame at a time."""
        plan = job.plan
        frames = job.reference()
        first = next(frames)
        scale = max(1.0, (plan.width * plan.height / BASE_AREA) ** 0.5)
        fine = (round(plan.width / scale), round(plan.height / scale))
        change = cv2.absdiff(first, job.edited_frame).max(axis=-1)
        support = cv2.GaussianBlur((change > 8).astype(np.float32), (0, 0), 2 * scale)
        local = float((support > 0.3).mean()) < 0.35
        lookup = ColourLookup(first, job.edited_frame)
        tracker = MotionTracker(resize(first, fine), resize(support, fine), local=local)
        carrier = Carrier(first, job.edited_frame, lookup, local=local, scale=scale)
        notes: list[str] = []
        yield Frames(job.edited_frame[None])
        for index, frame in enumerate(frames, 1):
            job.raise_if_cancelled()
            was_away = tracker.away
            motion = tracker.step(resize(frame, fine))
            if tracker.away and not was_away:
                notes.append(
                    f"The clip cuts to another scene at frame {index}: "
                    "there the edit's colours are carried over, its details are not."
                )
            elif was_away and not tracker.away:
                notes.append(f"The clip is back in the scene of its first frame at frame {index}.")
            result = carrier.render(frame, motion)
            yield Frames(result[None])
            yield Progress("Following the motion", index + 1, plan.frames)
            if index % PREVIEW_EVERY == 0:
                yield Preview(_small(result), index)
        yield Finished(tuple(notes))


def _small(frame: Frame) -> Frame:
    scale = min(1.0, PREVIEW_SIDE / max(frame.shape[:2]))
    return resize(frame, (round(frame.shape[1] * scale), round(frame.shape[0] * scale)))
