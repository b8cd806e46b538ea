"""Fetching the weights from the Hub.

Measured on a local server, huggingface_hub 2.4.0 begins a file anew after a kill, throws away what arrived when it
gives up, and takes a wrong byte for whole. So it is asked where a file is and what its hash is; `transfer` fetches it.
"""

from __future__ import annotations

import errno
import shutil
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import WeakFileLock

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.copies import has_hash, note_hash, noted_hash
from syncedit_demo.engines.sync_lora.weights.files import (
    FETCH,
    FILE_NAMES,
    GEMMA_CONFIG,
    GEMMA_FILES,
    GEMMA_FOLDER,
    Slot,
    find_gemma,
    find_weights,
    hub_source,
)
from syncedit_demo.engines.sync_lora.weights.part_file import part_paths
from syncedit_demo.engines.sync_lora.weights.patience import BUSY, retry_after
from syncedit_demo.engines.sync_lora.weights.prepared import PROMPT, identify
from syncedit_demo.engines.sync_lora.weights.prompt import base_of_prompt
from syncedit_demo.engines.sync_lora.weights.remote import Origin, RemoteFile, locate, patiently
from syncedit_demo.engines.sync_lora.weights.transfer import SILENCE_SECONDS, Downloader
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from syncedit_demo.wording import gigabytes

if TYPE_CHECKING:
    from collections.abc import Generator

LOCK = ".download.lock"
LOCK_SECONDS = 0.1
PREPARED_SHARE = 0.63
"""Size of the prepared set by that of the checkpoint that it is made of: 29 GB of 46."""

UNAUTHORIZED = 401


def download(settings: SyncLoraSettings, endpoint: str | None = None) -> Generator[Progress]:
    """Fetch what is missing of the four files and, where the prompt is not encoded yet, Gemma.

    What has arrived stays when it is interrupted; calling it again goes on from there. Of several processes that fetch
    into one folder one does, and the others wait for it. What was put there by hand is held to what the Hub has.

    Args:
        settings: What is wanted, from where, and the folder it goes into.
        endpoint: The Hub's address; None takes the Hub's own, or that of `HF_ENDPOINT`.

    Yields:
        Progress in bytes, file by file; first that of telling whether an encoded prompt is this base's.

    Raises:
        EngineError: The Hub cannot be reached or does not give a file, a file is damaged, or the disk is full.
    """
    with refusals_in_words(settings.weights), ExitStack() as stack:
        settings.weights.mkdir(parents=True, exist_ok=True)
        lock = settings.weights / LOCK
        try:
            stack.enter_context(WeakFileLock(lock, timeout=LOCK_SECONDS))
        except TimeoutError:
            yield Progress(f"Waiting for another process that fetches into {settings.weights}", 0, 1)
            stack.enter_context(WeakFileLock(lock))
        yield from _download(settings, endpoint)


def _download(settings: SyncLoraSettings, endpoint: str | None) -> Generator[Progress]:
    found = find_weights(settings)
    files: dict[Slot, RemoteFile] = {}
    for slot, path in found.items():
        if path is None:
            origin = Origin(endpoint, *hub_source(settings, slot))
            files[slot] = yield from locate(origin, settings.weights / FILE_NAMES[slot])
    wanted = list(files.values())
    base = found[Slot.BASE] or files[Slot.BASE]
    gemma: list[Path] = []
    gemma_origin = Origin(endpoint, settings.gemma_repo, settings.gemma_revision)
    if not (yield from _is_prompt_encoded(settings, base)):
        folder = find_gemma(settings)
        if folder is None:
            folder = settings.weights / GEMMA_FOLDER
            wanted += yield from _locate_missing(gemma_origin, folder)
        gemma = [path for path in folder.glob("*") if GEMMA_FILES.fullmatch(path.name)]
    if wanted:
        _check_disk(settings, wanted, base)
        with Downloader() as downloader:
            for file in wanted:
                file.target.parent.mkdir(parents=True, exist_ok=True)
                yield from downloader.fetch(file)
    # The others are known by their hash to whoever prepares them.
    if (lora := found[Slot.SYNC_LORA]) is not None:
        yield from _hold_to_hub(Origin(endpoint, *hub_source(settings, Slot.SYNC_LORA)), lora)
    for path in gemma:
        yield from _hold_to_hub(gemma_origin, path)


def _locate_missing(gemma: Origin, folder: Path) -> Generator[Progress, None, list[RemoteFile]]:
    """What is missing of Gemma in a folder."""
    api = HfApi(gemma.endpoint)
    info = yield from patiently(lambda: api.model_info(gemma.repo, revision=gemma.revision, timeout=SILENCE_SECONDS))
    names = [each.rfilename for each in info.siblings or [] if GEMMA_FILES.fullmatch(each.rfilename)]
    missing: list[RemoteFile] = []
    # The configuration comes last: without it the folder does not count as whole.
    for name in sorted(names, key=lambda name: (name == GEMMA_CONFIG, name)):
        if not (folder / name).is_file():
            missing.append((yield from locate(gemma, folder / name)))
    return missing


def _is_prompt_encoded(settings: SyncLoraSettings, base: Path | RemoteFile) -> Generator[Progress, None, bool]:
    """Whether the prompt's embedding is there and by this base."""
    made_from = base_of_prompt(settings.prepared / PROMPT)
    if made_from is None:
        return False
    sha256 = base.etag if isinstance(base, RemoteFile) else (yield from identify(base)).sha256
    return made_from == sha256


def _hold_to_hub(origin: Origin, path: Path) -> Generator[Progress]:
    """Compare a file that was put there by hand with the Hub's, where the Hub has it; note that it is the same.

    Raises:
        EngineError: It is not.
    """
    if noted_hash(path) is not None:
        # Whoever prepares it holds it to that.
        return
    try:
        file = yield from locate(origin, path)
    except (httpx2.HTTPError, OfflineModeIsEnabled):
        # Nobody can be asked; whoever prepares it says so.
        return
    is_same = file.nbytes in (None, path.stat().st_size) and (yield from has_hash(path, file.etag or "", path.name))
    if not is_same:
        message = (
            f"{path} is not what the Hub has: it is damaged, or another file. Delete it and fetch it with: {FETCH}, or "
            "leave out --download to take it as it is."
        )
        raise EngineError(message)
    note_hash(path, file.commit, file.etag or "")


def _check_disk(settings: SyncLoraSettings, files: list[RemoteFile], base: Path | RemoteFile) -> None:
    """Refuse to begin what does not fit, with the prepared set that will be made of this base."""
    parts = (part_paths(file.target)[0] for file in files)
    # What is in a file with holes.
    there = sum(part.stat().st_blocks * 512 for part in parts if part.is_file())
    needed = max(0, sum(file.nbytes or 0 for file in files) - there)
    of_base = base.stat().st_size if isinstance(base, Path) else base.nbytes or 0
    to_make = int(of_base * PREPARED_SHARE)
    set_parent = next(path for path in (settings.prepared, *settings.prepared.absolute().parents) if path.exists())
    is_one_disk = set_parent.stat().st_dev == settings.weights.stat().st_dev
    free = shutil.disk_usage(settings.weights).free
    # The set's own disk, where it has one, is looked at before the set is made.
    if free < needed + to_make * is_one_disk:
        beside = f" and {gigabytes(to_make)} made of them in {settings.prepared}" if is_one_disk else ""
        other = "SYNCEDIT_WEIGHTS or SYNCEDIT_PREPARED" if beside else "SYNCEDIT_WEIGHTS"
        message = (
            f"{gigabytes(needed)} are still to be fetched into {settings.weights}{beside}, where {gigabytes(free)} are "
            f"free. Make room there or set {other} to another folder."
        )
        raise EngineError(message)


@contextmanager
def refusals_in_words(place: Path, again: str = FETCH) -> Generator[None]:
    """What the Hub, the connection or the disk refuses in this block is told in a sentence.

    Args:
        place: Where files go.
        again: The command that goes on.

    Raises:
        EngineError: Something was refused.
    """
    try:
        yield
    except GatedRepoError as error:
        message = (
            f"The Hub gives {error.response.url} only to those who accepted its licence: accept it on the "
            "model's page, run `hf auth login`, then try again."
        )
        raise EngineError(message) from error
    except HfHubHTTPError as error:
        raise EngineError(_refusal(error, again)) from error
    except (httpx2.HTTPError, OfflineModeIsEnabled) as error:
        reason = str(error) or type(error).__name__
        message = f"The connection to the Hub failed ({reason}). What has arrived is kept; go on with: {again}"
        raise EngineError(message) from error
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        message = f"The weights cannot be written to {place}: {reason}. Go on with: {again}"
        raise EngineError(message) from error


def _refusal(error: HfHubHTTPError, again: str) -> str:
    response = error.response
    if response.status_code == UNAUTHORIZED:
        return (
            f"The Hub gives {response.url} to none it does not know, or there is no such file: run "
            f"`hf auth login`, then go on with: {again}"
        )
    if response.status_code in BUSY:
        asked = retry_after(response.headers, time.time())
        later = f" and asks to come back in {max(1, round(asked / 60))} min" if asked else ""
        return f"The Hub is busy ({response.status_code}){later}. What has arrived is kept; go on then with: {again}"
    return f"The Hub does not give {response.url} ({response.status_code}). Try: {again}"
