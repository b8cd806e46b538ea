"""A file that is still on its way: its bytes, in any order, and a journal of which of them are there.

    NAME.part           the bytes, each in its place
    NAME.part.journal   first what the file is, then a line "start stop" for each run of bytes, once it is written

So whoever goes on with it, another process too, asks for nothing twice, and never puts two files' bytes together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_RUN = re.compile(rb"(\d+) (\d+)\n")


class PartFile:
    """A file on its way to `target`. Use it as a context manager; what has arrived stays when the block fails."""

    def __init__(self, target: Path, identity: str) -> None:
        """Open it, going on with what is there where that is the same file.

        Args:
            target: Where the file goes once it is whole; its folder exists.
            identity: What tells this file from its other versions; one line.
        """
        self.path, self._journal_path = part_paths(target)
        self._head = f"{identity}\n".encode()
        self._target = target
        self.path.touch()
        self._file = self.path.open("r+b", buffering=0)
        self._journal = self._journal_path.open("a+b", buffering=0)
        self._runs = self._read_journal()
        self.done = sum(stop - start for start, stop in self._runs)
        """How many of its bytes are there."""
        if not self._runs:
            self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._journal.close()

    def gaps(self, nbytes: int, longest: int) -> list[tuple[int, int]]:
        """What is missing of a file of so many bytes: (start, stop) in order, none longer than `longest` bytes."""
        # An empty run at the end closes the last gap.
        runs = [*self._runs, (nbytes, nbytes)]
        gaps: list[tuple[int, int]] = []
        end = 0
        for start, stop in runs:
            gaps += [(at, min(at + longest, start)) for at in range(end, start, longest)]
            end = max(end, stop)
        return gaps

    def write(self, start: int, data: bytes) -> None:
        """Put bytes that were missing in their place."""
        self._file.seek(start)
        rest = memoryview(data)
        # A disk that is nearly full takes a part of it, and refuses the next.
        while rest:
            rest = rest[self._file.write(rest) :]
        self._journal.write(f"{start} {start + len(data)}\n".encode())
        self._runs = _merged([*self._runs, (start, start + len(data))])
        self.done += len(data)

    def restart(self) -> None:
        """Throw away what is there."""
        self._file.truncate(0)
        self._journal.truncate(0)
        self._journal.write(self._head)
        self._runs, self.done = [], 0

    def discard(self) -> None:
        """Delete it."""
        self.path.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Move it, being whole, to where it goes."""
        self.path.replace(self._target)
        self._journal_path.unlink(missing_ok=True)

    def _read_journal(self) -> list[tuple[int, int]]:
        self._journal.seek(0)
        head, _, lines = self._journal.read().partition(b"\n")
        if head + b"\n" != self._head:
            return []
        # Nothing beyond the end of the file is there, whatever the journal says. A line that was torn by a kill runs
        # into the next, and what the pattern finds in the two is at most what the next says.
        nbytes = self.path.stat().st_size
        runs = ((int(start), min(int(stop), nbytes)) for start, stop in _RUN.findall(lines))
        return _merged([(start, stop) for start, stop in runs if start < stop])


def part_paths(target: Path) -> tuple[Path, Path]:
    """Where the bytes of a file on its way are, and where their journal is."""
    return target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.journal")


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(runs):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
