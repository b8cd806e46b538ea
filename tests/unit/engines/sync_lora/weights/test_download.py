"""Fetching the weights from a server that behaves as the Hub does, and from one that does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.engines.sync_lora.weights.download import download
from syncedit_demo.engines.sync_lora.weights.files import (
    FILE_NAMES,
    GEMMA_FOLDER,
    Slot,
    check_weights,
    hub_source,
)
from syncedit_demo.engines.sync_lora.weights.prepared import PROMPT
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from tests.support import tiny_ltx
from tests.support.hub_server import Hub, serve
from tests.support.limits import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Generator

BASE, SYNC_LORA = FILE_NAMES[Slot.BASE], FILE_NAMES[Slot.SYNC_LORA]
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
GEMMA_INDEX = "model.safetensors.index.json"
GEMMA_NAMES = ("config.json", "tokenizer.model", GEMMA_INDEX, *SHARDS)


@pytest.fixture
def own(tmp_path: Path) -> SyncLoraSettings:
    return SyncLoraSettings(prepared=tmp_path / "prepared", weights=tmp_path / "weights")


@pytest.fixture
def hub(settings: SyncLoraSettings, own: SyncLoraSettings, tmp_path: Path) -> Generator[Hub]:
    """The tiny weights and a few files of Gemma on a server."""
    files = {
        f"{hub_source(settings, slot)[0]}/{name}": (settings.weights / name).read_bytes() for slot, name in names()
    }
    files |= {f"{own.gemma_repo}/{name}": name.encode() * 100 for name in (*GEMMA_NAMES, ".gitattributes", "a.md")}
    files[f"{own.gemma_repo}/{GEMMA_INDEX}"] = json.dumps({"weight_map": dict(zip("ab", SHARDS, strict=True))}).encode()
    with serve(Hub(files)) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        patch.setattr("syncedit_demo.engines.sync_lora.weights.patience.FIRST_PAUSE_SECONDS", 0.0)
        yield hub


def names() -> list[tuple[Slot, str]]:
    return list(FILE_NAMES.items())


def starts(hub: Hub, file: str) -> list[int]:
    """Where the ranges that were asked for of a file begin."""
    return [
        int(asked.removeprefix("bytes=").partition("-")[0]) for name, asked in hub.requests if name == file and asked
    ]


def test_fetches_everything_once(own: SyncLoraSettings, hub: Hub) -> None:
    events = list(download(own, hub.endpoint))
    check_weights(own)
    for repo_and_name, data in hub.files.items():
        name = repo_and_name.split("/")[-1]
        folder = own.weights / GEMMA_FOLDER if own.gemma_repo in repo_and_name else own.weights
        assert name in (".gitattributes", "a.md") or (folder / name).read_bytes() == data
    assert sorted(path.name for path in (own.weights / GEMMA_FOLDER).iterdir()) == sorted((*GEMMA_NAMES, ".cache"))
    assert all(0 < event.step <= event.total for event in events)
    asked = len(hub.requests)
    assert list(download(own, hub.endpoint)) == []
    assert len(hub.requests) == asked


@pytest.mark.parametrize("missing", ["config.json", GEMMA_INDEX, SHARDS[1]])
def test_what_is_missing_of_gemma_is_fetched(own: SyncLoraSettings, hub: Hub, missing: str) -> None:
    list(download(own, hub.endpoint))
    hub.requests.clear()
    (own.weights / GEMMA_FOLDER / missing).unlink()
    list(download(own, hub.endpoint))
    assert [name for name, _ in hub.requests] == [missing]


def test_gemma_is_not_fetched_once_the_prompt_is_encoded(
    settings: SyncLoraSettings, own: SyncLoraSettings, hub: Hub
) -> None:
    own.prepared.mkdir()
    tiny_ltx.write_prompt(own.prepared / PROMPT, settings.weights / BASE)
    list(download(own, hub.endpoint))
    assert {name for name, _ in hub.requests} == {name for _, name in names()}
    hub.requests.clear()
    assert {event.phase for event in download(own, hub.endpoint)} == {f"Checking the weights: {BASE}"}
    assert not hub.requests


@pytest.mark.parametrize("is_base_there", [False, True])
@pytest.mark.parametrize("spoil", ["cut short", "another base's"])
def test_gemma_is_fetched_where_the_prompt_has_to_be_encoded_anew(
    settings: SyncLoraSettings, own: SyncLoraSettings, hub: Hub, spoil: str, *, is_base_there: bool
) -> None:
    own.prepared.mkdir()
    own.weights.mkdir()
    if is_base_there:
        shutil.copy(settings.weights / BASE, own.weights)
    prompt = own.prepared / PROMPT
    if spoil == "cut short":
        tiny_ltx.write_prompt(prompt, settings.weights / BASE)
        prompt.write_bytes(prompt.read_bytes()[:-1])
    else:
        tiny_ltx.write_prompt(prompt, settings.weights / BASE, base_sha256="another")
    list(download(own, hub.endpoint))
    assert set(GEMMA_NAMES) <= {name for name, _ in hub.requests}


def test_a_broken_connection_is_taken_up_where_it_broke(own: SyncLoraSettings, hub: Hub) -> None:
    hub.broken, hub.break_after = {BASE}, 5_000_000
    list(download(own, hub.endpoint))
    check_weights(own)
    first, second = starts(hub, BASE)
    assert first == 0
    assert 0 < second <= 5_000_000


def test_a_connection_that_falls_silent_counts_as_broken(
    own: SyncLoraSettings, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncedit_demo.engines.sync_lora.weights.transfer.SILENCE_SECONDS", 1.0)
    hub.silent, hub.break_after = {BASE}, 5_000_000
    list(download(own, hub.endpoint))
    check_weights(own)
    first, second, *_ = starts(hub, BASE)
    assert first == 0
    assert 0 < second <= 5_000_000


def test_another_process_goes_on_where_one_was_stopped(own: SyncLoraSettings, hub: Hub) -> None:
    stopped = download(own, hub.endpoint)
    assert next(stopped).step > 0
    stopped.close()
    kept = (own.weights / f"{BASE}.part").stat().st_size
    list(download(own, hub.endpoint))
    check_weights(own)
    assert starts(hub, BASE) == [0, kept]
    assert not list(own.weights.rglob("*.part"))


def test_a_server_that_ignores_ranges_is_read_from_the_start(own: SyncLoraSettings, hub: Hub) -> None:
    hub.ignore_ranges = True
    hub.broken, hub.break_after = {BASE}, 5_000_000
    list(download(own, hub.endpoint))
    check_weights(own)


def test_a_connection_that_keeps_breaking_is_told_and_what_arrived_is_kept(own: SyncLoraSettings, hub: Hub) -> None:
    hub.broken, hub.break_after, hub.breaks_for_good = {BASE}, 5_000_000, True
    with pytest.raises(EngineError, match="What has arrived is kept"):
        list(download(own, hub.endpoint))
    kept = (own.weights / f"{BASE}.part").stat().st_size
    assert 0 < kept <= 5_000_000
    hub.broken = set()
    list(download(own, hub.endpoint))
    assert starts(hub, BASE)[-1] == kept
    check_weights(own)


def test_a_hub_that_cannot_be_reached_is_told(own: SyncLoraSettings) -> None:
    with pytest.raises(EngineError, match="The connection to the Hub failed"):
        list(download(own, "http://127.0.0.1:9"))


def test_a_wrong_hash_is_told_and_the_file_thrown_away(own: SyncLoraSettings, hub: Hub) -> None:
    hub.corrupt = {BASE}
    with pytest.raises(EngineError, match=f"{BASE} arrived damaged"):
        list(download(own, hub.endpoint))
    assert not list(own.weights.rglob(f"{BASE}*"))
    hub.corrupt = set()
    list(download(own, hub.endpoint))
    check_weights(own)


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(own: SyncLoraSettings, hub: Hub) -> None:
    hub.claimed = {BASE: 10**17}
    with pytest.raises(EngineError, match=r"100000000\.0 GB are still to be fetched"):
        list(download(own, hub.endpoint))
    assert not hub.requests


def test_the_prepared_set_is_counted_before_anything_is_fetched(own: SyncLoraSettings, hub: Hub) -> None:
    # The files alone would fit.
    nbytes = shutil.disk_usage(own.weights.parent).free * 8 // 10
    hub.claimed = {BASE: nbytes}
    # Of what was begun before, the last byte alone came.
    own.weights.mkdir()
    with (own.weights / f"{BASE}.part").open("wb") as part:
        part.truncate(nbytes)
    with pytest.raises(EngineError, match=r"GB made of them in .*set SYNCEDIT_WEIGHTS or SYNCEDIT_PREPARED"):
        list(download(own, hub.endpoint))
    assert not hub.requests


def test_a_set_on_a_disk_of_its_own_is_not_counted_and_a_file_that_never_stays_the_same_is_told(
    own: SyncLoraSettings, hub: Hub
) -> None:
    other_disk = Path("/dev/shm")
    if not other_disk.is_dir() or other_disk.stat().st_dev == own.weights.parent.stat().st_dev:
        pytest.skip("there is one disk alone")
    # What is sent is never of the size that was claimed.
    hub.claimed = {BASE: shutil.disk_usage(own.weights.parent).free * 8 // 10}
    with pytest.raises(EngineError, match="changes on the Hub while it is fetched"):
        list(download(own.model_copy(update={"prepared": other_disk / "none"}), hub.endpoint))


def test_what_was_put_there_by_hand_is_held_to_what_the_hub_has_once(
    settings: SyncLoraSettings, own: SyncLoraSettings, hub: Hub
) -> None:
    shutil.copytree(settings.weights, own.weights)
    gemma = own.weights / GEMMA_FOLDER
    gemma.mkdir()
    for name in GEMMA_NAMES[:2]:
        (gemma / name).write_bytes(hub.files[f"{own.gemma_repo}/{name}"])
    checked = {event.phase for event in download(own, hub.endpoint) if event.phase.startswith("Checking")}
    assert {f"Checking the weights: {name}" for name in (SYNC_LORA, *GEMMA_NAMES[:2])} <= checked
    assert {name for name, _ in hub.requests} == set(GEMMA_NAMES[2:])
    assert not list(download(own, hub.endpoint))


@pytest.mark.parametrize("spoil", ["one byte", "cut short"])
@pytest.mark.parametrize("name", ["sync-lora", "gemma"])
def test_what_was_put_there_by_hand_and_is_damaged_is_told(
    settings: SyncLoraSettings, own: SyncLoraSettings, hub: Hub, name: str, spoil: str
) -> None:
    shutil.copytree(settings.weights, own.weights)
    path = own.weights / (SYNC_LORA if name == "sync-lora" else f"{GEMMA_FOLDER}/{SHARDS[0]}")
    path.parent.mkdir(exist_ok=True)
    repo = own.sync_lora_repo if name == "sync-lora" else own.gemma_repo
    data = hub.files[f"{repo}/{path.name}"]
    path.write_bytes(data[:-1] + b"?" * (spoil == "one byte"))
    with pytest.raises(EngineError, match=f"{path.name} is not what the Hub has: it is damaged, or another file"):
        list(download(own, hub.endpoint))


def test_a_lora_of_ones_own_is_taken_where_nobody_can_be_asked(
    settings: SyncLoraSettings, own: SyncLoraSettings
) -> None:
    shutil.copytree(settings.weights, own.weights)
    own.prepared.mkdir()
    tiny_ltx.write_prompt(own.prepared / PROMPT, settings.weights / BASE)
    assert {event.phase for event in download(own, "http://127.0.0.1:9")} == {f"Checking the weights: {BASE}"}


def test_a_disk_that_fills_on_the_way_is_told_and_what_arrived_is_kept(own: SyncLoraSettings, hub: Hub) -> None:
    with file_size_limit(5_000_000), pytest.raises(EngineError, match="The weights cannot be written to"):
        list(download(own, hub.endpoint))
    kept = (own.weights / f"{BASE}.part").stat().st_size
    assert 0 < kept <= 5_000_000
    list(download(own, hub.endpoint))
    check_weights(own)


def test_a_gated_repository_is_told(own: SyncLoraSettings, hub: Hub) -> None:
    hub.gated = {own.gemma_repo}
    with pytest.raises(EngineError, match="accept it on the model's page"):
        list(download(own, hub.endpoint))


def test_a_hub_that_wants_to_know_who_asks_is_told(own: SyncLoraSettings, hub: Hub) -> None:
    hub.strangers_refused = {own.ltx_repo}
    with pytest.raises(EngineError, match="run `hf auth login`"):
        list(download(own, hub.endpoint))


def test_a_file_that_is_not_on_the_hub_is_told(own: SyncLoraSettings, hub: Hub) -> None:
    del hub.files[f"{own.ltx_repo}/{BASE}"]
    with pytest.raises(EngineError, match="The Hub does not give"):
        list(download(own, hub.endpoint))


def test_a_file_that_was_taken_out_of_the_main_branch_is_fetched_from_the_commit_that_has_it(
    own: SyncLoraSettings, hub: Hub
) -> None:
    hub.off_main = {f"{own.ltx_repo}/{BASE}"}
    list(download(own, hub.endpoint))
    check_weights(own)
    hub.off_main = {name for name in hub.files if name.startswith(own.sync_lora_repo)}
    (own.weights / FILE_NAMES[Slot.SYNC_LORA]).unlink()
    with pytest.raises(EngineError, match="The Hub does not give"):
        list(download(own, hub.endpoint))


def test_what_is_taken_up_again_is_of_the_commit_it_was_begun_with(own: SyncLoraSettings, hub: Hub) -> None:
    hub.broken, hub.break_after = {BASE}, 50_000
    events = download(own, hub.endpoint)
    assert BASE in next(events).phase
    # The main branch moves on while the file is fetched.
    hub.off_main = {f"{own.ltx_repo}/{BASE}"}
    for event in events:
        if BASE not in event.phase:
            break
    events.close()
    assert len([name for name, _ in hub.requests if name == BASE]) >= 2
    assert (own.weights / BASE).is_file()
