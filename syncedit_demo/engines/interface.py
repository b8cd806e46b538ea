"""What an engine is: a generator of events over one edit job.

An engine owns no files, no page and no globals. It reads the reference from the job, gives frames back as
events, and looks at the job's cancel flag between steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.options import OptionValue

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from syncedit_demo.engines.options import Option
    from syncedit_demo.frames import Frame
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineName


@dataclass(frozen=True, slots=True, eq=False)
class EditJob:
    """One edit, ready to run.

    Attributes:
        plan: Geometry, frame rate and frame counts of the edit.
        edited_frame: The edited frame 0, registered; `(plan.height, plan.width, 3)`.
        reference: Opens a fresh stream of exactly `plan.frames` reference frames at the plan's geometry and
            rate, frame 0 first. Each call decodes anew, so an engine holds no more frames than it needs.
        seed: Seed of whatever is random in the engine.
        cancel: Set by the user's Stop; looked at between steps.
        options: What the user decided about this engine, by `Option.name`; what is absent has its default.
        previews: Whether somebody looks at `Preview` and `PreviewClip` events: they cost time and are made only then.
    """

    plan: EditPlan
    edited_frame: Frame
    reference: Callable[[], Iterator[Frame]]
    seed: int
    cancel: CancelFlag
    options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    previews: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Step `step` of `total` of a phase is done; `phase` is a short text such as "Following the motion"."""

    phase: str
    step: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A picture of the result so far, of any size."""

    frame: Frame


@dataclass(frozen=True, slots=True, eq=False)
class PreviewClip:
    """The whole result so far as a clip of any size: `(plan.frames, height, width, 3)`, RGB uint8."""

    frames: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The next finished frames in order: `(count, height, width, 3)` all of one size, RGB uint8."""

    frames: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: all `plan.frames` frames were given. `notes` are sentences for the user about the result."""

    notes: tuple[str, ...] = ()


Event = Progress | Preview | PreviewClip | Frames | Finished


class Engine(Protocol):
    """Turns a reference clip and its edited first frame into the edited clip."""

    @property
    def name(self) -> EngineName:
        """The name the command line and the run record use."""
        ...

    @property
    def title(self) -> str:
        """The engine and its device, as shown beside every result it made."""
        ...

    @property
    def description(self) -> str:
        """What it does and what it cannot do, in a sentence or two."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of what decides its pixels, for the run record."""
        ...

    @property
    def options(self) -> tuple[Option, ...]:
        """What the user may decide about it, besides the plan and the seed."""
        ...

    @property
    def uses_seed(self) -> bool:
        """Whether another seed gives another result."""
        ...

    @property
    def devices(self) -> int:
        """How many edits it carries out at once, one on each device."""
        ...

    def cost(self, plan: EditPlan) -> str | None:
        """What an edit takes of something that its user has little of, as a sentence; None where it takes nothing."""
        ...

    def run(self, job: EditJob) -> Generator[Event]:
        """Carry out the job: `Frames` that add up to exactly `plan.frames`, then one `Finished`.

        Raises:
            Cancelled: The job's cancel flag was set.
            EngineError: The engine cannot carry out this plan; the sentence says what would fit.
        """
        ...
