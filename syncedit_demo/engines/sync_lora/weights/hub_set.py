"""A prepared set in a Hub repository: fetched into the Hub's cache, verified by its own manifest, and found there.

The cache is laid out as the Hub's own library lays it out, so that `hf cache` shows and deletes it, and what a Space
was given with `preload_from_hub` is found:

    models--OWNER--NAME/blobs/HASH               the files
    models--OWNER--NAME/snapshots/COMMIT/NAME    links to them
    models--OWNER--NAME/refs/REVISION            the commit of a branch
    models--OWNER--NAME/incoming/COMMIT/         what is on its way; nothing of the Hub's own looks there
    models--OWNER--NAME/verified.json            which of the files were read through, and when they were written
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import WeakFileLock

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.download import refusals_in_words
from syncedit_demo.engines.sync_lora.weights.files import prepared_folder
from syncedit_demo.engines.sync_lora.weights.part_file import part_paths
from syncedit_demo.engines.sync_lora.weights.prepared import (
    CHECKPOINT,
    MANIFEST,
    PREPARE,
    PROMPT,
    UPSCALER,
    FileIdentity,
    Manifest,
    identify,
)
from syncedit_demo.engines.sync_lora.weights.remote import Origin, RemoteFile, locate
from syncedit_demo.engines.sync_lora.weights.transfer import Downloader
from syncedit_demo.errors import EngineError
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.settings import SyncLoraSettings

LOCK_SECONDS = 0.1
SHA256_DIGITS = 64


def fetch_prepared(settings: SyncLoraSettings, endpoint: str | None = None) -> Generator[Progress, None, Path]:
    """Fetch what is missing of the set that the settings name, and read it through once.

    What has arrived stays when it is interrupted; calling it again, from another process too, goes on from there.

    Args:
        settings: Name the repository.
        endpoint: The Hub's address; None takes the Hub's own, or that of `HF_ENDPOINT`.

    Yields:
        Progress in bytes, file by file.

    Returns:
        The folder of the set, whole and as its manifest says.

    Raises:
        EngineError: The Hub cannot be reached or does not give a file, what it gives is no prepared set or is not what
            its manifest says, or the disk is full.
    """
    if settings.prepared_repo is None:
        message = "SYNCEDIT_PREPARED_REPO names no repository of a prepared set."
        raise EngineError(message)
    cached = _Cached(settings.prepared_repo)
    with refusals_in_words(cached.folder, PREPARE), ExitStack() as stack:
        lock = Path(constants.HF_HUB_CACHE) / ".locks" / cached.folder.name / "prepared.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            stack.enter_context(WeakFileLock(lock, timeout=LOCK_SECONDS))
        except TimeoutError:
            yield Progress(f"Waiting for another process that fetches {settings.prepared_repo}", 0, 1)
            stack.enter_context(WeakFileLock(lock))
        origin = Origin(endpoint, settings.prepared_repo, settings.prepared_revision)
        try:
            found = yield from locate(origin, cached.folder / MANIFEST)
        except (httpx2.TransportError, OfflineModeIsEnabled) as error:
            # Whoever cannot ask uses what is there.
            return (yield from _verified_here(settings, cached, error))
        except HfHubHTTPError as error:
            if error.response.status_code not in (408, 429, 500, 502, 503, 504):
                raise
            return (yield from _verified_here(settings, cached, error))
        return (yield from _fetch(cached, origin, found))


class _Cached:
    """A repository's place in the Hub's cache."""

    def __init__(self, repo: str) -> None:
        self.repo = repo
        self.folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model")

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit

    def incoming(self, commit: str) -> Path:
        return self.folder / "incoming" / commit

    def take(self, arrived: Path, commit: str, name: str, sha256: str) -> None:
        """Put a file that has arrived where the cache has it."""
        blob, link = self.folder / "blobs" / sha256, self.snapshot(commit) / name
        for folder in (blob.parent, link.parent):
            folder.mkdir(parents=True, exist_ok=True)
        arrived.replace(blob)
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..", "..", "blobs", sha256))

    def name_branch(self, revision: str, commit: str) -> None:
        ref = self.folder / "refs" / revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit, encoding="utf-8")

    def is_verified(self, path: Path, sha256: str) -> bool:
        return self._verified().get(sha256) == _state(path)

    def note_verified(self, path: Path, sha256: str) -> None:
        noted = json.dumps({**self._verified(), sha256: _state(path)})
        partial = self._notes.with_suffix(".part")
        partial.write_text(noted, encoding="utf-8")
        partial.replace(self._notes)

    @property
    def _notes(self) -> Path:
        return self.folder / "verified.json"

    def _verified(self) -> dict[str, list[int]]:
        try:
            noted: object = json.loads(self._notes.read_bytes())
        except (OSError, ValueError):
            return {}
        return cast("dict[str, list[int]]", noted) if isinstance(noted, dict) else {}


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _verified_here(settings: SyncLoraSettings, cached: _Cached, error: Exception) -> Generator[Progress, None, Path]:
    """What is in the cache, where the Hub cannot be asked."""
    try:
        folder = prepared_folder(settings)
        files = _files_of(Manifest.read(folder), cached.repo)
        missing = [file.name for file in files if not (folder / file.name).is_file()]
    except EngineError:
        raise error from None
    if missing:
        raise error
    for file in files:
        yield from _verify(cached, folder / file.name, file)
    return folder


def _fetch(cached: _Cached, origin: Origin, found: RemoteFile) -> Generator[Progress, None, Path]:
    commit = found.commit or origin.revision
    snapshot, incoming = cached.snapshot(commit), cached.incoming(commit)
    origin = Origin(origin.endpoint, origin.repo, commit)
    with Downloader() as downloader:
        if not (snapshot / MANIFEST).is_file():
            yield from _bring(downloader, cached, origin, MANIFEST, None)
        files = _files_of(Manifest.read(snapshot), origin.repo)
        missing = [file for file in files if not (snapshot / file.name).is_file()]
        _check_disk(cached, incoming, missing)
        for file in files:
            if file in missing:
                yield from _bring(downloader, cached, origin, file.name, file)
            yield from _verify(cached, snapshot / file.name, file)
    shutil.rmtree(incoming, ignore_errors=True)
    if origin.revision != found.origin.revision:
        cached.name_branch(found.origin.revision, commit)
    return snapshot


def _bring(
    downloader: Downloader, cached: _Cached, origin: Origin, name: str, wanted: FileIdentity | None
) -> Generator[Progress]:
    """Fetch one file of a commit into the cache; what another commit had already is not fetched again."""
    commit = origin.revision
    if wanted is not None and (blob := cached.folder / "blobs" / wanted.sha256).is_file():
        cached.take(blob, commit, name, wanted.sha256)
        return
    target = cached.incoming(commit) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file():
        remote = yield from locate(origin, target)
        is_other = wanted is not None and (
            remote.nbytes not in (None, wanted.nbytes)
            or (len(remote.etag or "") == SHA256_DIGITS and remote.etag != wanted.sha256)
        )
        if is_other:
            raise EngineError(_not_as_said(origin.repo, name))
        yield from downloader.fetch(remote)
        if wanted is not None and remote.etag == wanted.sha256:
            # It was read through when it arrived.
            cached.take(target, commit, name, wanted.sha256)
            cached.note_verified(cached.snapshot(commit) / name, wanted.sha256)
            return
    sha256 = (yield from identify(target)).sha256
    if wanted is not None and sha256 != wanted.sha256:
        target.unlink()
        raise EngineError(_not_as_said(origin.repo, name))
    cached.take(target, commit, name, sha256)


def _verify(cached: _Cached, path: Path, wanted: FileIdentity) -> Generator[Progress]:
    """Read a file of the cache through, once.

    Raises:
        EngineError: It is not what the manifest says; it is deleted, to be fetched anew.
    """
    if cached.is_verified(path, wanted.sha256):
        return
    found = yield from identify(path, wanted.name)
    if (found.nbytes, found.sha256) != (wanted.nbytes, wanted.sha256):
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        name = f"{wanted.name} of {cached.repo}"
        message = f"{name} was damaged in the Hub's cache and is deleted. Fetch it anew with: {PREPARE}"
        raise EngineError(message)
    cached.note_verified(path, wanted.sha256)


def _files_of(manifest: Manifest, repo: str) -> list[FileIdentity]:
    """The files of a set, which are those of every set."""
    if sorted(file.name for file in manifest.files) != sorted((CHECKPOINT, UPSCALER, PROMPT)):
        message = f"{repo} holds no prepared set of this program: its manifest speaks of other files."
        raise EngineError(message)
    return manifest.files


def _check_disk(cached: _Cached, incoming: Path, missing: list[FileIdentity]) -> None:
    parts = (part_paths(incoming / file.name)[0] for file in missing)
    there = sum(part.stat().st_blocks * 512 for part in parts if part.is_file())
    needed = max(0, sum(file.nbytes for file in missing) - there)
    free = shutil.disk_usage(cached.folder).free
    if free < needed:
        message = (
            f"{gigabytes(needed)} of {cached.repo} are still to be fetched into {cached.folder}, where "
            f"{gigabytes(free)} are free. Make room there, or set HF_HOME to another folder."
        )
        raise EngineError(message)


def _not_as_said(repo: str, name: str) -> str:
    return f"{name} in {repo} is not the file that its manifest speaks of: whoever owns it should upload the set anew."
