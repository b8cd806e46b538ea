"""Uploads: refused before they begin where there is no room for them, and without a trace where they break off."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from syncedit_demo.errors import NoRoomError
from syncedit_demo.media.atomic import WRITE_FAILURES
from syncedit_demo.ui.visits.old_files import delete_loose_files
from syncedit_demo.ui.visits.room import MB, Room

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)

UPLOAD_PATH = re.compile(r"/upload/?$")

FRAMING = MB
"""Bytes that the form around a file may take."""

LISTENED_BYTES = 64 * MB
"""How much of a refused upload is let in, so that its sender hears why before the connection ends."""

LISTENED_SECONDS = 30

CLOCK_STEP = 1.0
"""Seconds by which the time of a file may be behind the clock."""

NOTHING_LEFT = float("inf")

NOT_A_FILE, TOO_LARGE, FAILED, NO_ROOM = 400, 413, 500, 507


@dataclass(slots=True)
class _Upload:
    """One upload on its way.

    Attributes:
        boundary: What stands between the parts of its form.
        allowed: Bytes that may come.
        come: Bytes that have come.
        refusal: Why it is broken off, status and sentence; None while it is not.
        broken: Whether the end of it was made up here.
        answered: Whether its answer has begun.
        failed: Whether whoever stands behind failed over it, and has nothing else to say.
    """

    boundary: bytes
    allowed: int
    come: int = 0
    refusal: tuple[int, str] | None = None
    broken: bool = False
    answered: bool = False
    failed: bool = False

    def breaking(self) -> Message:
        """An end that no form has: at one that cannot be parsed Gradio deletes what it has of the upload."""
        self.broken = True
        return {"type": "http.request", "body": b"\r\n--" + self.boundary + b"\r\n\x00:\r\n\r\n", "more_body": False}


@dataclass(slots=True)
class UploadQuota:
    """Asks for room before an upload is let in, and sees to it that a broken one leaves nothing.

    Args:
        app: What is asked after this.
        settings: How large a file may be, and where uploads go.
        room: What is left for them.
        visit_of: The folder of the visit that a request belongs to, None where that is not known.
    """

    app: ASGIApp
    settings: Settings
    room: Room
    visit_of: Callable[[Scope], Path | None] = lambda _: None
    _on_their_way: int = field(default=0, init=False)
    _left_since: float = field(default=NOTHING_LEFT, init=False)

    def __post_init__(self) -> None:
        # Which warns of every upload that breaks off.
        logging.getLogger("python_multipart").setLevel(logging.ERROR)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on that is no upload."""
        if scope["type"] != "http" or scope["method"] != "POST" or not UPLOAD_PATH.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        limit = self.settings.max_upload_mb * MB + FRAMING
        announced = request.headers.get("content-length", "")
        # Where it is not announced, room is kept for the largest.
        size = int(announced) if re.fullmatch(r"[0-9]{1,15}", announced) else limit
        if size > limit:
            sentence = f"This is too big: at most {self.settings.max_upload_mb} MB are taken."
            await _refuse(scope, receive, send, TOO_LARGE, sentence)
            return
        with ExitStack() as kept:
            try:
                visit = self.visit_of(scope)
                if visit is not None:
                    await asyncio.to_thread(self.room.check_visit, visit, size)
                promise = await asyncio.to_thread(kept.enter_context, self.room.promised(size))
            except NoRoomError as error:
                await _refuse(scope, receive, send, NO_ROOM, str(error))
                return
            upload = _Upload(_boundary(request), size)
            await self._let_in(scope, receive, send, upload)
            promise.come = upload.come if upload.refusal is None else 0

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, upload: _Upload) -> None:
        async def receive_some() -> Message:
            if upload.broken:
                return {"type": "http.disconnect"}
            try:
                message = await receive()
            except HTTPException as error:
                upload.refusal = error.status_code, error.detail
                return upload.breaking()
            if message["type"] == "http.disconnect":
                return message if upload.answered else upload.breaking()
            upload.come += len(message.get("body", b""))
            if upload.come > upload.allowed:
                upload.refusal = TOO_LARGE, "This is more than was announced."
                return upload.breaking()
            if self.room.disk_is_full():
                upload.refusal = NO_ROOM, "This server's disk is full: try again later."
                return upload.breaking()
            return message

        async def send_some(message: Message) -> None:
            # That of a failure, which is raised after it; for whom it has a sentence, that is sent in its place.
            upload.failed = upload.failed or (message.get("status") == FAILED and not upload.answered)
            if upload.refusal is None and not upload.failed:
                upload.answered = upload.answered or message["type"] == "http.response.start"
                await send(message)

        self._on_their_way += 1
        began = time.time() - CLOCK_STEP
        try:
            await self.app(scope, receive_some, send_some)
        except BaseException as error:
            self._left_since = min(self._left_since, began)
            if upload.answered:
                raise
            if isinstance(error, OSError) and error.errno in WRITE_FAILURES:
                logger.error("an upload cannot be kept: %s", error.strerror)
                upload.refusal = NO_ROOM, "This server cannot keep files now: try again later."
            elif isinstance(error, TypeError):
                # What Gradio raises where a field holds a text for a file.
                upload.refusal = NOT_A_FILE, "This is no form with files: send each with its name."
            else:
                raise
        finally:
            self._on_their_way -= 1
            # Whose a file is nobody can tell; when no other upload is on its way, none is needed any more.
            if not self._on_their_way and self._left_since < NOTHING_LEFT:
                delete_loose_files(self.settings.uploads_dir, self._left_since)
                self._left_since = NOTHING_LEFT
        if upload.refusal is not None:
            await _refuse(scope, receive, send, *upload.refusal)


def _boundary(request: Request) -> bytes:
    found = re.search(r'boundary="?([^";]+)"?', request.headers.get("content-type", ""))
    return found[1].encode("latin-1") if found else b""


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer at once, and let some of what is still on its way come in: a sender does not listen while it sends."""

    async def send_and_listen(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            await _let_come(receive)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    answer = PlainTextResponse(sentence, status_code=status, headers={"connection": "close"})
    await answer(scope, receive, send_and_listen)


async def _let_come(receive: Receive) -> None:
    come = 0
    try:
        async with asyncio.timeout(LISTENED_SECONDS):
            while come <= LISTENED_BYTES:
                message = await receive()
                come += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except (TimeoutError, HTTPException):
        # It goes on being too slow.
        return
