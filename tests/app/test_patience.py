"""What is slow, half open or too much: over the app with little patience."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from syncedit_demo.ui import launch
from syncedit_demo.ui.door import bodies, connections
from tests.support.hasty_app import SESSIONS
from tests.support.running import running_app
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT = 120
FORM = (
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: here\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 1000000\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + bytes(100_000)
)
JSON = b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: here\r\nContent-Length: 50\r\n\r\n{"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with running_app(home, program=("-m", "tests.support.hasty_app", str(home / "states"))) as address:
        yield address


def line_to(address: str) -> socket.socket:
    port = httpx.URL(address).port
    assert port
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def parts(home: Path) -> list[str]:
    """What there is of uploads, whole or not."""
    return [path.name for path in (home / "work/uploads").rglob("*") if path.is_file() and path.stat().st_size]


def test_its_patience_is_the_only_difference() -> None:
    assert (bodies.BODY_SECONDS, bodies.SLOWEST_UPLOAD, connections.REQUEST_SECONDS) == (30, 8000, 15)
    assert launch.SESSIONS == 300


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX: "], ids=["nothing", "half a request"])
def test_a_connection_that_brings_nothing_is_closed(address: str, sent: bytes) -> None:
    with line_to(address) as line:
        line.sendall(sent)
        with suppress(ConnectionResetError):
            assert line.recv(1) == b""


@pytest.mark.parametrize(
    ("sent", "said"),
    [(FORM, b"The upload stood still."), (JSON, b"The request took too long.")],
    ids=["upload", "request"],
)
def test_a_body_that_stands_still_is_given_up(address: str, home: Path, sent: bytes, said: bytes) -> None:
    with line_to(address) as line:
        line.sendall(sent)
        answer = b""
        while said not in answer:
            came = line.recv(65_536)
            assert came, answer
            answer += came
    assert answer.startswith(b"HTTP/1.1 408")
    until("nothing of it is left", lambda: not parts(home))


def test_an_upload_that_trickles_is_given_up(address: str, home: Path) -> None:
    with line_to(address) as line:
        line.sendall(FORM)
        line.settimeout(0.2)
        answer = b""

        def is_refused() -> bool:
            nonlocal answer
            with suppress(ConnectionError):
                line.sendall(b"x")
            with suppress(TimeoutError):
                answer += line.recv(65_536)
            return b"The upload is too slow." in answer

        until("it is refused", is_refused)
    assert answer.startswith(b"HTTP/1.1 408")
    until("nothing of it is left", lambda: not parts(home))


def test_the_state_of_a_page_makes_room_for_that_of_another(address: str, home: Path) -> None:
    shown = httpx.get(f"{address}config", timeout=WAIT).json()["dependencies"]
    number = next(each["id"] for each in shown if each["api_name"] == "ask_to_stop")

    def states() -> int:
        return int((home / "states").read_text(encoding="utf-8"))

    for page in range(2 * SESSIONS):
        body: dict[str, Any] = {"fn_index": number, "data": [], "session_hash": f"page{page}"}
        httpx.post(f"{address}gradio_api/run/predict", json=body, timeout=WAIT).raise_for_status()
        assert states() <= SESSIONS
    until("as many are kept as may be", lambda: states() == SESSIONS)
    assert not list((home / "work/jobs").iterdir()), "who brings nothing has no folder"
    assert not re.search("Traceback", (home / "app.log").read_text(encoding="utf-8"))
