"""A disk of its own that is small, where this machine lets one be made."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Generator[None]:
    """A file system of so many kilobytes at `place`; the test is skipped where none can be mounted."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    """Make a small disk read-only ("ro"), or writable again ("rw")."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)
