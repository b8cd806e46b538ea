"""Everything a user can cause to go wrong.

`str(error)` is what the user reads: plain sentences that say what is wrong and what to do about it.
Anything that is not in this tree is a defect of the program and is logged whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SyncEditError(Exception):
    """Something the user can mend."""


class ClipError(SyncEditError):
    """The clip cannot be read, or holds no usable video."""


class LimitError(SyncEditError):
    """A file costs more than is allowed here: the sentence names the limit."""


class ReaderError(SyncEditError):
    """The process that read a file broke down over it."""


class PlanError(SyncEditError):
    """The options asked for do not fit the clip or the model."""


class EditedFrameError(SyncEditError):
    """The edited frame cannot be read, or does not belong to this clip."""


class EngineError(SyncEditError):
    """The engine asked for is not ready, or cannot carry out this plan."""


class OutputError(SyncEditError):
    """A file cannot be written where it was asked for.

    Args:
        target: The file.
        reason: What is wrong and what to do about it, a clause.
    """

    def __init__(self, target: Path, reason: str) -> None:
        super().__init__(f"{target} cannot be written: {reason}.")
        self.target = target
        self.reason = reason

    def __reduce__(self) -> tuple[type[OutputError], tuple[Path, str]]:
        # It may come from another process.
        return OutputError, (self.target, self.reason)


class FaceModelError(SyncEditError):
    """Faces cannot be followed: the landmark model or the library that runs it is missing or of no use."""


class RecordError(SyncEditError):
    """A run record is missing, broken, or no longer matches its inputs."""


class DeletedError(SyncEditError):
    """A file of a visit that is still looked at was deleted.

    Args:
        file: The file.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file.name} is not kept any more: choose it again.")


class NoRoomError(SyncEditError):
    """What visitors may keep on disk is used up."""


class BusyError(SyncEditError):
    """More work waits than is taken on."""


class SettingsError(SyncEditError):
    """An environment variable of the program holds something it cannot hold, or names what cannot be used."""


class SpaceError(SyncEditError):
    """A Space cannot be made or brought up to date."""


class Cancelled(Exception):  # noqa: N818 - a request that was honoured, not an error
    """The job was stopped because its user asked for it."""
