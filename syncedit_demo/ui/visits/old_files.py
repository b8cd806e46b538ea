"""Deleting what has become old, in a place where others make and delete files at the same time."""

from __future__ import annotations

import logging
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from syncedit_demo.ui.visits.room import loose_files

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)

LOOSE_SECONDS = 600
"""Age at which the file of an upload is left over: one that is on its way grows all the time."""

JUMP_SECONDS = 60
"""By how much the clock may differ from the time that went by before it is said to have jumped."""


class Ages:
    """How old files are while the clock may be set.

    Where the clock has jumped, what it says of files from before means nothing: from then on nothing is old until it
    has been there for a whole age more.
    """

    def __init__(self) -> None:
        self._began = time.time() - _gone_by()
        self._since = 0.0

    def oldest(self, seconds: float) -> float:
        """The moment, in seconds since the epoch, before which what has not changed is older than so many seconds."""
        now = time.time()
        began = now - _gone_by()
        if abs(began - self._began) > JUMP_SECONDS:
            logger.warning("the clock was set by %.0f s: nothing is deleted as old for a while", began - self._began)
            self._began, self._since = began, now
        return now - seconds if now - self._since >= seconds else 0.0


def delete_old_files(settings: Settings, ages: Ages | None = None) -> None:
    """Delete uploads, and what visits and calls were given and made, once it is older than the settings allow.

    Args:
        settings: Where they are, and how old they may get.
        ages: What is known of the clock since this process began; without it the clock is believed.
    """
    ages = ages or Ages()
    oldest = ages.oldest(3600 * settings.job_max_age_hours)
    jobs = settings.jobs_dir
    delete_loose_files(settings.uploads_dir, 0.0, ages.oldest(LOOSE_SECONDS))
    # What is in the folder of a visit ages piece by piece, and the folder itself when it is empty.
    for folder in (*settings.uploads_dir.glob("painter"), settings.uploads_dir, *jobs.glob("*"), jobs):
        delete_old(folder, oldest)


def delete_loose_files(uploads: Path, since: float, before: float = float("inf")) -> None:
    """Delete what was left beside the folders of uploads, and last changed between two moments since the epoch."""
    for each in loose_files(uploads):
        # Others do the same, or give an upload its place.
        with suppress(OSError):
            if since <= each.lstat().st_mtime < before:
                # Whoever still has it open would keep its place on the disk.
                os.truncate(each, 0)
                each.unlink()


def delete_old(folder: Path, oldest: float) -> None:
    """Delete the files and folders in a folder in which nothing has changed since a moment.

    What cannot be deleted stays, which is logged; so does whatever somebody else is just deleting. What seems to be of
    the future, as the clock was set back, is of now.

    Args:
        folder: The folder, which stays; it may be missing.
        oldest: The moment, in seconds since the epoch.
    """
    now = time.time()
    for each in folder.glob("*"):
        try:
            # A file that is used again is made younger, which its folder does not tell.
            ages = {found: found.lstat().st_mtime for found in (each, *each.rglob("*"))}
            if max(ages.values()) >= oldest:
                for found in (found for found, changed in ages.items() if changed > now + JUMP_SECONDS):
                    os.utime(found, (now, now), follow_symlinks=False)
                continue
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.warning("what is old cannot be deleted (%s): %s", error.strerror, each)


def _gone_by() -> float:
    """Seconds since some moment, however the clock is set, and also while the machine slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
