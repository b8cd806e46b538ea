"""What was read of a file, kept for as long as the file stays as it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it is now: equal to every other name of the same file, since each run of the page gives it another."""

    path: Path = field(compare=False)
    state: tuple[int, int, int, int] | None

    @classmethod
    def of(cls, path: Path) -> FileState:
        """The file of this name; reading it will say if there is none."""
        try:
            found = path.stat()
        except OSError:
            return cls(path, None)
        return cls(path, (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size))


class Kept(Generic[Value]):
    """The values that were asked for last.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, which is made where it is not kept; what goes wrong then is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
