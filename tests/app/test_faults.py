"""A server that is told to end, killed, or left by whoever asked: over real processes, with an engine that waits."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from syncedit_demo.media.image_file import write_png
from tests.support.clips import edited_scene, write_scene
from tests.support.running import running_app
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = ("-m", "tests.support.quick_app")
STAGED, RESULTS = "work/jobs/*/*/.syncedit-*", "work/jobs/*/*/*-edited.mp4"
WAIT = 120


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    write_scene(folder / "scene.mp4")
    write_png(edited_scene(folder / "scene.mp4"), folder / "edited.png")
    return folder


def start_edit(address: str, media: Path) -> str:
    """Ask for an edit as a program does that never listens; the name of the call."""
    given: list[dict[str, object]] = []
    for name in ("scene.mp4", "edited.png"):
        with (media / name).open("rb") as file:
            (path,) = httpx.post(f"{address}gradio_api/upload", files={"files": (name, file)}, timeout=WAIT).json()
        given.append({"path": path, "meta": {"_type": "gradio.FileData"}})
    data = [*given, "320x256", 12, 0, "", 42, False, "draft", False]
    answer = httpx.post(f"{address}gradio_api/call/edit", json={"data": data}, timeout=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()["event_id"]


def left(folder: Path) -> list[str]:
    """What is left of uploads on their way, beside the empty files that Gradio leaves of whole ones."""
    return [path.name for path in (folder / "work/uploads").iterdir() if path.is_file() and path.stat().st_size]


def test_a_call_nobody_listens_to_is_stopped_and_a_third_of_one_caller_is_refused(tmp_path: Path, media: Path) -> None:
    with running_app(tmp_path, program=PROGRAM, variables={"QUICK_STEP": "4"}) as address:
        start_edit(address, media)
        until("it is being made", lambda: list(tmp_path.glob(STAGED)))
        calls = [start_edit(address, media) for _ in range(3)]
        until(
            "one is refused",
            lambda: (
                "2 of your edits are waiting already."
                in httpx.get(f"{address}gradio_api/call/edit/{calls[-1]}", timeout=WAIT).text
            ),
        )
        # It would take 48 s; the ones before the refused one are not listened to either.
        until("it is stopped", lambda: not list(tmp_path.glob(STAGED)))
        assert list(tmp_path.glob(RESULTS)) == []
        with socket.create_connection(("127.0.0.1", httpx.URL(address).port or 80)) as sender:
            sender.sendall(BROKEN_UPLOAD)
            until("it is on its way", lambda: left(tmp_path))
        until("it left nothing", lambda: not left(tmp_path))
    log = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert "Traceback" not in log


BROKEN_UPLOAD = (
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: here\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 1000000\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + bytes(100_000)
)


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.thorough), signal.SIGKILL]
)
def test_a_server_that_is_ended_leaves_nothing_half_made(tmp_path: Path, media: Path, how: signal.Signals) -> None:
    with running_app(tmp_path, program=PROGRAM, variables={"QUICK_STEP": "0.5"}, end_with=how) as address:
        start_edit(address, media)
        until("it is being made", lambda: list(tmp_path.glob(STAGED)))
        (tmp_path / "work/uploads/tmpleft").write_bytes(b"part")
        half = next(tmp_path.glob("work/jobs/*")) / "run-1"
        half.mkdir()
        (server,) = [each for each in psutil.Process().children() if each.cmdline()[1:] == list(PROGRAM)]
    assert not server.is_running()
    if how is not signal.SIGKILL:
        assert list(tmp_path.glob(STAGED)) == []
        return
    assert len(list(tmp_path.glob(STAGED))) == 1
    with running_app(tmp_path, program=PROGRAM):
        assert (list(tmp_path.glob(STAGED)), half.exists(), left(tmp_path)) == ([], False, [])
