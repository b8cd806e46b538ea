"""The working folder as a server finds it: made private, shared with other servers, and rid of what is half made."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from syncedit_demo.edits.record import load_record, record_path, write_record
from syncedit_demo.errors import SettingsError, SyncEditError
from syncedit_demo.media.atomic import STAGING_PREFIX
from syncedit_demo.ui.visits.old_files import delete_loose_files
from syncedit_demo.ui.visits.visit import RESULTS, RUN_PREFIX, RunFiles

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)

PRIVATE = 0o700
LOCK_NAME = ".served"


def make_private(settings: Settings) -> None:
    """Make the folders that hold what visitors bring and get, for nobody else on this machine to read.

    They may be there before; whatever this process makes later is private too.

    Raises:
        SettingsError: They cannot be made, or somebody else could change them.
    """
    reason = None
    try:
        if sys.platform != "win32":
            # Of the process: Gradio makes folders and files without saying for whom.
            os.umask(0o077)
        for folder in (settings.work_dir, settings.jobs_dir, settings.uploads_dir):
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be used: {(error.strerror or 'unknown reason').lower()}"
    else:
        # Whoever names a folder knows whose it is; the name of the one of nobody's choice can be foreseen by others.
        chosen = "work_dir" in settings.model_fields_set
        if sys.platform != "win32" and not chosen and settings.work_dir.stat().st_uid != os.getuid():
            reason = "belongs to somebody else, who could read what is kept there"
    if reason is not None:
        message = f"The working folder {settings.work_dir} {reason}. Name another one in SYNCEDIT_WORK_DIR."
        raise SettingsError(message)
    for folder in (settings.work_dir, settings.jobs_dir, settings.uploads_dir):
        _close_to_others(folder)


def occupy(settings: Settings) -> BinaryIO | None:
    """Say that this process serves from the folder, until the file that comes back is closed or the process ends.

    Where no other one does, what an earlier one left half made is swept first.

    Returns:
        What holds the place; None where the system has no such locks, and nothing is swept.
    """
    if sys.platform == "win32":
        return None
    try:
        held = (settings.work_dir / LOCK_NAME).open("wb")
    except OSError as error:
        logger.warning("the working folder cannot be held: %s", error)
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        logger.warning("another server uses %s too: what is half made there is left alone", settings.work_dir)
    else:
        sweep_half_made(settings)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def sweep_half_made(settings: Settings) -> None:
    """Delete what nobody is making any more, and write down the runs that are whole but for their record."""
    delete_loose_files(settings.uploads_dir, 0.0)
    for staged in settings.jobs_dir.glob(f"*/*/{STAGING_PREFIX}*"):
        shutil.rmtree(staged, ignore_errors=True)
    for folder in settings.jobs_dir.glob(f"*/{RUN_PREFIX}*"):
        if not any(folder.glob("*.record.json")) and not any(map(_write_down, _results(folder))):
            shutil.rmtree(folder, ignore_errors=True)


def _results(folder: Path) -> Iterator[Path]:
    """Results in a folder of a run with all that is needed to look at them."""
    for result in folder.glob(RESULTS):
        with suppress(SyncEditError):
            files = RunFiles.of(folder, load_record(result).clip_file.path)
            if files.result == result and files.reference.exists() and files.picture.exists():
                yield result


def _write_down(result: Path) -> bool:
    """Whether the record that a result holds is beside it now too."""
    with suppress(SyncEditError):
        write_record(load_record(result), result)
    return record_path(result).exists()


def _close_to_others(folder: Path) -> None:
    """Take from others what they may do in a folder of this user that is not meant for everybody."""
    if sys.platform == "win32":
        return
    found = folder.stat()
    # A folder such as /tmp may be named by mistake, and is everybody's.
    if found.st_uid != os.getuid() or found.st_mode & stat.S_ISVTX or stat.S_IMODE(found.st_mode) == PRIVATE:
        return
    try:
        folder.chmod(PRIVATE)
    except OSError as error:
        logger.warning("others on this machine may read %s: %s", folder, error.strerror)
