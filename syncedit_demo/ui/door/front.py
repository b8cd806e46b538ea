"""The page as it is served: made once for each address that it is asked for under, as it is the same for everybody.

Gradio makes it anew for every visitor: some 65 ms of one core, in which nobody else is answered.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = 8
"""Pages that are kept, of 0.4 MB each, or 0.1 MB where it travels compressed."""

DEPENDS_ON = ("host", "x-forwarded-host", "x-forwarded-proto", "accept-encoding")
"""Headers that decide what the page looks like: which address it gives itself, and how it travels.

Whoever makes it hears of no others: what one visitor sends besides is not to be in the page of the next.
"""

Key = tuple[str, ...]


class FrontPage:
    """Answers a request for the page with the one that was made before.

    It stands within what knows visitors, whose cookies are put on every answer anew, and is not for a page behind a
    password.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[Key, list[Message]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)
        headers = {name: given[name] for name in DEPENDS_ON if name in given}
        key = (scope["scheme"], scope.get("root_path", ""), *(headers.get(name, "") for name in DEPENDS_ON))
        # Taken out and put back at the end: the one that was asked for longest ago goes first.
        if (answer := self._kept.pop(key, None)) is None:
            answer = await self._answer({**scope, "headers": Headers(headers).raw}, receive)
        if answer[0]["status"] == 200:
            self._kept[key] = answer
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        for message in answer:
            # What stands before this puts headers of its own on it.
            await send({**message, "headers": list(message["headers"])} if "headers" in message else message)

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        return answer
