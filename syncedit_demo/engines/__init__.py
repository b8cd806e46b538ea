"""What an engine is: a generator of events over one edit job.

An engine owns no files, no page and no globals. It reads the reference from the job, gives frames back as
events, and looks at the job's cancel flag between steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from syncedit_demo.errors import Cancelled, EngineError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from syncedit_demo.plan import EditPlan
    from syncedit_demo.settings import EngineChoice, EngineName

    Frame = NDArray[np.uint8]
    """One picture: RGB, shape (height, width, 3), 0-255, BT.709 primaries and transfer, full range."""

SYNC_LORA_MISSING = "The Sync-LoRA engine is not part of this version."


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
    """

    plan: EditPlan
    edited_frame: Frame
    reference: Callable[[], Iterator[Frame]]
    seed: int
    cancel: threading.Event

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
class Frames:
    """The next finished frames in order: `(count, plan.height, plan.width, 3)`, RGB uint8."""

    frames: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: all `plan.frames` frames were given. `notes` are sentences for the user about the result."""

    notes: tuple[str, ...] = ()


Event = Progress | Preview | Frames | Finished


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

    def run(self, job: EditJob) -> Generator[Event]:
        """Carry out the job: `Frames` that add up to exactly `plan.frames`, then one `Finished`.

        Raises:
            Cancelled: The job's cancel flag was set.
            EngineError: The engine cannot carry out this plan; the sentence says what would fit.
        """
        ...


def choose_engine(choice: EngineChoice) -> tuple[Engine, str]:
    """The engine that a choice means on this machine, and a sentence that says which and why.

    Raises:
        EngineError: The engine asked for by name is not ready; the sentence says what is missing.
    """
    from syncedit_demo.engines.draft import DraftEngine  # noqa: PLC0415 - an engine is imported when it is used

    if choice == "sync-lora":
        raise EngineError(SYNC_LORA_MISSING)
    engine = DraftEngine()
    if choice == "draft":
        return engine, f"Made by the {engine.title}, as asked for."
    return engine, f"Made by the {engine.title}: {SYNC_LORA_MISSING}"


def engine_states() -> dict[str, str]:
    """Every engine by name, and whether it is ready here."""
    return {"draft": "ready", "sync-lora": SYNC_LORA_MISSING}
