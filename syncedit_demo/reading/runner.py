"""Where the work of reading is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.frames import Frame, Size

Result = TypeVar("Result")


class Runner(Protocol):
    """Carries out functions that read a file of a user.

    What is carried out is a function of a module, and all that it takes and gives can be pickled.
    """

    def call(self, file: str, work: Callable[..., Result], *arguments: object, cancel: CancelFlag) -> Result:
        """What a function gives.

        Args:
            file: What is read, as it is named to the user.
            work: The function.
            arguments: What it takes.
            cancel: Set it from anywhere to stop.

        Raises:
            SyncEditError: What the function raises, or why it cannot be carried out here.
            Cancelled: The flag was set.
        """
        ...

    def frames(
        self, file: str, size: Size, work: Callable[..., Generator[Frame]], *arguments: object, cancel: CancelFlag
    ) -> Generator[Frame]:
        """The frames that a function gives, one after the other, each the caller's own. Close it to end the work.

        Args:
            file: What is read, as it is named to the user.
            size: (width, height) of the frames.
            work: The function.
            arguments: What it takes.
            cancel: Set it from anywhere to stop.

        Raises:
            SyncEditError: What the function raises, or why it cannot be carried out here.
            Cancelled: The flag was set.
        """
        ...

    def close(self) -> None:
        """Free what is held; it may not be used any more."""
        ...


class HereRunner:
    """Does the work in this process, as for a user who reads files of their own."""

    def call(self, file: str, work: Callable[..., Result], *arguments: object, cancel: CancelFlag) -> Result:  # noqa: ARG002
        """See `Runner`. A stop is honoured before and after the work."""
        cancel.raise_if_set()
        result = work(*arguments)
        cancel.raise_if_set()
        return result

    def frames(
        self,
        file: str,  # noqa: ARG002
        size: Size,  # noqa: ARG002
        work: Callable[..., Generator[Frame]],
        *arguments: object,
        cancel: CancelFlag,
    ) -> Generator[Frame]:
        """See `Runner`."""
        return cancel.guard(work(*arguments))

    def close(self) -> None:
        """See `Runner`."""
