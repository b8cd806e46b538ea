"""One file from a server that behaves as the Hub does, and from one that does not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from syncedit_demo.engines.sync_lora.weights import patience, transfer
from syncedit_demo.engines.sync_lora.weights.download import download
from syncedit_demo.engines.sync_lora.weights.part_file import part_paths
from syncedit_demo.engines.sync_lora.weights.remote import Origin, locate
from syncedit_demo.engines.sync_lora.weights.transfer import CONNECTIONS, Downloader
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from tests.support.hub_server import Hub, serve

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

NAME = "weights.safetensors"
CHUNK, PIECE = 1_000, 10_000
DATA = random.Random(1).randbytes(4 * PIECE)
FETCH_ONE = f"""
import sys
from pathlib import Path
from syncedit_demo.engines.sync_lora.weights import transfer
from syncedit_demo.engines.sync_lora.weights.remote import Origin, locate
transfer.CHUNK_BYTES, transfer.PIECE_BYTES = {CHUNK}, {PIECE}
target, endpoint = Path(sys.argv[1]), sys.argv[2]
def locate_and_fetch():
    with transfer.Downloader() as downloader:
        yield from downloader.fetch((yield from locate(Origin(endpoint, "a/b", "main"), target)))
for progress in locate_and_fetch():
    print(progress.step, flush=True)
"""
FETCH_ALL = """
import sys
from pathlib import Path
from syncedit_demo.engines.sync_lora.weights.download import download
from syncedit_demo.settings import SyncLoraSettings
weights, prepared = map(Path, sys.argv[1:3])
for progress in download(SyncLoraSettings(weights=weights, prepared=prepared), sys.argv[3]):
    print(progress.phase, flush=True)
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    """One file of four pieces, each of ten chunks."""
    monkeypatch.setattr(transfer, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(transfer, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(patience, "FIRST_PAUSE_SECONDS", 0.0)
    with serve(Hub({f"a/b/{NAME}": DATA})) as hub:
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / NAME


def fetch(hub: Hub, target: Path) -> Generator[str]:
    """Fetch it, giving what is said on the way."""
    with Downloader() as downloader:
        for progress in downloader.fetch((yield from phases_of_locating(hub, target))):
            assert 0 <= progress.step <= progress.total
            yield progress.phase


def phases_of_locating(hub: Hub, target: Path) -> Generator[str, None, transfer.RemoteFile]:
    locating = locate(Origin(hub.endpoint, "a/b", "main"), target)
    while True:
        try:
            yield next(locating).phase
        except StopIteration as end:
            return end.value


def asked_bytes(hub: Hub) -> int:
    ranges = (asked.removeprefix("bytes=").split("-") for _, asked in hub.requests if asked)
    return sum(int(last) - int(first) + 1 for first, last in ranges)


def begin(hub: Hub, target: Path) -> None:
    """Fetch a chunk of it, when all that is asked for at once was asked for."""
    hub.at_once = {NAME: threading.Barrier(CONNECTIONS, timeout=20)}
    fetching = fetch(hub, target)
    next(fetching)
    fetching.close()
    hub.at_once = {}


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"HF_HUB_CACHE": "/nonexistent"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_pieces_come_over_several_connections_at_once(hub: Hub, target: Path) -> None:
    # The server answers none before it has been asked for all four.
    hub.at_once = {NAME: threading.Barrier(CONNECTIONS, timeout=20)}
    list(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert sorted(asked for _, asked in hub.requests if asked) == [
        f"bytes={at}-{at + PIECE - 1}" for at in range(0, len(DATA), PIECE)
    ]
    assert not any(path.exists() for path in part_paths(target))


def test_a_piece_that_breaks_is_taken_up_where_it_broke(hub: Hub, target: Path) -> None:
    hub.broken, hub.break_after = {NAME}, 5_500
    list(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert asked_bytes(hub) == len(DATA) + PIECE - 5_000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_another_process_asks_for_what_a_stopped_one_left(hub: Hub, target: Path, number: signal.Signals) -> None:
    hub.silent, hub.break_after = {NAME}, 5_500
    with start(FETCH_ONE, target, hub.endpoint) as child:
        assert child.stdout is not None
        # All but what stands still of the piece that fell silent.
        while int(child.stdout.readline()) < len(DATA) - 5_000:
            pass
        child.send_signal(number)
        assert child.wait(timeout=20) != 0
    assert not target.exists()
    hub.requests.clear()
    list(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert asked_bytes(hub) == 5_000


def test_a_torn_journal_is_read_as_far_as_it_goes(hub: Hub, target: Path) -> None:
    begin(hub, target)
    part, journal = part_paths(target)
    kept = part.stat().st_size
    with journal.open("ab") as file:
        file.write(b"30000 400")
    hub.requests.clear()
    list(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert asked_bytes(hub) <= len(DATA) - min(kept, CHUNK)


def test_of_two_processes_one_fetches_and_the_other_waits(tmp_path: Path) -> None:
    settings = SyncLoraSettings(weights=tmp_path / "weights", prepared=tmp_path / "prepared")
    with ExitStack() as stack, serve(Hub(small_hub_files(settings))) as hub:
        held = threading.Barrier(2, timeout=30)
        hub.at_once = {"ltx-2.3-22b-dev.safetensors": held}
        arguments = (settings.weights, settings.prepared, hub.endpoint)
        children = [stack.enter_context(start(FETCH_ALL, *arguments)) for _ in range(2)]
        # Whoever speaks first waits: the other has nothing to say before the server lets it go on.
        spoken = threading.Event()
        said: list[str] = []

        def listen(child: subprocess.Popen[str]) -> None:
            assert child.stdout is not None
            for line in child.stdout:
                said.append(line)
                spoken.set()

        listeners = [threading.Thread(target=listen, args=(child,)) for child in children]
        for listener in listeners:
            listener.start()
        assert spoken.wait(timeout=30)
        held.wait()
        assert [child.wait(timeout=30) for child in children] == [0, 0]
        for listener in listeners:
            listener.join()
    assert said[0].startswith("Waiting for another process")
    assert len(hub.requests) == len(hub.files)
    for name, data in hub.files.items():
        (path,) = settings.weights.rglob(name.split("/")[-1])
        assert path.read_bytes() == data


def small_hub_files(settings: SyncLoraSettings) -> dict[str, bytes]:
    from syncedit_demo.engines.sync_lora.weights.files import FILE_NAMES, hub_source  # noqa: PLC0415

    files = {f"{hub_source(settings, slot)[0]}/{name}": name.encode() for slot, name in FILE_NAMES.items()}
    return files | {f"{settings.gemma_repo}/config.json": b"{}"}


def test_another_version_is_begun_anew_by_whoever_goes_on(hub: Hub, target: Path) -> None:
    begin(hub, target)
    hub.files[f"a/b/{NAME}"] = DATA[::-1]
    hub.requests.clear()
    list(fetch(hub, target))
    assert target.read_bytes() == DATA[::-1]
    assert asked_bytes(hub) == len(DATA)


@pytest.mark.parametrize("other", [DATA[::-1], DATA[:-1]])
def test_a_file_that_changes_meanwhile_is_begun_anew(hub: Hub, target: Path, other: bytes) -> None:
    hub.replaced = {NAME: other}
    list(fetch(hub, target))
    assert target.read_bytes() == other


def test_a_file_that_nothing_tells_from_another_is_begun_anew(hub: Hub, target: Path) -> None:
    hub.nameless = {NAME}
    begin(hub, target)
    hub.files[f"a/b/{NAME}"] = DATA[::-1]
    list(fetch(hub, target))
    assert target.read_bytes() == DATA[::-1]


def test_a_file_without_a_name_that_changes_meanwhile_is_told_by_its_size(hub: Hub, target: Path) -> None:
    hub.nameless, hub.replaced = {NAME}, {NAME: DATA[::-1] + b"more"}
    list(fetch(hub, target))
    assert target.read_bytes() == DATA[::-1] + b"more"


def test_another_part_than_was_asked_for_is_not_taken(hub: Hub, target: Path) -> None:
    hub.displaced = {NAME}
    list(fetch(hub, target))
    assert target.read_bytes() == DATA


def test_a_server_without_ranges_that_always_breaks_is_given_up(hub: Hub, target: Path) -> None:
    hub.ignore_ranges, hub.broken, hub.breaks_for_good, hub.break_after = True, {NAME}, True, 5_500
    with pytest.raises(httpx2.RemoteProtocolError):
        list(fetch(hub, target))
    assert len([None for _, asked in hub.requests if asked is None]) == patience.ATTEMPTS


def test_a_busy_server_is_asked_again_when_it_wants(hub: Hub, target: Path) -> None:
    hub.busy = {
        ("HEAD", NAME): [(503, {})],
        ("GET", NAME): [(429, {"Retry-After": "1"}), (503, {}), (500, {})],
    }
    phases = set(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert "The Hub is busy (503): waiting 0 s" in phases
    assert f"{NAME}: The Hub is busy (429): waiting 1 s" in phases


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_server_that_wants_to_be_left_alone_for_hours_is_told(tmp_path: Path, method: str) -> None:
    settings = SyncLoraSettings(weights=tmp_path / "weights", prepared=tmp_path / "prepared")
    with serve(Hub(small_hub_files(settings))) as hub:
        hub.busy = {(method, "ltx-2.3-22b-dev.safetensors"): [(429, {"Retry-After": "7200"})]}
        with pytest.raises(EngineError, match=r"The Hub is busy \(429\) and asks to come back in 120 min"):
            list(download(settings, hub.endpoint))


def test_a_silent_connection_is_told(hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SILENCE_SECONDS", 0.3)
    hub.silent, hub.break_after = {NAME}, 5_500
    assert f"{NAME}: The connection broke or fell silent: going on in 0 s" in set(fetch(hub, target))
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("gives_ranges", [True, False])
def test_a_file_of_unknown_size_is_fetched_whole(hub: Hub, target: Path, *, gives_ranges: bool) -> None:
    hub.sizeless, hub.ignore_ranges = {NAME}, not gives_ranges
    phases = set(fetch(hub, target))
    assert target.read_bytes() == DATA
    assert ("of a size that the Hub does not say" in " ".join(phases)) is not gives_ranges


def test_a_file_of_unknown_size_is_verified(hub: Hub, target: Path) -> None:
    hub.sizeless, hub.ignore_ranges, hub.corrupt = {NAME}, True, {NAME}
    with pytest.raises(EngineError, match="arrived damaged"):
        list(fetch(hub, target))
    assert not list(target.parent.iterdir())
