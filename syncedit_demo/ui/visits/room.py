"""How much visitors may keep on disk: all of them together, and each visit; asked before anything is kept."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncedit_demo.errors import NoRoomError
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.settings import Settings

MB = 1_000_000

SMALLEST_FILE = 4096
"""Bytes that any file is counted as at least: empty ones fill a disk too."""

KEPT_FREE = 256 * MB
"""Bytes of the disk that are left free, for what is being made; on a small disk it is the `KEPT_SHARE`."""

KEPT_SHARE = 0.05

KNOWN_SECONDS = 2.0
"""How long it is believed what the whole folder holds: counting it takes a while where it holds much."""


@dataclass(slots=True)
class Promise:
    """Room that is kept for an upload, of which so many bytes have come to stay."""

    come: int = 0


class Room:
    """What is left of the working folder.

    Uploads on their way are counted by what they announced; what they have written so far is not counted again.

    Args:
        settings: Where the folder is, and what may be kept in it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        """Held while the folder is counted, which takes long where it holds much."""
        self._sums = threading.Lock()
        """Held while the sums are changed, which takes no time: the server's own loop does so too."""
        self._promised = 0
        self._come = 0
        """Bytes of all uploads that have come."""
        self._counted: tuple[float, int] | None = None
        """When the folder was counted, and what it held then less what had come until the count began."""

    def check(self, nbytes: int = 0) -> None:
        """Refuse what the folder, or the disk it is on, has no room for.

        Raises:
            NoRoomError: `nbytes` more would be too much.
        """
        with self._lock:
            self._check(nbytes)

    def check_visit(self, folder: Path, nbytes: int = 0) -> None:
        """Refuse what a visit has no room for.

        Args:
            folder: The folder of the visit.
            nbytes: What is to be kept in it besides.

        Raises:
            NoRoomError: It would be too much for the visit, for the folder or for the disk.
        """
        limit = self._settings.max_visit_mb * MB
        if disk_use(folder) + nbytes > limit:
            hours = f"{self._settings.job_max_age_hours:g} hours"
            message = (
                f"This visit may keep {gigabytes(limit)}, which is used up: what it has is deleted after {hours}, or "
                "take a shorter clip."
            )
            raise NoRoomError(message)
        self.check(nbytes)

    @contextmanager
    def promised(self, nbytes: int) -> Generator[Promise]:
        """Keep room for what is on its way.

        Raises:
            NoRoomError: There is none.
        """
        promise = Promise()
        with self._lock:
            self._check(nbytes)
            with self._sums:
                self._promised += nbytes
        try:
            yield promise
        finally:
            with self._sums:
                self._promised -= nbytes
                self._come += promise.come

    def disk_is_full(self) -> bool:
        """Whether the disk itself has no more room to give; quick enough to be asked for every piece of an upload."""
        return self._free() <= 0

    def forget(self, upload: Path) -> None:
        """Delete an upload that is not kept, unless a visit keeps the very same one."""
        if upload.is_relative_to(self._settings.uploads_dir):
            with suppress(OSError):
                if upload.stat().st_nlink == 1:
                    upload.unlink()
                    upload.parent.rmdir()

    def _check(self, nbytes: int) -> None:
        wanted = self._promised + nbytes
        limit = self._settings.max_work_mb * MB
        if self._used() + wanted > limit or wanted > self._free():
            message = (
                "There is no room for it on this server now: others' files are deleted as they get old. Try again in "
                "an hour, or take a smaller file."
            )
            raise NoRoomError(message)

    def _used(self) -> int:
        now = time.monotonic()
        if self._counted is None or now - self._counted[0] > KNOWN_SECONDS:
            work, uploads, come = self._settings.work_dir, self._settings.uploads_dir, self._come
            # Some of what comes meanwhile counts twice, and none of it not at all.
            self._counted = (now, disk_use(work) - sum(_size(each) for each in loose_files(uploads)) - come)
        return self._counted[1] + self._come

    def _free(self) -> int:
        """What may still be written to the disk, in bytes."""
        try:
            disk = shutil.disk_usage(self._settings.work_dir)
        except FileNotFoundError:
            # It was deleted and is made anew by whoever keeps something in it.
            return KEPT_FREE
        return disk.free - min(KEPT_FREE, int(disk.total * KEPT_SHARE))


_rooms: dict[str, Room] = {}


def room_of(settings: Settings) -> Room:
    """The one account that this process keeps of a working folder."""
    return _rooms.setdefault(settings.model_dump_json(), Room(settings))


def disk_use(folder: Path) -> int:
    """Bytes of all files in a folder, each counted once whatever the number of its names; 0 where there is none."""
    seen: dict[tuple[int, int], int] = {}
    folders = [os.fspath(folder)]
    while folders:
        # Others delete what is being counted.
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        found = entry.stat(follow_symlinks=False)
                        seen[found.st_dev, found.st_ino] = max(found.st_size, SMALLEST_FILE)
    return sum(seen.values())


def loose_files(uploads: Path) -> list[Path]:
    """What Gradio has of uploads that are on their way, or left of broken ones: their files beside the folders."""
    try:
        with os.scandir(uploads) as entries:
            return [uploads / entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []


def _size(path: Path) -> int:
    with suppress(OSError):
        return max(path.lstat().st_size, SMALLEST_FILE)
    return 0
