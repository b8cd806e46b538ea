"""Takes what the painter of the page sends, in the place of Gradio's route for that, which believes every number."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from syncedit_demo.ui.components.painter import KINDS, PAINTINGS, Kind
from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import PAINT
from syncedit_demo.ui.door.values import SESSION

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from syncedit_demo.ui.door.sessions import Sessions

AT_ONCE = 2
"""How many pictures are taken at once; each is in memory as a whole."""

FIELDS = 8
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class TakesPaintings:
    """Keeps the pictures of paintings, one at a time, and refuses all else that the route could do.

    Args:
        app: What stands behind.
        sessions: Whose each open page is.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] != "http" or scope["syncedit.route"] != PAINT:
            await self._app(scope, receive, send)
            return
        if not Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
            await refuse(scope, receive, send, 415, "Pictures come in a form.")
            return
        try:
            async with self._turns, Request(scope, receive).form(max_files=1, max_fields=FIELDS) as form:
                file = form.get("file")
                picture = await file.read() if isinstance(file, UploadFile) else b""
                fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        except HTTPException as error:
            # What is no form is one of these too, with words of its parser.
            said = error.detail if error.status_code in {408, 413} else "This is no form with a picture."
            await refuse(scope, receive, send, error.status_code, said)
            return
        kind, name = _kind(fields), fields.get("id", "")
        session = fields.get("session_hash", "")
        visitor = scope["syncedit.visit"] or session
        if not SESSION.fullmatch(session) or not self._sessions.admits(session, scope["syncedit.visit"]):
            await refuse(scope, receive, send, 403, "This page belongs to another visit: load it again.")
        elif (
            kind is None
            or fields.get("fn_name") != "accept_blobs"
            or not _NAME.fullmatch(name)
            or not PAINTINGS.add(visitor, name, kind, picture)
        ):
            await refuse(scope, receive, send, 422, "This is no picture of a painting.")
        else:
            await JSONResponse(None)(scope, receive, send)


def _kind(fields: dict[str, str]) -> Kind | None:
    """What a picture is; the painter has one layer, number 0."""
    number = {"layer": {"0"}}.get(fields.get("type", ""), {"null", ""})
    if fields.get("index", "") not in number:
        return None
    return next((kind for kind in KINDS if kind == fields.get("type")), None)
