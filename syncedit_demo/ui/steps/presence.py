"""Which file each open page holds by now: an answer about another one comes too late."""

from __future__ import annotations

from typing import Generic, TypeVar

File = TypeVar("File")


class Presence(Generic[File]):
    """The file of each page, None where it was taken away; a page that is not known holds whatever is asked about."""

    def __init__(self) -> None:
        self._files: dict[str, File | None] = {}

    def put(self, session: str, file: File | None) -> None:
        """A page holds this file from now on."""
        self._files[session] = file

    def leave(self, session: str) -> None:
        """A page is closed."""
        self._files.pop(session, None)

    def holds(self, session: str, file: File | None) -> bool:
        """Whether a page holds no other file by now."""
        return self._files.get(session, file) == file
