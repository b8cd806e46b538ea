"""Whose each request is, by the cookie of the visit; a browser that opens the page without one gets one."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser

from syncedit_demo.ui.door.routes import PAGE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from syncedit_demo.ui.visits.cookie import VisitCookies


class KnownVisitors:
    """Names the visit of a request in its scope as `syncedit.visit`, where its cookie was signed here."""

    def __init__(self, app: ASGIApp, cookies: VisitCookies) -> None:
        self._app = app
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secure = _is_secure(scope, headers)
        visit = self._cookies.visit_id(cookie_parser(headers.get("cookie", "")), secure=secure)
        scope["syncedit.visit"] = visit

        async def remembering(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                kept = self._cookies.header(visit or uuid.uuid4().hex, secure=secure)
                MutableHeaders(scope=message).append("Set-Cookie", kept)
            await send(message)

        await self._app(scope, receive, remembering if scope["path"] == PAGE else send)


def _is_secure(scope: Scope, headers: Headers) -> bool:
    """Whether the browser asked encrypted: here, or a proxy in front that says so. A Space always is."""
    return (
        scope["scheme"] == "https"
        or headers.get("x-forwarded-proto", "").partition(",")[0].strip() == "https"
        or "SPACE_ID" in os.environ
    )
