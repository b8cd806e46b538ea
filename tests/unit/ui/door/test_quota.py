"""Uploads as Gradio takes them: let in, refused before they begin, broken off."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from gradio import route_utils
from starlette.applications import Starlette
from starlette.formparsers import MultiPartException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from syncedit_demo.errors import NoRoomError
from syncedit_demo.settings import Settings
from syncedit_demo.ui.door.quota import UploadQuota
from syncedit_demo.ui.visits.room import Room, loose_files
from syncedit_demo.ui.visits.work_folder import make_private
from tests.support.asgi import http_scope
from tests.support.small_disk import small_disk
from tests.support.waiting import WAIT_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Message

gradio_upload = cast("Any", route_utils).upload_fn
"""What Gradio does with an upload."""

LARGEST = 5_000_000
BOUNDARY = "the-boundary"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="clip.mp4"\r\n\r\n'.encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
PIECE = 64 * 1024


@dataclass(slots=True)
class Answer:
    status: int = 0
    body: bytes = b""
    taken: int = 0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(work_dir=tmp_path / "work", max_upload_mb=1, max_work_mb=3, max_visit_mb=2)
    make_private(settings)
    return settings


def app_of(settings: Settings, visit: Path | None = None, room: Room | None = None) -> UploadQuota:
    """What Gradio does with an upload, behind the quota."""

    async def take(request: Request) -> Response:
        try:
            taken: list[object] = (await gradio_upload(request, settings.uploads_dir, LARGEST, None, False))[0]
        except MultiPartException as error:
            return PlainTextResponse(error.message, status_code=400)
        return JSONResponse([str(path) for path in taken])

    # As the door has it, before what answers 500 for whatever fails.
    app = Starlette(routes=[Route("/gradio_api/upload", take, methods=["POST"])])
    return UploadQuota(app, settings=settings, room=room or Room(settings), visit_of=lambda _: visit)


def upload(app: UploadQuota, pieces: list[bytes], announced: int | None, *, whole: bool = True) -> Answer:
    """Send the pieces of an upload, and then its end, or be gone."""
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "host": "here"}
    if announced is not None:
        headers["content-length"] = str(announced)
    scope = http_scope("POST", "/gradio_api/upload", headers)
    answer, left = Answer(), list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        answer.taken += 1
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not whole}

    async def send(message: Message) -> None:
        answer.status = message.get("status", answer.status)
        answer.body += message.get("body", b"")

    asyncio.run(app(scope, receive, send))
    return answer


def pieces_of(size: int) -> list[bytes]:
    return [HEAD, *[bytes(PIECE)] * (size // PIECE), TAIL]


def kept(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.uploads_dir.rglob("*") if path.is_file())


def test_an_upload_is_kept_for_nobody_else(settings: Settings) -> None:
    pieces = pieces_of(5 * PIECE)
    answer = upload(app_of(settings), pieces, sum(map(len, pieces)))
    assert answer.status == 200, answer.body
    assert kept(settings) == ["clip.mp4"]
    (folder,) = settings.uploads_dir.iterdir()
    assert (folder.stat().st_mode & 0o777, (folder / "clip.mp4").stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_is_too_big_is_refused_before_it_travels(settings: Settings) -> None:
    answer = upload(app_of(settings), [HEAD], 10**12, whole=False)
    assert (answer.status, answer.body) == (413, b"This is too big: at most 1 MB are taken.")
    assert kept(settings) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_full_folder_refuses_an_upload_before_it_begins(settings: Settings, announced: bool) -> None:
    (settings.jobs_dir / "kept").write_bytes(bytes(2_900_000))
    pieces = pieces_of(5 * PIECE)
    answer = upload(app_of(settings), pieces, sum(map(len, pieces)) if announced else None)
    assert answer.status == 507
    assert answer.body.startswith(b"There is no room for it on this server now")
    assert kept(settings) == []


def test_a_full_visit_refuses_an_upload_and_others_do_not(settings: Settings) -> None:
    visit = settings.jobs_dir / "visit"
    visit.mkdir()
    (visit / "result.mp4").write_bytes(bytes(1_900_000))
    pieces = pieces_of(5 * PIECE)
    size = sum(map(len, pieces))
    answer = upload(app_of(settings, visit), pieces, size)
    assert answer.status == 507
    assert answer.body.startswith(b"This visit may keep 0.0 GB, which is used up")
    assert upload(app_of(settings), pieces, size).status == 200


@pytest.mark.parametrize("come", [0, 1, 4])
def test_an_upload_that_breaks_off_leaves_nothing(settings: Settings, come: int) -> None:
    """Left to itself Gradio keeps the part that has come."""
    pieces = pieces_of(10 * PIECE)
    upload(app_of(settings), pieces[:come], sum(map(len, pieces)), whole=False)
    assert list(settings.uploads_dir.iterdir()) == []


def test_an_upload_of_more_than_was_announced_is_broken_off(settings: Settings) -> None:
    answer = upload(app_of(settings), pieces_of(10 * PIECE), 3 * PIECE)
    assert (answer.status, answer.body) == (413, b"This is more than was announced.")
    assert list(settings.uploads_dir.iterdir()) == []


def test_room_is_kept_for_uploads_on_their_way(settings: Settings) -> None:
    room = Room(settings)
    with room.promised(2_000_000):
        assert upload(app_of(settings, room=room), pieces_of(PIECE), 1_500_000).status == 507
    assert upload(app_of(settings, room=room), pieces_of(PIECE), 1_500_000).status == 200


def test_what_has_come_counts_before_the_folder_is_counted_again(settings: Settings) -> None:
    room = Room(settings)
    for _ in range(2):
        assert upload(app_of(settings, room=room), pieces_of(900_000), 950_000).status == 200
    assert upload(app_of(settings, room=room), pieces_of(PIECE), 999_999).status == 200
    room.check(1_000_000)
    with pytest.raises(NoRoomError):
        room.check(1_300_000)


def test_an_upload_that_is_over_does_not_wait_until_the_folder_is_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own loop would, and nobody else would be answered."""
    room = Room(settings)
    begun, counting, over, go_on = (threading.Event() for _ in range(4))

    def keep() -> None:
        with room.promised(1):
            begun.set()
            assert counting.wait(WAIT_SECONDS)
        over.set()

    def count(_: object) -> int:
        counting.set()
        assert go_on.wait(WAIT_SECONDS)
        return 0

    with ThreadPoolExecutor(2) as pool:
        kept = pool.submit(keep)
        assert begun.wait(WAIT_SECONDS)
        monkeypatch.setattr("syncedit_demo.ui.visits.room.disk_use", count)
        monkeypatch.setattr("syncedit_demo.ui.visits.room.KNOWN_SECONDS", 0)
        counted = pool.submit(room.check)
        try:
            assert over.wait(WAIT_SECONDS)
            assert not counted.done()
        finally:
            go_on.set()
        kept.result()
        counted.result()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_disk_that_gets_full_meanwhile_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 1000):
        settings = Settings(work_dir=disk / "work", max_upload_mb=5, max_work_mb=100, max_visit_mb=100)
        make_private(settings)
        before = os.statvfs(disk).f_bfree
        # Less is announced than comes, as two at once would have it: the disk is what ends it.
        room = Room(settings)
        pieces = pieces_of(20 * PIECE)
        with monkeypatch.context() as patch:
            patch.setattr("syncedit_demo.ui.visits.room.KEPT_SHARE", -10.0)
            answer = upload(app_of(settings, room=room), pieces, sum(map(len, pieces)))
        assert answer.status == 507
        assert answer.body == b"This server cannot keep files now: try again later."
        assert loose_files(settings.uploads_dir) == []
        assert os.statvfs(disk).f_bfree == before
        answer = upload(app_of(settings, room=room), pieces, sum(map(len, pieces)))
        assert answer.status == 507
        assert answer.taken == len(pieces), "a sender does not listen before all is sent"
        # Gradio leaves its file open, which Python says when it comes upon it.
        gc.collect()
