"""Fetching the weights from the Hub: resumed where it broke off, even by another process, and verified.

The Hub's own library starts a file anew when its process ended before the file did, which for files of 46 GB is not
what one wants. So it is asked where a file is, how large it is and what its SHA-256 is; the bytes are read here.
"""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
from huggingface_hub import HfApi, get_hf_file_metadata, get_session, hf_hub_url
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RemoteEntryNotFoundError
from huggingface_hub.utils import build_hf_headers

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.files import (
    FETCH,
    FILE_NAMES,
    GEMMA_CONFIG,
    GEMMA_FOLDER,
    Slot,
    find_gemma,
    find_weights,
    hub_source,
)
from syncedit_demo.engines.sync_lora.weights.known import PUBLISHED_REPO, PUBLISHED_REVISION
from syncedit_demo.engines.sync_lora.weights.prepared import PROMPT, identify
from syncedit_demo.engines.sync_lora.weights.prompt import base_of_prompt
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

DOWNLOAD = "Downloading"
GEMMA_FILES = re.compile(r"[^/]+\.(json|safetensors|model)")
SHA256 = re.compile(r"[0-9a-f]{64}")
CHUNK_BYTES = 1 << 20
"""What is lost at most when a connection breaks."""

ATTEMPTS = 5
"""How often a broken connection is taken up again before any byte has come through."""

PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 30.0
"""How long a connection may give nothing before it counts as broken; the Hub's own library would wait for ever."""

PARTIAL_CONTENT = 206
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file on the Hub and where it goes; `sha256` is None for the small text files, which the Hub keeps in git."""

    url: str
    target: Path
    nbytes: int
    sha256: str | None


def download(settings: SyncLoraSettings, endpoint: str | None = None) -> Generator[Progress]:
    """Fetch what is missing of the four files and, where the prompt is not encoded yet, Gemma.

    What has arrived stays when it is interrupted; calling it again goes on from there.

    Args:
        settings: What is wanted, from where, and the folder it goes into.
        endpoint: The Hub's address; None takes the Hub's own, or that of `HF_ENDPOINT`.

    Yields:
        Progress in bytes, file by file; first that of telling whether an encoded prompt is this base's.

    Raises:
        EngineError: The Hub cannot be reached or does not give a file, it arrived damaged, or the disk is full.
    """
    try:
        files = yield from _wanted(settings, endpoint)
        settings.weights.mkdir(parents=True, exist_ok=True)
        _check_disk(files, settings.weights)
        for file in files:
            file.target.parent.mkdir(parents=True, exist_ok=True)
            yield from _fetch(file)
    except GatedRepoError as error:
        message = (
            f"The Hub gives {error.response.url} only to those who accepted its licence: accept it on the "
            "model's page, run `hf auth login`, then try again."
        )
        raise EngineError(message) from error
    except HfHubHTTPError as error:
        if error.response.status_code == UNAUTHORIZED:
            message = (
                f"The Hub gives {error.response.url} to none it does not know, or there is no such file: run "
                f"`hf auth login`, then go on with: {FETCH}"
            )
            raise EngineError(message) from error
        message = f"The Hub does not give {error.response.url} ({error.response.status_code}). Try: {FETCH}"
        raise EngineError(message) from error
    except (httpx2.HTTPError, OfflineModeIsEnabled) as error:
        message = f"The connection to the Hub failed ({error}). What has arrived is kept; go on with: {FETCH}"
        raise EngineError(message) from error
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        message = f"The weights cannot be written to {settings.weights}: {reason}. Go on with: {FETCH}"
        raise EngineError(message) from error


def _wanted(settings: SyncLoraSettings, endpoint: str | None) -> Generator[Progress, None, list[RemoteFile]]:
    found = find_weights(settings)
    files = {
        slot: _locate(endpoint, *hub_source(settings, slot), settings.weights / FILE_NAMES[slot])
        for slot, path in found.items()
        if path is None
    }
    wanted = list(files.values())
    if find_gemma(settings) is None and not (
        yield from _is_prompt_encoded(settings, found[Slot.BASE] or files[Slot.BASE])
    ):
        repo, revision = settings.gemma_repo, settings.gemma_revision
        siblings = HfApi(endpoint).model_info(repo, revision=revision, timeout=SILENCE_SECONDS).siblings or []
        names = [sibling.rfilename for sibling in siblings if GEMMA_FILES.fullmatch(sibling.rfilename)]
        # The configuration comes last: without it the folder does not count as whole.
        for name in sorted(names, key=lambda name: (name == GEMMA_CONFIG, name)):
            target = settings.weights / GEMMA_FOLDER / name
            if not target.is_file():
                wanted.append(_locate(endpoint, repo, revision, target))
    return wanted


def _is_prompt_encoded(settings: SyncLoraSettings, base: Path | RemoteFile) -> Generator[Progress, None, bool]:
    """Whether the prompt's embedding is there and by this base."""
    made_from = base_of_prompt(settings.prepared / PROMPT)
    if made_from is None:
        return False
    sha256 = base.sha256 if isinstance(base, RemoteFile) else (yield from identify(base)).sha256
    return made_from == sha256


def _locate(endpoint: str | None, repo: str, revision: str, target: Path) -> RemoteFile:
    try:
        return _locate_at(endpoint, repo, revision, target)
    except RemoteEntryNotFoundError:
        # Files have been taken out of the main branch before; the commit that had all of them still does.
        if (repo, revision) != (PUBLISHED_REPO, "main"):
            raise
        return _locate_at(endpoint, repo, PUBLISHED_REVISION, target)


def _locate_at(endpoint: str | None, repo: str, revision: str, target: Path) -> RemoteFile:
    found = get_hf_file_metadata(hf_hub_url(repo, target.name, revision=revision, endpoint=endpoint), endpoint=endpoint)
    # Pinned to the commit, so that what is taken up again later is the same file.
    url = hf_hub_url(repo, target.name, revision=found.commit_hash or revision, endpoint=endpoint)
    etag = found.etag or ""
    return RemoteFile(url, target, found.size or 0, etag if SHA256.fullmatch(etag) else None)


def _fetch(file: RemoteFile) -> Generator[Progress]:
    part = file.target.with_name(f"{file.target.name}.part")
    phase = f"{DOWNLOAD} {file.target.name}"
    digest = hashlib.sha256()
    done = 0
    attempts = 0
    with part.open("a+b") as output:
        output.seek(0)
        while chunk := output.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            yield Progress(phase, min(done, file.nbytes), file.nbytes)
        while done < file.nbytes:
            before = done
            try:
                with _request(file, done) as response:
                    response.raise_for_status()
                    if response.status_code != PARTIAL_CONTENT:
                        # The server sends the file from its start, whatever was asked for.
                        output.truncate(0)
                        digest, done = hashlib.sha256(), 0
                    for chunk in response.iter_bytes(CHUNK_BYTES):
                        output.write(chunk)
                        digest.update(chunk)
                        done += len(chunk)
                        yield Progress(phase, min(done, file.nbytes), file.nbytes)
            except httpx2.HTTPError:
                attempts = 0 if done > before else attempts + 1
                if attempts == ATTEMPTS:
                    raise
                time.sleep(PAUSE_SECONDS * attempts)
    if done != file.nbytes or file.sha256 not in (None, digest.hexdigest()):
        part.unlink()
        message = f"{file.target.name} arrived damaged and was thrown away. Fetch it again with: {FETCH}"
        raise EngineError(message)
    part.replace(file.target)


def _request(file: RemoteFile, start: int) -> AbstractContextManager[httpx2.Response]:
    headers = build_hf_headers() | {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
    return get_session().stream("GET", file.url, headers=headers, follow_redirects=True, timeout=SILENCE_SECONDS)


def _check_disk(files: list[RemoteFile], folder: Path) -> None:
    parts = (file.target.with_name(f"{file.target.name}.part") for file in files)
    there = sum(part.stat().st_size for part in parts if part.is_file())
    needed = sum(file.nbytes for file in files) - there
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = (
            f"{gigabytes(needed)} are still to be fetched into {folder}, where {gigabytes(free)} are free. "
            "Make room there or set SYNCEDIT_WEIGHTS to another folder."
        )
        raise EngineError(message)
