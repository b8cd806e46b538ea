"""What a stranger can send over HTTP, to the app as it runs."""

from __future__ import annotations

import json
import re
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AuthenticationError

from syncedit_demo.ui.door.password import Password
from tests.support.clips import write_scene
from tests.support.running import running_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API = "gradio_api/"
FOREIGN = "https://elsewhere.example"
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 8, 8) + bytes(50)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with running_app(home, max_upload_mb=2) as address:
        yield address


@pytest.fixture
def web(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as web:
        yield web


def upload(web: httpx.Client, name: str, content: bytes = b"<script>alert(1)</script>") -> str:
    answer = web.post(f"{API}upload", files={"files": (name, content)})
    assert answer.status_code == HTTPStatus.OK
    return answer.json()[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "gradio_api/process_recording"),
        ("GET", "gradio_api/deep_link?session_hash=x"),
        ("GET", "gradio_api/proxy=https://elsewhere.example/x"),
        ("GET", "gradio_api/custom_component/x/client/component/x.js"),
        ("POST", "gradio_api/vibe-edit"),
        ("GET", "gradio_api/dev/reload"),
        ("GET", "gradio_api/runs"),
        ("GET", "monitoring/summary"),
        ("GET", "gradio_api/file=/etc/passwd"),
        ("GET", "gradio_api/file=https://elsewhere.example/x"),
        ("GET", "gradio_api/file=/kept/../../../../etc/passwd"),
        ("GET", "gradio_api/file=/kept/visits.key/..%2fvisits.key"),
        ("GET", "gradio_api/file/etc/passwd"),
        ("PUT", ""),
        ("OPTIONS", "gradio_api/queue/join"),
        ("TRACE", ""),
    ],
)
def test_what_the_page_does_not_use_is_not_there(web: httpx.Client, method: str, path: str) -> None:
    answer = web.request(method, path)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.json() == {"detail": "There is nothing here."}


def test_the_key_of_the_visits_is_no_file_to_fetch(web: httpx.Client) -> None:
    assert web.get(f"{API}file=/kept/visits.key").status_code == HTTPStatus.FORBIDDEN


def test_nothing_tells_where_on_this_machine_it_is(web: httpx.Client, home: Path) -> None:
    uploaded = upload(web, "a clip.mp4")
    assert re.fullmatch(r"/kept/uploads/[0-9a-f]{64}/a clip\.mp4", uploaded)
    missing = web.get(f"{API}file=/kept/uploads/missing.png")
    assert missing.status_code == HTTPStatus.FORBIDDEN
    answers = [missing, *(web.get(path) for path in ("", "config", f"{API}info", f"{API}info?all_endpoints=True"))]
    for answer in answers:
        for secret in (str(home), "site-packages", "/work/", "/home/", "/root/", "/usr/lib"):
            assert secret not in answer.text, (answer.url, secret)
    assert "/examples/" in answers[1].text


@pytest.mark.parametrize("disposition", ["name=files", "name=files; filename*=UTF-8''x.mp4"])
def test_a_form_without_a_file_is_refused_in_words(web: httpx.Client, disposition: str) -> None:
    body = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = web.post(f"{API}upload", content=body.encode(), headers=kind)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.text == "This is no form with files: send each with its name."


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "page.xhtml", "words.txt", "code.js", "data.xml"])
def test_no_file_of_a_visitor_is_a_page(web: httpx.Client, name: str) -> None:
    answer = web.get(f"{API}file={upload(web, name)}")
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_is_shown_and_also_sandboxed(web: httpx.Client) -> None:
    answer = web.get(f"{API}file={upload(web, 'picture.png', PICTURE)}")
    assert (answer.headers["Content-Type"], answer.content) == ("image/png", PICTURE)
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    "wanted", ["bytes=a-b", "bytes=1-2-3", "bytes=" + "9" * 5000 + "-", "lines=1-2", "bytes=-", "²"]
)
def test_an_odd_range_is_refused(web: httpx.Client, wanted: str) -> None:
    path = upload(web, "picture.png", PICTURE)
    answer = web.get(f"{API}file={path}", headers=[(b"Range", wanted.encode())])
    assert answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def test_a_range_is_served(web: httpx.Client) -> None:
    path = upload(web, "picture.png", PICTURE)
    for wanted, content in (("bytes=1-3", PICTURE[1:4]), ("bytes=60-", PICTURE[60:]), ("bytes=-4", PICTURE[-4:])):
        answer = web.get(f"{API}file={path}", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (HTTPStatus.PARTIAL_CONTENT, content)


def test_the_page_says_who_may_frame_it_and_what_it_loads(web: httpx.Client) -> None:
    headers = web.get("").headers
    policy = dict(each.split(" ", 1) for each in headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'self' https://huggingface.co https://*.hf.space"
    assert policy["default-src"] == "'self'"
    assert (policy["object-src"], policy["base-uri"]) == ("'none'", "'self'")
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": FOREIGN}, {"Origin": "null"}, {"Origin": "http://[::1"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
def test_another_site_cannot_post(web: httpx.Client, headers: dict[str, str]) -> None:
    for path in ("queue/join", "upload", "run/predict", "call/edit", "cancel", "component_server"):
        assert web.post(f"{API}{path}", headers=headers, json={}).status_code == HTTPStatus.FORBIDDEN


def test_another_site_cannot_read(web: httpx.Client, address: str) -> None:
    for path in ("config", "", f"{API}info"):
        answer = web.get(path, headers={"Origin": FOREIGN})
        assert not [name for name in answer.headers if name.startswith("access-control")]
    for own in ({"Origin": address.rstrip("/")}, {"Origin": FOREIGN, "Sec-Fetch-Site": "same-origin"}):
        assert web.post(f"{API}reset", headers=own, json={"event_id": "x"}).status_code == HTTPStatus.OK


def test_bodies_are_bounded(web: httpx.Client) -> None:
    big = b'{"data": ["' + b"x" * 1_000_000 + b'"]}'

    def in_pieces() -> Iterator[bytes]:
        yield from (big[start : start + 65_536] for start in range(0, len(big), 65_536))

    for path in ("queue/join", "call/inspect_clip", "run/predict", "cancel"):
        for content in (big, in_pieces()):
            answer = web.post(f"{API}{path}", content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert web.post("login", content=big).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    files = [("files", (f"{number}.mp4", bytes(900_000))) for number in range(3)]
    assert web.post(f"{API}upload", files=files).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert web.post(f"{API}upload", files=files[:2]).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"{",
        b'{"fn_index": 99, "data": []}',
        b'{"fn_index": "1e99", "data": []}',
        b'{"fn_index": 0, "data": ' + b"[" * 100_000,
        b'{"fn_index": 0, "data": [' + b"9" * 5000 + b"]}",
        b'{"data": [1e999], "session_hash": "a\\nERROR root: forged"}',
        b'{"data": [NaN], "session_hash": "a", "event_id": [NaN]}',
        b'{"data": [], "fn_index": [1e999], "session_hash": "a"}',
    ],
    ids=lambda sent: sent[:30].decode(),
)
def test_malformed_events_are_answered_plainly(web: httpx.Client, home: Path, sent: bytes) -> None:
    paths = ("queue/join", "run/predict", "call/inspect_clip", *(["cancel", "reset"] if b"[NaN]" in sent else []))
    for path in paths:
        answer = web.post(f"{API}{path}", content=sent, headers={"Content-Type": "application/json"})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert re.fullmatch(r"[^\n]{5,200}\.", answer.json()["detail"])
    log = (home / "app.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "forged" not in log


def paint(web: httpx.Client, picture: bytes = PICTURE, **changed: str) -> int:
    fields = {
        "id": "one",
        "type": "composite",
        "index": "null",
        "fn_name": "accept_blobs",
        "session_hash": "s",
    } | changed
    return web.post(f"{API}component_server", data=fields, files={"file": ("composite.png", picture)}).status_code


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "layer", "index": "1000000000"},
        {"type": "layer", "index": "-1"},
        {"type": "layer", "index": "1"},
        {"type": "composite", "index": "0"},
        {"type": "nothing"},
        {"id": ""},
        {"id": "x" * 65},
        {"fn_name": "postprocess"},
        {"fn_name": "__init__"},
    ],
    ids=str,
)
def test_only_pictures_of_paintings_are_taken(web: httpx.Client, changed: dict[str, str]) -> None:
    assert paint(web, PICTURE, **changed) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_painting_is_taken_in_its_place_and_size(web: httpx.Client) -> None:
    assert paint(web) == HTTPStatus.OK
    assert paint(web, type="layer", index="0") == HTTPStatus.OK
    assert paint(web, b"<svg/>") == HTTPStatus.UNPROCESSABLE_ENTITY
    assert paint(web, PICTURE + bytes(20_100_000)) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    answer = web.post(f"{API}component_server", json={"data": {}, "component_id": 1, "fn_name": "accept_blobs"})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert web.post(f"{API}component_server", content=b"x", headers={"Content-Type": "multipart/form-data"}).is_error


def test_a_visitor_cannot_follow_or_stop_the_page_of_another(address: str) -> None:
    with httpx.Client(base_url=address) as me, httpx.Client(base_url=address) as other:
        for each in (me, other):
            cookie = each.get("").headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
        assert me.cookies["syncedit-visit"] != other.cookies["syncedit-visit"]
        assert me.get("").headers["Set-Cookie"].startswith(f"syncedit-visit={me.cookies['syncedit-visit']};")
        mine: dict[str, Any] = {"session_hash": "mine", "event_id": "x", "fn_index": 0}
        assert me.post(f"{API}cancel", json=mine).status_code == HTTPStatus.OK
        for stranger in (other, httpx.Client(base_url=address)):
            assert stranger.post(f"{API}cancel", json=mine).status_code == HTTPStatus.FORBIDDEN
            assert stranger.get(f"{API}queue/data?session_hash=mine").status_code == HTTPStatus.FORBIDDEN
            assert stranger.get(f"{API}heartbeat/mine").status_code == HTTPStatus.FORBIDDEN
            stranger.close()


@pytest.mark.parametrize("header", ["X-Gradio-Server", "X-Forwarded-Host", "Origin", "Referer"])
def test_nobody_sends_the_next_visitor_elsewhere(address: str, header: str) -> None:
    forged = "https://elsewhere.example" if header != "X-Forwarded-Host" else "elsewhere.example"
    with httpx.Client(base_url=address, headers={header: forged}) as other:
        other.get("")
    with httpx.Client(base_url=address) as me:
        page = me.get("")
    assert "elsewhere" not in page.text + str(page.headers)
    assert "window.gradio_config" in page.text


def test_an_encrypted_page_is_remembered_in_a_frame_too(web: httpx.Client) -> None:
    cookie = web.get("", headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-syncedit-visit=")
    assert cookie.endswith("; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned")


def test_a_link_hands_over_no_page_of_somebody_else(web: httpx.Client, home: Path) -> None:
    saved = home / "work/uploads/deep_links/0123456789abcdef"
    saved.mkdir(parents=True)
    (saved / "state.json").write_text(json.dumps([{"id": 1, "type": "markdown", "props": {"value": "planted"}}]))
    for path in ("?deep_link=0123456789abcdef", "config?deep_link=0123456789abcdef"):
        assert "planted" not in web.get(path).text


def test_a_password_keeps_everybody_else_out(tmp_path: Path) -> None:
    write_scene(tmp_path / "scene.mp4", 9)
    auth = Password.read("me:right one").written()
    with running_app(tmp_path, variables={"SYNCEDIT_AUTH": auth}) as address:
        with httpx.Client(base_url=address) as web:
            assert "clip-file" not in web.get("").text
            for path in ("config", f"{API}info", f"{API}file=/examples/balloon/edited.png", f"{API}heartbeat/x"):
                assert web.get(path).status_code == HTTPStatus.UNAUTHORIZED
            for path in ("queue/join", "upload", "call/edit", "cancel", "component_server", "run/predict"):
                assert web.post(f"{API}{path}", json={}).status_code == HTTPStatus.UNAUTHORIZED
            assert web.post("login", data={"username": "me", "password": "wrong"}).is_client_error
        with pytest.raises(AuthenticationError):
            Client(address, verbose=False)
        with pytest.raises(ValueError, match="Could not login"):
            Client(address, verbose=False, auth=("me", "wrong"))
        client = Client(address, verbose=False, auth=("me", "right one"))
        told = client.predict(handle_file(tmp_path / "scene.mp4"), api_name="/inspect_clip")
        assert told["clip"]["frames"] == 9
        client.close()
    log = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "wrong" not in log


HALF_OPEN = 1000


def test_half_open_connections_keep_nobody_out(tmp_path: Path) -> None:
    program = ("-c", "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (1024, 1024)); import app; app.main()")
    held: list[socket.socket] = []
    with running_app(tmp_path, program=program) as address:
        url = httpx.URL(address)
        assert url.port
        try:
            for _ in range(HALF_OPEN):
                held.append(socket.create_connection((url.host, url.port), timeout=30))
                held[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            answer = httpx.get(address, timeout=60)
            assert answer.status_code == HTTPStatus.OK
        finally:
            for each in held:
                each.close()
        for _ in range(50):
            with socket.create_connection((url.host, url.port), timeout=60) as line:
                line.sendall(b"\0\r\n\r\n")
                assert line.recv(12) == b"HTTP/1.1 400"
    log = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert log.count("more connections than there may be") == 1
    assert log.count("Invalid HTTP request") == 1
    assert "out of system resource" not in log
    assert len(log) < 20_000
