"""How much may be sent, and how slowly."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import LOGIN, PAINT, UPLOAD
from syncedit_demo.ui.door.values import EventValues, MalformedError, parse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from syncedit_demo.ui.door.names import FolderNames
    from syncedit_demo.ui.door.sessions import Sessions

MEGABYTE = 1_000_000
PAINTING_BYTES = 20 * MEGABYTE
"""A painting at the largest size there is, 2048 by 2048 pixels, as a PNG of noise takes 17 MB."""

FORM_BYTES = 64 * 1024
"""What stands around the file in a form."""

BODY_SECONDS = 30
"""How long a body that is no file may take, and how long the next piece of a file may."""

SLOWEST_UPLOAD = 8_000
"""Bytes a second that an upload has after `BODY_SECONDS`, on average: less is a line that is held, not used."""


class BoundedBodies:
    """Refuses bodies that are too big or too slow; what is no file is read and checked before it goes on.

    Args:
        app: What stands behind.
        upload_bytes: Size of the largest file.
        values: What can be called with what.
        names: What folders are called in what is sent.
        sessions: Whose each open page is.
    """

    def __init__(
        self, app: ASGIApp, *, upload_bytes: int, values: EventValues, names: FolderNames, sessions: Sessions
    ) -> None:
        self._app = app
        self._upload_bytes = upload_bytes
        self._values = values
        self._names = names
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        route: str = scope["syncedit.route"]
        limit = {UPLOAD: self._upload_bytes + FORM_BYTES, PAINT: PAINTING_BYTES + FORM_BYTES}.get(route, MEGABYTE)
        declared = Headers(scope=scope).get("content-length", "0")
        if not re.fullmatch("[0-9]{1,15}", declared) or int(declared) > limit:
            await refuse(scope, receive, send, 413, _too_big(limit))
        elif route in {UPLOAD, PAINT}:
            await self._app(scope, _Metered(receive, limit).receive, send)
        else:
            await self._read_and_check(scope, receive, send)

    async def _read_and_check(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = bytearray(), True
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > MEGABYTE:
                        await refuse(scope, receive, send, 413, _too_big(MEGABYTE))
                        return
        except TimeoutError:
            await refuse(scope, receive, send, 408, "The request took too long.", connection="close")
            return
        given = bytes(body)
        if scope["syncedit.route"] not in LOGIN:
            try:
                parsed = parse(given)
                self._values.check(scope["syncedit.route"], scope["path"], parsed)
            except MalformedError as error:
                await refuse(scope, receive, send, 422, str(error))
                return
            if not self._sessions.admits(parsed.get("session_hash"), scope.get("syncedit.visit")):
                await refuse(scope, receive, send, 403, "This page belongs to another visit: load it again.")
                return
            given = self._names.find(given)
        headers = [each for each in scope["headers"] if each[0] not in {b"content-length", b"transfer-encoding"}]
        scope = {**scope, "headers": [*headers, (b"content-length", str(len(given)).encode())]}
        await self._app(scope, _Given(given, receive).receive, send)


class _Given:
    """A body that was read, and after it whatever comes."""

    def __init__(self, body: bytes, rest: Receive) -> None:
        self._body: bytes | None = body
        self._rest = rest

    async def receive(self) -> Message:
        if self._body is None:
            return await self._rest()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Metered:
    """A body on its way, whose pieces come in time and are not too many."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._count = 0
        self._began = asyncio.get_running_loop().time()
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_SECONDS)
        except TimeoutError:
            raise HTTPException(408, "The upload stood still.") from None
        self._count += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._count > self._limit:
            raise HTTPException(413, _too_big(self._limit))
        seconds = asyncio.get_running_loop().time() - self._began - BODY_SECONDS
        if not self._whole and self._count < seconds * SLOWEST_UPLOAD:
            raise HTTPException(408, "The upload is too slow.")
        return message


def _too_big(limit: int) -> str:
    return f"This is too big: at most {limit // MEGABYTE} MB are taken."
