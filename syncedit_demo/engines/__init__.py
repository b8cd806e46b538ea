"""What an engine is: a generator of events over one edit job.

An engine owns no files, no page and no globals. It reads the reference from the job, gives frames back as
events, and looks at the job's cancel flag between steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from syncedit_demo.errors import Cancelled, EngineError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame
    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineName

OptionValue = str | int | float | bool
"""What an option can be set to; as JSON has it, so that a run record holds it unchanged."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing the user may decide about an engine, described well enough for a page and a command line to show it.

    Attributes:
        name: Its key in `EditJob.options`; the command line's flag is the same with hyphens.
        label: What the page writes beside it.
        help: What it changes, in a sentence or two.
        default: Its value where the user decides nothing; every value is of this type.
        choices: The values allowed, none where any within the bounds is.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
    """

    name: str
    label: str
    help: str
    default: OptionValue
    choices: tuple[OptionValue, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def check(self, value: OptionValue) -> OptionValue:
        """The value as this option's type.

        Raises:
            EngineError: The value is not allowed; the sentence says which are.
        """
        if isinstance(self.default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(self.default) or not self._allows(value):
            message = f"{self.label}: {value!r} is not possible; {self._allowed()}."
            raise EngineError(message)
        return value

    def _allows(self, value: OptionValue) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(value, str):
            return True
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def _allowed(self) -> str:
        if self.choices:
            return "choose one of " + ", ".join(map(str, self.choices))
        if isinstance(self.default, bool):
            return "it is on or off"
        return f"choose a number from {self.minimum} to {self.maximum}"


def resolve_options(options: tuple[Option, ...], given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Every option of an engine with the value the user gave it or its default.

    Raises:
        EngineError: A name the engine does not have, or a value it does not allow.
    """
    if unknown := given.keys() - {option.name for option in options}:
        known = ", ".join(option.name for option in options) or "none"
        message = f"This engine has no option {', '.join(sorted(unknown))}. Its options: {known}."
        raise EngineError(message)
    return {option.name: option.check(given.get(option.name, option.default)) for option in options}


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
    cancel: threading.Event
    options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    previews: bool = False

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` once the user has asked for a stop."""
        if self.cancel.is_set():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """Step `step` of `total` of a phase is done; `phase` is a short text such as "Following the motion"."""

    phase: str
    step: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A picture of the result so far, of any size; `frame_index` is its place in the clip."""

    frame: Frame
    frame_index: int


@dataclass(frozen=True, slots=True, eq=False)
class PreviewClip:
    """The whole result so far as a clip of any size: `(plan.frames, height, width, 3)`, RGB uint8."""

    frames: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The next finished frames in order: `(count, height, width, 3)` of the engine's `output_size`, RGB uint8."""

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

    def output_size(self, plan: EditPlan, options: Mapping[str, OptionValue]) -> tuple[int, int]:
        """(width, height) of the frames it will give, in pixels: the plan's, or smaller where an option asks for that.

        Raises:
            EngineError: An option is not allowed.
        """
        ...

    def run(self, job: EditJob) -> Generator[Event]:
        """Carry out the job: `Frames` that add up to exactly `plan.frames`, then one `Finished`.

        Raises:
            Cancelled: The job's cancel flag was set.
            EngineError: The engine cannot carry out this plan; the sentence says what would fit.
        """
        ...
