"""What browsers are told to do with an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import FILE, PAGE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio's page is a script within its markup, and compiles what our components listen with.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        # A Space is framed by its hub.
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    )
)
"""What the page may load and who may frame it: everything comes from here, nothing goes elsewhere."""

FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'"
"""A file of a visitor is nothing but itself, also where it is opened in a tab: it runs nothing and has no origin."""

SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4"})
"""Types of files that a browser shows; whatever else there is it saves."""

_RANGE = re.compile(r"bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})")


class SaidToBrowsers:
    """Adds the headers to every answer, and refuses ranges of files that are none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        is_file = path.startswith(FILE.partition("{")[0])

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if is_file:
                    _as_a_file(headers)
                elif path == PAGE:
                    headers["Content-Security-Policy"] = PAGE_POLICY
                    headers["Cache-Control"] = "private, no-cache"
                else:
                    headers["Content-Security-Policy"] = "frame-ancestors 'none'"
            await send(message)

        wanted = Headers(scope=scope).get("range")
        if wanted is not None and not _RANGE.fullmatch(wanted.strip()):
            await refuse(scope, receive, told, 416, "This is no range of bytes.")
            return
        await self._app(scope, receive, told)


def _as_a_file(headers: MutableHeaders) -> None:
    headers["Content-Security-Policy"] = FILE_POLICY
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if headers.get("content-type", "").partition(";")[0].strip() not in SHOWN_TYPES:
        headers["Content-Type"] = "application/octet-stream"
        shown_as = headers.get("content-disposition", "attachment")
        headers["Content-Disposition"] = re.sub("^inline", "attachment", shown_as)
