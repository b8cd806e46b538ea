"""Whose each open page is, so that nobody follows, feeds or stops that of somebody else by its name."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.routing import compile_path

from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import STREAMS
from syncedit_demo.ui.door.values import SESSION

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

REMEMBERED = 10_000
"""How many pages it is remembered of whose they are."""

LONGEST_QUERY = 1000
"""Characters of a query that are looked at."""

_HEARTBEAT = compile_path(STREAMS[0])[0]


class Sessions:
    """The visit that each open page belongs to: the first that was heard of under its name."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, str] = OrderedDict()

    def admits(self, session: str | None, visit: str | None) -> bool:
        """Whether a request of a visit may speak for a page. A visit without a cookie speaks for pages without one."""
        if session is None:
            return True
        owner = self._visits.setdefault(session, visit or "")
        self._visits.move_to_end(session)
        if len(self._visits) > REMEMBERED:
            self._visits.popitem(last=False)
        return owner == (visit or "")


class OwnSessions:
    """Refuses to tell what happens on a page to anybody but whose it is."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] == "http" and scope["syncedit.route"] in STREAMS:
            named = _HEARTBEAT.match(scope["path"])
            session = named.group("session_hash") if named else None
            if session is None:
                asked = dict(parse_qsl(scope["query_string"].decode("latin-1")[:LONGEST_QUERY]))
                session = asked.get("session_hash")
            if session is not None:
                if not SESSION.fullmatch(session):
                    await refuse(scope, receive, send, 422, "This is no name of a page.")
                    return
                if not self._sessions.admits(session, scope.get("syncedit.visit")):
                    await refuse(scope, receive, send, 403, "This page belongs to another visit: load it again.")
                    return
        await self._app(scope, receive, send)
