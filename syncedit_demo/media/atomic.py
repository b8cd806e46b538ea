"""Files that are whole or not there: written into a staging folder beside their target and moved when they are done."""

from __future__ import annotations

import errno
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Generator

WRITE_FAILURES = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EFBIG: "the file would be larger than is allowed here: write somewhere else",
    errno.EROFS: "the folder is read-only: write somewhere else",
    errno.EACCES: "the folder is not writable: write somewhere else",
    errno.EPERM: "the folder is not writable: write somewhere else",
    errno.ENOENT: "the folder does not exist: make it first",
    errno.ENOTDIR: "the folder does not exist: make it first",
    errno.ENAMETOOLONG: "its name is too long: choose a shorter one",
}


STAGING_PREFIX = ".syncedit-"
"""What the names of staging folders begin with: one that is there while nobody works in it was left by a process that
was killed."""


@contextmanager
def output_errors(target: Path) -> Generator[None]:
    """Turn a failure to write into a sentence that names `target`.

    Raises:
        OutputError: Writing failed for a reason the user can mend.
    """
    try:
        yield
    except OSError as error:
        reason = WRITE_FAILURES.get(error.errno or 0)
        if reason is None:
            raise
        raise OutputError(target, reason) from error


def check_target(target: Path, suffix: str, inputs: tuple[Path, ...]) -> None:
    """Refuse a target before any work is done for it.

    Raises:
        OutputError: The target has another suffix, is a folder, is one of the inputs, or its folder is missing or not
            writable.
    """
    reason = None
    # Where its folder is closed, or its name too long, even to ask what it is fails.
    with output_errors(target):
        if target.suffix.lower() != suffix:
            reason = f"its name must end in {suffix}"
        elif target.is_dir():
            reason = "it is a folder: name a file in it"
        elif any(target.exists() and source.exists() and target.samefile(source) for source in inputs):
            reason = "it is one of the inputs: choose another name"
    if reason:
        raise OutputError(target, reason)
    # A folder can be closed to writing in many ways: doing it is what tells.
    with staging(target):
        pass


@contextmanager
def staging(target: Path) -> Generator[Path]:
    """A folder beside `target` for files in the making; gone afterwards, whatever happens.

    Raises:
        OutputError: The folder of `target` is missing or not writable.
    """
    with output_errors(target):
        folder = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(finished: Path, target: Path) -> None:
    """Move a whole file to where it belongs, replacing what is there in one step.

    Raises:
        OutputError: The target's folder is not writable.
    """
    with output_errors(target):
        finished.replace(target)


def write_whole(content: bytes, target: Path) -> None:
    """Write a small file, whole or not at all.

    Raises:
        OutputError: The disk is full, or the folder is missing or not writable.
    """
    with staging(target) as folder:
        with output_errors(target):
            (folder / target.name).write_bytes(content)
        publish(folder / target.name, target)
