"""What every writer of frames keeps to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from syncedit_demo.frames import Frame


class FrameWriter(Protocol):
    """A file in the making that takes one frame after the other and holds few of them.

    It is whole once its `with` block ends without an error; after an error it is of no use to anybody.
    """

    def write(self, frame: Frame) -> None:
        """Append one frame, RGB uint8 (height, width, 3), all of one size, not to be changed afterwards.

        Raises:
            OutputError: The disk is full or went away.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
