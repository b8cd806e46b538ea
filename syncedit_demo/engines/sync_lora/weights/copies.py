"""Whether a file that is there is, to the byte, the one it was copied from, by what was noted when it was fetched.

Two notes are known: the Hub's cache names a file by its hash, and `hf download --local-dir` writes one beside each file
(`.cache/huggingface/download/NAME.metadata`: commit, hash, time). The downloader here writes the same. Large files are
known by their SHA-256, small ones by git's own hash.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.files import FETCH
from syncedit_demo.engines.sync_lora.weights.prepared import CHECK, identify
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT = re.compile(r"[0-9a-f]{40}")
_BLOBS = "blobs"
_CLOCK_SECONDS = 1.0
"""By how much a file system may be late with a time, as the Hub's own program has it."""


def noted_hash(path: Path) -> str | None:
    """The hash that was noted of a file when it was fetched; None where nothing was, or it was written to since."""
    real = path.resolve()
    if real.parent.name == _BLOBS and _is_hash(real.name):
        return real.name
    try:
        _, etag, when = _note(path).read_text(encoding="utf-8").splitlines()[:3]
        is_newer = path.stat().st_mtime - _CLOCK_SECONDS > float(when)
    except (OSError, ValueError):
        return None
    return etag if _is_hash(etag) and not is_newer else None


def note_hash(path: Path, commit: str, etag: str) -> None:
    """Note what a file that was just fetched or verified is."""
    if not _is_hash(etag):
        return
    note = _note(path)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{commit}\n{etag}\n{time.time()}\n", encoding="utf-8")


def has_hash(path: Path, etag: str, name: str) -> Generator[Progress, None, bool]:
    """Read a file through: whether its contents have a hash.

    Args:
        path: The file.
        etag: Its SHA-256 or git's hash of it, in hex; of anything else nothing can be told, and so it passes.
        name: What it is called in the progress.

    Yields:
        Progress in bytes.
    """
    if _SHA256.fullmatch(etag):
        return (yield from identify(path, name)).sha256 == etag
    if not _GIT.fullmatch(etag):
        return True
    data = path.read_bytes()
    yield Progress(f"{CHECK}: {name}", 1, 1)
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == etag


def check_copy(path: Path, sha256: str | None = None) -> Generator[Progress, None, bool]:
    """Hold a file to what was noted of it.

    Args:
        path: The file.
        sha256: Its SHA-256 where it was read through already.

    Yields:
        Progress in bytes.

    Returns:
        Whether there was a note to hold it to.

    Raises:
        EngineError: It is another file than was noted.
    """
    noted = noted_hash(path)
    if noted is None:
        return False
    if sha256 is not None and _SHA256.fullmatch(noted):
        is_same = sha256 == noted
    else:
        is_same = yield from has_hash(path, noted, path.name)
    if not is_same:
        raise EngineError(_says_otherwise(path))
    return True


def unverified(name: str) -> str:
    """What to say of a file that nothing was noted of."""
    return f"{name}: only what is in it vouches for it, since it is not known what it was copied from."


def _says_otherwise(path: Path) -> str:
    real, note = path.resolve(), _note(path)
    if real.parent.name == _BLOBS:
        return f"{path} is damaged: its contents are not those that the Hub's cache names. Delete {real}, then: {FETCH}"
    return (
        f"{path} is not what was fetched there: it is damaged, or was replaced. Where it was replaced on purpose, "
        f"delete {note} alone; else delete the file, then: {FETCH}"
    )


def _note(path: Path) -> Path:
    return path.parent / ".cache" / "huggingface" / "download" / f"{path.name}.metadata"


def _is_hash(text: str) -> bool:
    return bool(_SHA256.fullmatch(text) or _GIT.fullmatch(text))
