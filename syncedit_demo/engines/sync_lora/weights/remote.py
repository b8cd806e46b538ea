"""Where a file is on the Hub, how large it is, and by what its contents are known."""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.known import PUBLISHED_REPO, PUBLISHED_REVISION
from syncedit_demo.engines.sync_lora.weights.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Origin:
    """A revision of a repository; `endpoint` is the Hub's address, None its own or that of `HF_ENDPOINT`."""

    endpoint: str | None
    repo: str
    revision: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file on the Hub and where it goes.

    Attributes:
        origin: Where it was looked for.
        commit: The commit that it was found in, "" where the Hub does not say.
        url: Where it is, of that commit, so that what is taken up again later is the same file.
        target: Where it goes.
        nbytes: Its size; None where the Hub does not say.
        etag: The SHA-256 of a large file, the git hash of a small one, anything where the server is no Hub.
    """

    origin: Origin
    commit: str
    url: str
    target: Path
    nbytes: int | None
    etag: str | None


def locate(origin: Origin, target: Path) -> Generator[Progress, None, RemoteFile]:
    """Ask where the file of the target's name is.

    Yields:
        Progress, while a busy Hub is waited for.

    Raises:
        HfHubHTTPError, httpx2.HTTPError: The Hub does not give it, or cannot be reached.
    """
    try:
        return (yield from patiently(lambda: _locate_at(origin, origin.revision, target)))
    except RemoteEntryNotFoundError:
        # Files have been taken out of the main branch before; the commit that had all of them still does.
        if (origin.repo, origin.revision) != (PUBLISHED_REPO, "main"):
            raise
        return (yield from patiently(lambda: _locate_at(origin, PUBLISHED_REVISION, target)))


def patiently(ask: Callable[[], Answer]) -> Generator[Progress, None, Answer]:
    """Ask the Hub, and where it is busy, again when it wants to be asked."""
    patience = Patience()
    while True:
        try:
            return ask()
        except HfHubHTTPError as error:
            pause = patience.pause(error)
            yield Progress(waiting(error, pause), 0, 1)
            time.sleep(pause)


def waiting(error: Exception, pause: float) -> str:
    """What to say while nothing is asked for."""
    if isinstance(error, HfHubHTTPError):
        return f"The Hub is busy ({error.response.status_code}): waiting {pause:.0f} s"
    return f"The connection broke or fell silent: going on in {pause:.0f} s"


def _locate_at(origin: Origin, revision: str, target: Path) -> RemoteFile:
    endpoint, repo = origin.endpoint, origin.repo
    found = get_hf_file_metadata(hf_hub_url(repo, target.name, revision=revision, endpoint=endpoint), endpoint=endpoint)
    commit = found.commit_hash or ""
    url = hf_hub_url(repo, target.name, revision=commit or revision, endpoint=endpoint)
    return RemoteFile(origin, commit, url, target, found.size, found.etag)
