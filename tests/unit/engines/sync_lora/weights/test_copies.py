"""Files are held to what was noted of them when they were fetched."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.engines.sync_lora.weights.copies import check_copy, note_hash, noted_hash
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"the file"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(DATA)
    return path


def is_noted(path: Path) -> bool:
    """Check it to the end; whether there was a note."""
    checking = check_copy(path)
    while True:
        try:
            next(checking)
        except StopIteration as end:
            return end.value


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("etag", [SHA256, git_hash(DATA)])
def test_a_file_is_held_to_its_note(path: Path, etag: str) -> None:
    assert not is_noted(path)
    note_hash(path, "commit", etag)
    assert is_noted(path)
    path.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(EngineError, match="it is damaged, or was replaced"):
        is_noted(path)


def test_the_known_hash_of_git() -> None:
    # `git hash-object --stdin < /dev/null`
    assert git_hash(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_a_file_that_was_written_since_is_another_one(path: Path) -> None:
    note_hash(path, "commit", SHA256)
    later = path.stat().st_mtime + 60
    os.utime(path, (later, later))
    assert noted_hash(path) is None


@pytest.mark.parametrize("note", ["", "commit", f"commit\n{SHA256}\nnever\n", f"commit\nany\n{2**40}\n"])
def test_a_note_of_no_use_is_none(path: Path, note: str) -> None:
    note_hash(path, "commit", SHA256)
    (written,) = path.parent.rglob("*.metadata")
    written.write_text(note)
    assert noted_hash(path) is None


def test_the_hubs_own_program_reads_and_writes_the_same_note(path: Path) -> None:
    from huggingface_hub._local_folder import read_download_metadata, write_download_metadata  # noqa: PLC0415

    note_hash(path, "1" * 40, SHA256)
    read = read_download_metadata(path.parent, path.name)
    assert read is not None
    assert (read.commit_hash, read.etag) == ("1" * 40, SHA256)
    write_download_metadata(path.parent, path.name, "2" * 40, git_hash(DATA))
    assert noted_hash(path) == git_hash(DATA)


def test_a_file_of_the_cache_is_held_to_its_name(tmp_path: Path) -> None:
    blob = tmp_path / "blobs" / SHA256
    blob.parent.mkdir()
    blob.write_bytes(DATA)
    link = tmp_path / "file.bin"
    link.symlink_to(blob)
    assert is_noted(link)
    blob.write_bytes(b"another")
    with pytest.raises(EngineError, match=f"is damaged.*Delete {blob}"):
        is_noted(link)
