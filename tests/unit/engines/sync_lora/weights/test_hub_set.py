"""A prepared set put into a Hub repository and started from there, on a local server and by the Hub's own client."""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from huggingface_hub import scan_cache_dir, snapshot_download

from syncedit_demo.engines.interface import Frames
from syncedit_demo.engines.sync_lora import SyncLoraEngine, sync_lora_status
from syncedit_demo.engines.sync_lora.weights.hub_set import fetch_prepared
from syncedit_demo.engines.sync_lora.weights.prepared import CHECKPOINT, MANIFEST, PROMPT, UPSCALER
from syncedit_demo.engines.sync_lora.weights.upload import upload_prepared
from syncedit_demo.errors import EngineError
from syncedit_demo.settings import SyncLoraSettings
from tests.support.hub_server import Hub, serve
from tests.support.small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.engines.interface import Progress
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet
    from tests.unit.engines.sync_lora.conftest import JobMaker

# The Hub's client sends objects in a way that its own HTTP library is to give up.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

REPO = "somebody/prepared"
FILES = (CHECKPOINT, UPSCALER, PROMPT, MANIFEST)
LICENCE = b"LTX-2 Community License Agreement"


@pytest.fixture
def own(settings: SyncLoraSettings, prepared: PreparedSet) -> SyncLoraSettings:
    assert prepared.nbytes
    return settings


def no_pause(_seconds: float) -> None:
    pass


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def hub(cache: Path) -> Generator[Hub]:
    """A Hub with the base's licence, which is asked without pauses, and without xet, which it does not speak."""
    files = {"Lightricks/LTX-2.3/LICENSE.txt": LICENCE, "SagiPolaczek/LTX-2.3-Sync-LoRA/NOTICE": b"notice"}
    with serve(Hub(files)) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        patch.setattr("huggingface_hub.utils._http.time.sleep", no_pause)
        patch.setattr("syncedit_demo.engines.sync_lora.weights.patience.FIRST_PAUSE_SECONDS", 0.0)
        yield hub


@pytest.fixture
def stored(own: SyncLoraSettings, hub: Hub) -> Hub:
    """The Hub with the set in it."""
    put_into(hub, own)
    return hub


def put_into(hub: Hub, own: SyncLoraSettings) -> None:
    for name in FILES:
        hub.files[f"{REPO}/{name}"] = (own.prepared / name).read_bytes()


def from_hub(tmp_path: Path) -> SyncLoraSettings:
    """The settings of a machine that has nothing."""
    nothing = tmp_path / "nothing"
    return SyncLoraSettings(prepared=nothing, weights=nothing, device="cpu", prepared_repo=REPO)


def upload(own: SyncLoraSettings, hub: Hub, *, private: bool = False) -> list[Progress]:
    return list(upload_prepared(own, REPO, private=private, endpoint=hub.endpoint))


def test_a_machine_that_has_nothing_makes_the_same_frames_from_what_was_uploaded(
    own: SyncLoraSettings, hub: Hub, tmp_path: Path, make_job: JobMaker
) -> None:
    progress = upload(own, hub, private=True)
    assert hub.uploads.created[REPO]["visibility"] == "private"
    assert progress[-1].step == progress[-1].total
    elsewhere = from_hub(tmp_path)
    with pytest.raises(EngineError, match=f"The prepared set of {REPO} is not fetched yet"):
        SyncLoraEngine(elsewhere)
    hub.requests.clear()
    list(fetch_prepared(elsewhere, hub.endpoint))
    assert {name for name, _ in hub.requests} == set(FILES), "nothing else is downloaded"
    assert not elsewhere.prepared.exists()
    assert "a start reads them" in sync_lora_status(elsewhere)["prepared set"]
    job = make_job(quality="preview")
    frames = [
        np.concatenate([event.frames for event in SyncLoraEngine(each).run(job) if isinstance(event, Frames)])
        for each in (own, elsewhere)
    ]
    assert np.array_equal(frames[0], frames[1])


def test_the_card_says_how_it_was_made_and_the_licences_lie_beside_it(own: SyncLoraSettings, hub: Hub) -> None:
    upload(own, hub)
    names = {name.removeprefix(f"{REPO}/") for name in hub.files if name.startswith(REPO)}
    assert names == {*FILES, "README.md", "LICENSE-LTX-2.3.txt", "NOTICE-Sync-LoRA"}
    assert hub.files[f"{REPO}/LICENSE-LTX-2.3.txt"] == LICENCE
    card = hub.files[f"{REPO}/README.md"].decode()
    front = yaml.safe_load(card.split("---")[1])
    assert front["license_link"] == "LICENSE-LTX-2.3.txt"
    assert front["base_model"] == [own.ltx_repo, own.sync_lora_repo]
    manifest = json.loads((own.prepared / MANIFEST).read_bytes())
    hashes = [file["sha256"] for file in (*manifest["files"], *manifest["sources"].values())]
    assert all(each in card for each in hashes)
    assert all(each in card for each in ("modified", "distilled LoRA at strength 1", "bfloat16", "Gemma Terms of Use"))


def test_an_upload_goes_on_where_it_was_broken_off(own: SyncLoraSettings, hub: Hub) -> None:
    hub.uploads.part_bytes = 1 << 20
    upscaler = sha256((own.prepared / UPSCALER).read_bytes()).hexdigest()
    checkpoint = sha256((own.prepared / CHECKPOINT).read_bytes()).hexdigest()
    upload_of = upload_prepared(own, REPO, endpoint=hub.endpoint)
    while (step := next(upload_of)) and UPSCALER not in step.phase:
        pass
    upload_of.close()
    assert f"{REPO}/{MANIFEST}" not in hub.files, "half a set is no set"
    sent = hub.uploads.puts.count(checkpoint)
    hub.uploads.broken.add(upscaler)
    upload(own, hub)
    if checkpoint in hub.uploads.objects and sent:
        assert hub.uploads.puts.count(checkpoint) == sent
    assert hub.files[f"{REPO}/{UPSCALER}"] == (own.prepared / UPSCALER).read_bytes()
    assert hub.files[f"{REPO}/{CHECKPOINT}"] == (own.prepared / CHECKPOINT).read_bytes()
    puts = len(hub.uploads.puts)
    upload(own, hub)
    assert len(hub.uploads.puts) == puts, "what is there is not sent again"


def test_what_the_hub_refuses_of_an_upload_is_a_sentence(own: SyncLoraSettings, hub: Hub, tmp_path: Path) -> None:
    hub.uploads.full = True
    with pytest.raises(EngineError, match=r"refuses the upload to somebody/prepared \(507\).*prepare --upload"):
        upload(own, hub)
    hub.uploads.full, hub.uploads.lost = False, True
    with pytest.raises(EngineError, match=r"connection to the Hub failed .*What it has of the set is kept"):
        upload(own, hub)
    hub.uploads.readers_only.add(REPO)
    with pytest.raises(EngineError, match="does not let you write to somebody/prepared"):
        upload(own, hub)
    del hub.files["Lightricks/LTX-2.3/LICENSE.txt"]
    with pytest.raises(EngineError, match=r"The licence of LTX-2\.3.* is not found"):
        upload(own, hub)
    for name in ("prepared", "a/b/c", "a b/c"):
        with pytest.raises(EngineError, match="OWNER/NAME"):
            list(upload_prepared(own, name, endpoint=hub.endpoint))
    spoilt = own.model_copy(update={"prepared": shutil.copytree(own.prepared, tmp_path / "spoilt")})
    data = bytearray((spoilt.prepared / UPSCALER).read_bytes())
    data[-1] ^= 1
    (spoilt.prepared / UPSCALER).write_bytes(data)
    with pytest.raises(EngineError, match="is damaged"):
        upload(spoilt, hub)
    assert not any(name.startswith(REPO) for name in hub.files)


def test_fetching_goes_on_after_a_break_and_reads_through_once(stored: Hub, tmp_path: Path, cache: Path) -> None:
    elsewhere = from_hub(tmp_path)
    stored.broken.add(CHECKPOINT)
    stored.break_after = 100_000
    events = list(fetch_prepared(elsewhere, stored.endpoint))
    assert any("going on" in event.phase for event in events)
    stored.requests.clear()
    assert not [event for event in fetch_prepared(elsewhere, stored.endpoint) if "Checking" in event.phase]
    assert not stored.requests
    (repo,) = scan_cache_dir(cache).repos
    (revision,) = repo.revisions
    assert (repo.repo_id, revision.refs) == (REPO, {"main"})
    assert {file.file_name for file in revision.files} == set(FILES)
    assert not (cache / "models--somebody--prepared" / "incoming" / revision.commit_hash).exists()


def test_what_the_hubs_own_client_fetched_is_read_through_before_it_is_used(
    stored: Hub, tmp_path: Path, cache: Path
) -> None:
    elsewhere = from_hub(tmp_path)
    folder = Path(snapshot_download(REPO, endpoint=stored.endpoint, cache_dir=cache))
    stored.requests.clear()
    assert [event for event in fetch_prepared(elsewhere, stored.endpoint) if "Checking" in event.phase]
    assert not stored.requests
    blob = (folder / CHECKPOINT).resolve()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    with pytest.raises(EngineError, match=f"{CHECKPOINT} of {REPO} was damaged in the Hub's cache and is deleted"):
        list(fetch_prepared(elsewhere, stored.endpoint))
    list(fetch_prepared(elsewhere, stored.endpoint))
    assert [name for name, _ in stored.requests if name != MANIFEST][:1] == [CHECKPOINT]
    SyncLoraEngine(elsewhere)


def test_a_hub_that_cannot_be_asked_does_no_harm_to_who_has_the_set(stored: Hub, tmp_path: Path) -> None:
    elsewhere = from_hub(tmp_path)
    gone = "http://127.0.0.1:9"
    with pytest.raises(EngineError, match="The connection to the Hub failed"):
        list(fetch_prepared(elsewhere, gone))
    list(fetch_prepared(elsewhere, stored.endpoint))
    list(fetch_prepared(elsewhere, gone))


def test_another_file_than_the_manifests_is_refused_before_it_is_fetched(stored: Hub, tmp_path: Path) -> None:
    stored.files[f"{REPO}/{CHECKPOINT}"] += b"x"
    with pytest.raises(EngineError, match=f"{CHECKPOINT} in {REPO} is not the file that its manifest speaks of"):
        list(fetch_prepared(from_hub(tmp_path), stored.endpoint))
    assert CHECKPOINT not in {name for name, _ in stored.requests}


def test_a_manifest_cannot_name_other_files(stored: Hub, tmp_path: Path) -> None:
    manifest = json.loads(stored.files[f"{REPO}/{MANIFEST}"])
    manifest["files"][0]["name"] = "../../outside"
    stored.files[f"{REPO}/{MANIFEST}"] = json.dumps(manifest).encode()
    with pytest.raises(EngineError, match="holds no prepared set of this program"):
        list(fetch_prepared(from_hub(tmp_path), stored.endpoint))


def test_a_repository_without_a_set_is_said_to_be_one(hub: Hub, tmp_path: Path) -> None:
    hub.files[f"{REPO}/other.bin"] = b""
    with pytest.raises(EngineError, match=f"The Hub does not give .*{MANIFEST}"):
        list(fetch_prepared(from_hub(tmp_path), hub.endpoint))


def test_a_disk_that_is_too_small_is_said_before_anything_large_is_fetched(
    stored: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "small", 200):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "small" / "cache"))
        with pytest.raises(EngineError, match=r"are still to be fetched into .*HF_HOME"):
            list(fetch_prepared(from_hub(tmp_path), stored.endpoint))
        assert {name for name, _ in stored.requests} == {MANIFEST}
