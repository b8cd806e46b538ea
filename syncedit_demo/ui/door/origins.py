"""Requests that another site has a visitor's browser make: none that changes anything, none with credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from syncedit_demo.ui.door.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class OwnOrigin:
    """Refuses what is posted from another site, and lets no other site read an answer.

    Programs that are no browsers name no origin; they have no cookies of a visitor either.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if scope["method"] not in {"GET", "HEAD"} and _from_elsewhere(headers):
                await refuse(scope, receive, send, 403, "This page takes requests from itself alone.")
                return
            # Gradio allows whichever origin it is told of.
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"origin"]}
        await self._app(scope, receive, send)


def _from_elsewhere(headers: Headers) -> bool:
    # What no script can set, and no proxy changes; a browser leaves it out where the page is not encrypted.
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        named = urlsplit(origin).netloc
    except ValueError:
        return True
    # A proxy in front may ask by a name of its own, and says under which one it was asked.
    return named not in {headers.get("host"), headers.get("x-forwarded-host")} - {None, ""}
