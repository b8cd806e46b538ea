"""A visitor who leaves leaves nobody behind who reads their files."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, cast

import gradio as gr
import httpx
import numpy as np
import psutil
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.media.image_file import write_png
from syncedit_demo.reading.children import ChildrenRunner
from syncedit_demo.service import EditService
from syncedit_demo.settings import ReadingLimits, Settings
from tests.support import reading_jobs as jobs
from tests.support.clips import edited_scene, write_scene
from tests.support.costly import write_mp4_of_edits
from tests.support.running import running_app
from tests.support.unseen import open_unseen
from tests.support.waiting import WAIT_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SET = "from syncedit_demo.ui import gradio_internals as internals; internals.PATIENCE_SECONDS = 5; "
IMPATIENT = ("-c", f"{SET} import app; app.main()")
COSTLY_EDITS = 100_000
"""Entries of an edit list that take hours to read."""

HOURS = 36_000
"""Seconds that reading may take here."""


@pytest.mark.parametrize("step", ["take_clip", "replan", "fit_frame"])
def test_leaving_ends_what_is_read_for_a_visitor(tmp_path: Path, step: str) -> None:
    clip, edited = write_scene(tmp_path / "scene.mp4"), tmp_path / "edited.png"
    write_png(edited_scene(clip), edited)
    with closing(ChildrenRunner(ReadingLimits(), 1)) as runner:
        service = EditService(Settings(engine="draft", work_dir=tmp_path / "work"), runner)
        unseen = open_unseen(service)
        if step == "take_clip":
            unseen.happen("await_clip", clip_file=str(clip))
        else:
            unseen.give_clip(clip, size="own", width=320, height=256)
            unseen.happen("take_upload", edited_file=str(edited))
        # Somebody else keeps the only process busy.
        other = runner.frames("other.mp4", (4, 2), jobs.numbered_frames, 3, cancel=CancelFlag())
        assert np.all(next(other) == 0)
        said: dict[str | None, object] = {}

        def act() -> None:
            said.update(
                {
                    "take_clip": lambda: unseen.happen("take_clip"),
                    "replan": lambda: unseen.happen("replan", frames=4),
                    "fit_frame": lambda: unseen.happen("fit_frame"),
                }[step]()
            )

        acting = threading.Thread(target=act)
        acting.start()
        leave = cast("Callable[[gr.Request], None]", unseen.handlers("leave")[0].fn)
        while acting.is_alive():
            leave(unseen.request)
            acting.join(0.05)
        assert set(said) <= {None}, "nobody is there to be told"
        assert len(list(other)) == 2, "the other visitor's is done to its end"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """An app that would read a file for hours, if somebody waited for it."""
    with running_app(
        home,
        program=IMPATIENT,
        readers=1,
        read_seconds=HOURS,
        read_processor_seconds=HOURS,
        max_clip_frames=10**9,
        max_clip_packets=10**9,
    ) as address:
        yield address


@pytest.fixture(scope="module")
def costly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mp4_of_edits(tmp_path_factory.mktemp("media") / "costly.mp4", COSTLY_EDITS)


def being_read(name: str) -> bool:
    """Whether a process that was started from here has a file of this name open."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any(file.path.endswith(f"/{name}") for file in process.open_files()):
                return True
        except psutil.Error:
            continue
    return False


def put(address: str, file: Path) -> dict[str, object]:
    with file.open("rb") as content:
        (path,) = httpx.post(f"{address}gradio_api/upload", files={"files": (file.name, content)}, timeout=60).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def call(address: str, endpoint: str, clip: Path, session: str) -> str:
    """Call an endpoint with a clip; the address of the answer."""
    frame = clip.with_name("edited.png")
    write_png(np.zeros((64, 64, 3), np.uint8), frame)
    plan = ["", 0, 0, ""]
    data = [put(address, clip), *plan]
    if endpoint == "edit":
        data = [data[0], put(address, frame), *plan, 42, False, "draft", False]
    asked = {"data": data, "session_hash": session}
    answer = httpx.post(f"{address}gradio_api/call/{endpoint}", json=asked, timeout=60)
    return f"{address}gradio_api/call/{endpoint}/{answer.json()['event_id']}"


@pytest.mark.parametrize("how", ["hangs-up", "cancels"])
@pytest.mark.parametrize("endpoint", ["inspect_clip", "first_frame", "edit"])
def test_a_program_that_leaves_ends_what_is_read_for_it(
    address: str, home: Path, costly: Path, endpoint: str, how: str
) -> None:
    session = f"{endpoint}-{how}"
    answer = call(address, endpoint, costly, session)
    with httpx.stream("GET", answer, timeout=60) as listening:
        assert listening.status_code == 200
        until("it is read", lambda: being_read(costly.name))
        if how == "cancels":
            number = next(
                each["id"]
                for each in httpx.get(f"{address}config", timeout=60).json()["dependencies"]
                if each["api_name"] == endpoint
            )
            asked = {"session_hash": session, "fn_index": number, "event_id": answer.rpartition("/")[2]}
            httpx.post(f"{address}gradio_api/cancel", json=asked, timeout=60).raise_for_status()
            until("it is read no more", lambda: not being_read(costly.name))
    until("it is read no more", lambda: not being_read(costly.name))
    until("nothing of it is kept", lambda: not list(home.glob("work/jobs/*")))


def test_a_program_that_never_listens_ends_what_is_read_for_it(address: str, home: Path, costly: Path) -> None:
    call(address, "first_frame", costly, "never-listens")
    until("it is begun", lambda: list(home.glob("work/jobs/*")))
    until("nothing of it is kept", lambda: not list(home.glob("work/jobs/*")))
    assert not being_read(costly.name)


def test_a_server_that_is_told_to_end_takes_along_who_reads_for_it(tmp_path: Path, costly: Path) -> None:
    with running_app(tmp_path, readers=1, max_clip_frames=10**9, max_clip_packets=10**9) as address:
        before = psutil.Process().children(recursive=True)
        call(address, "inspect_clip", costly, "ended")
        until("it is read", lambda: being_read(costly.name))
        started = [each for each in psutil.Process().children(recursive=True) if each not in before]
    assert started
    assert psutil.wait_procs(started, WAIT_SECONDS)[1] == []
