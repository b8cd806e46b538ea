"""Deleting what has become old, in a place where others make and delete files at the same time."""

from __future__ import annotations

import logging
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)


def delete_old_files(settings: Settings) -> None:
    """Delete uploads, and what visits and calls were given and made, once it is older than the settings allow."""
    oldest = time.time() - 3600 * settings.job_max_age_hours
    jobs = settings.jobs_dir
    # What is in the folder of a visit ages piece by piece, and the folder itself when it is empty.
    for folder in (*settings.uploads_dir.glob("painter"), settings.uploads_dir, *jobs.glob("*"), jobs):
        delete_old(folder, oldest)


def delete_old(folder: Path, oldest: float) -> None:
    """Delete the files and folders in a folder in which nothing has changed since a moment.

    What cannot be deleted stays, which is logged; so does whatever somebody else is just deleting.

    Args:
        folder: The folder, which stays; it may be missing.
        oldest: The moment, in seconds since the epoch.
    """
    for each in folder.glob("*"):
        try:
            # A file that is used again is made younger, which its folder does not tell.
            if max(found.lstat().st_mtime for found in (each, *each.rglob("*"))) >= oldest:
                continue
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.warning("what is old cannot be deleted (%s): %s", error.strerror, each)
