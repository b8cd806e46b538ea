"""The engine made ready in the background of a server, from a local Hub."""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora import SyncLoraEngine, start_engine
from syncedit_demo.engines.sync_lora.lent.engine import LentSyncLoraEngine
from syncedit_demo.engines.sync_lora.start import FAILED, Start
from syncedit_demo.engines.sync_lora.weights.prepared import CHECKPOINT, MANIFEST, PROMPT, UPSCALER
from syncedit_demo.errors import EngineError
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings, SyncLoraSettings
from tests.support.hub_server import Hub, serve
from tests.support.lent_gpu import LentGpu
from tests.support.unseen import open_unseen
from tests.support.waiting import WAIT_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.engines.sync_lora.weights.prepared import PreparedSet

REPO = "somebody/prepared"
FILES = (CHECKPOINT, UPSCALER, PROMPT, MANIFEST)


@pytest.fixture
def hub(tmp_path: Path, settings: SyncLoraSettings, prepared: PreparedSet) -> Generator[Hub]:
    """A Hub with the set in it, which this process takes for the Hub."""
    assert prepared.nbytes
    files = {f"{REPO}/{name}": (settings.prepared / name).read_bytes() for name in FILES}
    with serve(Hub(files)) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        patch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
        patch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield hub


@pytest.fixture
def service(tmp_path: Path) -> EditService:
    """The service of a server that has nothing yet."""
    nothing = tmp_path / "nothing"
    return EditService(
        Settings(prepared=nothing, weights=nothing, device="cpu", prepared_repo=REPO, work_dir=tmp_path / "work")
    )


def not_anew() -> None:
    message = "nothing has to begin anew where the GPU is this machine's"
    raise AssertionError(message)


def lines(said: Any) -> str:  # noqa: ANN401
    return " ".join(said.lines)


def test_the_page_works_while_the_weights_arrive_and_offers_the_engine_when_they_are_there(
    hub: Hub, service: EditService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(service.settings.uploads_dir))
    # Whatever comes first of the checkpoint comes only when somebody else asks for it too.
    hub.at_once[CHECKPOINT] = gate = threading.Barrier(2)
    service.engines.begin(not_anew)
    until("the checkpoint is asked for", lambda: CHECKPOINT in {name for name, _ in hub.requests})
    page = open_unseen(service)
    assert service.engine()[0].name == "draft"
    with pytest.raises(EngineError, match="Sync-LoRA is not ready yet"):
        service.engines.choose("sync-lora")
    said = page.happen("look")
    assert set(said) == {"arrival"}
    assert "Until then drafts are made." in lines(said["arrival"])
    by_id = {block.elem_id: block for block in page.page.blocks.values() if getattr(block, "elem_id", None)}
    assert not by_id["option-reference_strength"].visible
    assert not by_id["variants"].visible
    gate.wait(WAIT_SECONDS)
    until("the engine is there", lambda: service.engines.coming is None)
    said = page.happen("look")
    assert lines(said["arrival"]).startswith("Sync-LoRA is ready")
    assert said["option-reference_strength"]["visible"]
    assert said["variants"]["visible"]
    assert said["engine"]["choices"] == [(each, each) for each in ("auto", "draft", "sync-lora")]
    assert said["intro"].engine == "Sync-LoRA on CPU"
    assert page.happen("greet")["arrival"] is None, "and nobody who comes later has waited for it"
    assert service.engine()[0].name == "sync-lora"
    assert service.engines.coming is None


def test_how_far_it_is_is_said_with_the_time_that_is_left(settings: SyncLoraSettings, prepared: PreparedSet) -> None:
    assert prepared.nbytes
    go_on = threading.Event()

    def steps() -> Generator[Progress, None, Engine]:
        yield Progress("Downloading a file", 500, 1000)
        yield Progress("Downloading a file", 750, 1000)
        go_on.wait(WAIT_SECONDS)
        return SyncLoraEngine(settings)

    start = Start(steps)
    until("three quarters are there", lambda: "75%" in (start.coming or ""))
    coming = r"Sync-LoRA is not ready yet: downloading a file, 75% done, about \d+ s left\."
    assert re.fullmatch(coming, start.coming or "")
    with pytest.raises(EngineError, match=coming):
        start.engine()
    go_on.set()
    until("the engine is there", lambda: start.coming is None)
    assert start.engine().name == "sync-lora"


def test_a_failure_is_a_sentence_and_the_log_has_all_of_it(
    hub: Hub, service: EditService, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(service.settings.uploads_dir))
    # What comes arrives damaged, and not before the page is there.
    hub.corrupt.add(CHECKPOINT)
    hub.at_once[CHECKPOINT] = gate = threading.Barrier(2)
    with caplog.at_level(logging.ERROR):
        service.engines.begin(not_anew)
        page = open_unseen(service)
        gate.wait(WAIT_SECONDS)
        until("it has failed", lambda: service.engines.coming is None)
    engine, choice = service.engine()
    assert engine.name == "draft"
    assert choice.endswith(FAILED)
    (record,) = caplog.records
    assert record.exc_info
    assert "arrived damaged" in str(record.exc_info[1])
    assert lines(page.happen("look")["arrival"]) == FAILED


def test_what_failed_is_tried_again(
    settings: SyncLoraSettings, prepared: PreparedSet, caplog: pytest.LogCaptureFixture
) -> None:
    assert prepared.nbytes
    tries: list[int] = []
    there = threading.Event()

    def steps() -> Generator[Progress, None, Engine]:
        yield Progress("Downloading a file", 1, 2)
        tries.append(1)
        if not there.is_set():
            message = "the Hub is not to be reached"
            raise ConnectionError(message)
        return SyncLoraEngine(settings)

    with caplog.at_level(logging.ERROR):
        start = Start(steps, again_seconds=0.01)
        until("it is tried again", lambda: len(tries) > 1)
        assert (start.failed, start.coming) == (FAILED, None)
        with pytest.raises(EngineError, match=FAILED):
            start.engine()
        there.set()
        until("the engine is there", lambda: start.failed is None)
    assert start.engine().name == "sync-lora"
    assert "the Hub is not to be reached" in caplog.text


def test_where_a_gpu_is_lent_the_program_begins_anew_with_what_was_fetched(hub: Hub, service: EditService) -> None:
    assert hub.files
    anew, platform = threading.Event(), LentGpu()
    start = start_engine(service.settings, anew.set, platform)
    assert isinstance(start, Start)
    assert platform.tasks, "the platform is told at the launch that something will ask for a GPU"
    until("the set is fetched", anew.is_set)
    with pytest.raises(EngineError, match="begins anew"):
        start.engine()
    engine = start_engine(service.settings, not_anew, LentGpu())
    assert isinstance(engine, LentSyncLoraEngine)


def test_what_is_not_here_at_all_is_said_as_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nothing = tmp_path / "nothing"
    start = start_engine(SyncLoraSettings(prepared=nothing, weights=nothing, device="cpu"), not_anew)
    assert isinstance(start, Start)
    until("it is over", lambda: start.coming is None)
    with pytest.raises(EngineError, match=f"No prepared set in {nothing}. Make it with"):
        start.engine()
    assert start.failed is None
    assert not caplog.records
