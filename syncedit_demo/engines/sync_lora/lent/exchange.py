"""What passes between the server and the worker that has the GPU: a job, small messages, and pictures in files.

Everything here can be pickled. A picture is an array in a file of the job's folder, mapped by whoever reads it, so that
the pipe between the two carries names alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.engines.interface import Event, Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.errors import Cancelled
from syncedit_demo.plan import EditPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from syncedit_demo.frames import Frame

REFERENCE, EDITED, STOP = "reference.npy", "edited.npy", "stop"
PICTURES: tuple[type[Preview | PreviewClip | Frames], ...] = (Preview, PreviewClip, Frames)


@dataclass(frozen=True, slots=True)
class LentJob:
    """One edit for the worker.

    Attributes:
        folder: Holds `REFERENCE`, `(plan.frames, plan.height, plan.width, 3)` RGB uint8, and `EDITED`, one such frame;
            `STOP` appears in it when the edit is to be stopped.
        plan: The edit's.
        seed: Of what is random.
        options: What the user decided, by name.
        previews: Whether somebody looks at previews.
    """

    folder: Path
    plan: EditPlan
    seed: int
    options: Mapping[str, OptionValue]
    previews: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """A picture, or several, in a file: number `kind` of `PICTURES`."""

    kind: int
    file: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """The edit ended in what the user can mend; `sentence` says what. Without one it was stopped."""

    sentence: str | None


Message = Progress | Finished | Handed | Refused


class StopFile(CancelFlag):
    """A cancel flag that another process sets, by making a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @property
    def is_set(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def raise_if_set(self) -> None:
        """End the work where a stop was asked for.

        Raises:
            Cancelled: It was.
        """
        if self.is_set:
            raise Cancelled


class Handing:
    """Turns an engine's events into messages, in the worker.

    Args:
        folder: Where pictures go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def message(self, event: Event) -> Message:
        """The event as it crosses."""
        if isinstance(event, (Progress, Finished)):
            return event
        picture = event.frame if isinstance(event, Preview) else event.frames
        file = self._folder / f"{next(self._numbers)}.npy"
        np.save(file, picture)
        return Handed(PICTURES.index(type(event)), file)


def event_of(message: Progress | Finished | Handed) -> Event:
    """The event that a message was, in the server; the file goes when nobody looks at the picture any more."""
    if not isinstance(message, Handed):
        return message
    picture = np.load(message.file, mmap_mode="r")
    message.file.unlink()
    return PICTURES[message.kind](picture)


def open_reference(folder: Path) -> Iterator[Frame]:
    """The reference's frames, from the start."""
    frames: NDArray[np.uint8] = np.load(folder / REFERENCE, mmap_mode="r")
    return iter(frames)
