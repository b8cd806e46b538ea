"""The log: one record is one line and what is indented under it, without names or paths of what visitors brought."""

from __future__ import annotations

import io
import logging
import re
import sys
import time
import traceback
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST = 2000
"""Characters of a line."""

PRINTED_LINES, PRINTED_SECONDS = 1000, 60.0
"""How many lines that libraries print are written in how many seconds; more of them are left out, which is said."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class LineFormatter(logging.Formatter):
    """Writes records so that no text in them can look like a record of its own.

    Args:
        folders: Folders in which all names are visitors'.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__()
        found = sorted({str(form) for folder in folders for form in (folder, folder.resolve())}, key=len, reverse=True)
        self._folders = re.compile(f"(?:{'|'.join(map(re.escape, found))})/.*", re.DOTALL)

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        lines = [f"{record.levelname} {record.name}: {self.line(record.getMessage())}"]
        if record.exc_info and record.exc_info[1]:
            lines += ["    Traceback", *(f"    {line}" for line in self._describe(record.exc_info[1]))]
        return "\n".join(lines)

    def line(self, text: str) -> str:
        """A text as one line, without what lies in the folders."""
        # A name may hold anything: what comes after the folder may be part of it, up to the end.
        return _one_line(self._folders.sub("(a visitor's file)", text.strip()))

    def _describe(self, error: BaseException) -> list[str]:
        lines: list[str] = []
        seen: set[int] = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            frames = traceback.extract_tb(current.__traceback__)
            said = [f"{type(current).__qualname__}: {self.line(str(current))}"]
            for frame in frames:
                said += [f"  {frame.filename}:{frame.lineno} in {frame.name}", f"    {frame.line or ''}"]
            lines += [*(["because of"] if lines else []), *said]
            suppressed = current.__suppress_context__
            current = current.__cause__ or (None if suppressed else current.__context__)
        return lines


class IndentedStream(io.TextIOBase):
    """A stream in which libraries print what they like: each line of it is indented, so that none is a record.

    Args:
        stream: Where it goes.
        formatter: What takes the names out.
    """

    def __init__(self, stream: TextIO, formatter: LineFormatter) -> None:
        self._stream = stream
        self._formatter = formatter
        self._rest = ""
        self._since, self._count = -PRINTED_SECONDS, 0

    def write(self, text: str, /) -> int:
        """Write a text, of which the last line may come to its end later."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if not self._has_room():
                continue
            indent = line[: len(line) - len(line.lstrip(" "))]
            self._stream.write(f"    {indent}{self._formatter.line(line)}\n")
        self._rest = self._rest[:LONGEST]
        return len(text)

    def _has_room(self) -> bool:
        now = time.monotonic()
        if now - self._since >= PRINTED_SECONDS:
            self._since, self._count = now, 0
        self._count += 1
        if self._count == PRINTED_LINES + 1:
            self._stream.write("    (more is printed than is written here)\n")
        return self._count <= PRINTED_LINES

    def flush(self) -> None:
        """Pass on what is whole."""
        self._stream.flush()

    def fileno(self) -> int:
        """The file that it goes to."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Nobody is asked anything here."""
        return False


def write_in_lines(folders: Sequence[Path]) -> None:
    """Have everything that this process logs or prints as an error written like that from now on.

    Args:
        folders: Folders in which all names are visitors'.
    """
    formatter = LineFormatter(folders)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
    sys.stderr = IndentedStream(sys.stderr, formatter)


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)[:LONGEST]
