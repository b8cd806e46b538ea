"""How the door says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str, **headers: str) -> None:
    """Answer a request with a status and a sentence, in the form that the page and the clients read.

    Args:
        scope: The request.
        receive: Its body.
        send: Where the answer goes.
        status: 4xx or 503.
        sentence: What is wrong and what to do about it; nothing of it is the visitor's.
        headers: Further headers, with `_` for `-`.
    """
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    if scope["path"].endswith("/upload"):
        # The page shows the whole answer to an upload as it is.
        await PlainTextResponse(sentence, status, extra)(scope, receive, send)
    else:
        await JSONResponse({"detail": sentence}, status, extra)(scope, receive, send)
