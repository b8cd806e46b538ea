"""The prepared set into a Hub repository, with the licences it stands under and a card that says how it was made.

Large files go up one after the other by the Hub's own client, which asks first what the Hub has already; one commit
then makes all of them the repository's, so that it never holds half a set.
"""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import re
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, validate_repo_id

from syncedit_demo import __version__
from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.card import describe
from syncedit_demo.engines.sync_lora.weights.files import Slot, hub_source
from syncedit_demo.engines.sync_lora.weights.patience import Patience
from syncedit_demo.engines.sync_lora.weights.prepared import MANIFEST, identify, open_prepared
from syncedit_demo.engines.sync_lora.weights.remote import waiting
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from syncedit_demo.settings import SyncLoraSettings

Answer = TypeVar("Answer")

UPLOAD = "Uploading"
CARD = "README.md"
_NOTICES = re.compile(r"(LICENSE|LICENCE|NOTICE)[^/]*", re.IGNORECASE)
MAX_NOTICE_BYTES = 1_000_000
SECONDS = 60.0


def upload_prepared(
    settings: SyncLoraSettings, repo: str, *, private: bool = False, endpoint: str | None = None
) -> Generator[Progress, None, str]:
    """Put the prepared set into a repository, which is made where there is none.

    What the Hub has already of it is not sent again, so that calling it again after a break goes on.

    Args:
        settings: Where the set is, and what it was made of.
        repo: "OWNER/NAME".
        private: Whether a repository that is made is seen by its owner alone.
        endpoint: The Hub's address; None takes the Hub's own, or that of `HF_ENDPOINT`.

    Yields:
        Progress, file by file.

    Returns:
        Where the commit can be looked at.

    Raises:
        EngineError: There is no whole set, a licence is not found, the Hub refuses, or the connection keeps failing.
    """
    check_repo(repo)
    prepared = open_prepared(settings.prepared)
    for file in prepared.manifest.files:
        if (yield from identify(settings.prepared / file.name)) != file:
            message = f"{settings.prepared / file.name} is damaged: its contents are not what the set's manifest says."
            raise EngineError(message)
    with_manifest = [*(file.name for file in prepared.manifest.files), MANIFEST]
    try:
        notices = yield from _notices(settings, endpoint)
        card = describe(prepared.manifest, settings, repo, list(notices))
        texts = {**notices, CARD: card.encode()}
        additions = [CommitOperationAdd(name, str(settings.prepared / name)) for name in with_manifest]
        additions += [CommitOperationAdd(name, data) for name, data in texts.items()]
        api = HfApi(endpoint)
        yield from _patiently(lambda: api.create_repo(repo, private=private, exist_ok=True))
        for index, addition in enumerate(additions):
            yield Progress(f"{UPLOAD} {addition.path_in_repo}", index, len(additions))

            def send(addition: CommitOperationAdd = addition) -> None:
                api.preupload_lfs_files(repo, [addition])

            yield from _patiently(send)
        message = f"Prepared set made by SyncEdit Demo {__version__}"
        made = yield from _patiently(lambda: api.create_commit(repo, additions, commit_message=message))
        yield Progress(UPLOAD, len(additions), len(additions))
    except (HfHubHTTPError, httpx2.HTTPError, OfflineModeIsEnabled) as error:
        raise EngineError(_refusal(error, repo)) from error
    return made.commit_url


def check_repo(repo: str) -> None:
    """Refuse a name that no repository can have.

    Raises:
        EngineError: It is none.
    """
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        message = f"{repo!r} is no name of a repository: give it as OWNER/NAME."
        raise EngineError(message) from error
    if "/" not in repo:
        message = f"{repo!r} names no owner: give it as OWNER/NAME."
        raise EngineError(message)


def _notices(settings: SyncLoraSettings, endpoint: str | None) -> Generator[Progress, None, dict[str, bytes]]:
    """The licences of base and Sync-LoRA by the name they get here: those in the weights' folder, else the Hub's.

    Raises:
        EngineError: The base's, without which it may not be passed on, is not found.
    """
    own = {path.name: path.read_bytes() for path in settings.weights.glob("*") if _NOTICES.fullmatch(path.name)}
    if own:
        return own
    notices: dict[str, bytes] = {}
    for slot, title in ((Slot.BASE, "LTX-2.3"), (Slot.SYNC_LORA, "Sync-LoRA")):
        repo, revision = hub_source(settings, slot)
        api = HfApi(endpoint)
        try:
            names = yield from _patiently(lambda api=api, repo=repo, revision=revision: _names(api, repo, revision))
        except HfHubHTTPError:
            names = []
        for name in filter(_NOTICES.fullmatch, names):
            url = hf_hub_url(repo, name, revision=revision, endpoint=endpoint)
            data = yield from _patiently(lambda url=url: _small(url))
            kind = "LICENSE" if name.upper().startswith("LICEN") else "NOTICE"
            notices[f"{kind}-{title}{PurePosixPath(name).suffix}"] = data
    if not any("LTX" in name for name in notices):
        message = (
            f"The licence of LTX-2.3, a copy of which has to go with the set, is not found in {settings.ltx_repo}. Put "
            f"it as LICENSE into {settings.weights}."
        )
        raise EngineError(message)
    return notices


def _names(api: HfApi, repo: str, revision: str) -> list[str]:
    info = api.model_info(repo, revision=revision, timeout=SECONDS)
    return [each.rfilename for each in info.siblings or []]


def _small(url: str) -> bytes:
    response = get_session().get(url, headers=build_hf_headers(), follow_redirects=True, timeout=SECONDS)
    hf_raise_for_status(response)
    return response.content[:MAX_NOTICE_BYTES]


def _patiently(ask: Callable[[], Answer]) -> Generator[Progress, None, Answer]:
    """Ask the Hub, and again where it is busy or the connection breaks."""
    patience = Patience()
    while True:
        try:
            return ask()
        except (HfHubHTTPError, httpx2.TransportError, RuntimeError) as wrapped:
            # Around what goes wrong while an object is sent, the client puts an error of its own.
            error = wrapped.__cause__ if type(wrapped) is RuntimeError else wrapped
            if not isinstance(error, (HfHubHTTPError, httpx2.TransportError)):
                raise
            pause = patience.pause(error)
            yield Progress(waiting(error, pause), 0, 1)
            time.sleep(pause)


def _refusal(error: Exception, repo: str) -> str:
    again = f"python -m syncedit_demo prepare --upload {repo}"
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        if status in (401, 403):
            return (
                f"The Hub does not let you write to {repo} ({status}): run `hf auth login` with a token that may "
                f"write, then: {again}"
            )
        return f"The Hub refuses the upload to {repo} ({status}). What it has is kept; go on with: {again}"
    reason = str(error) or type(error).__name__
    return f"The connection to the Hub failed ({reason}). What it has of the set is kept; go on with: {again}"
