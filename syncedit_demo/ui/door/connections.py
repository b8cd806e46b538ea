"""How many connections there are and how long one may say nothing, so that nobody keeps all others out."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import FILE, PAINT, STREAMS, UPLOAD

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 1000
SPARE_FILES = 256
"""Open files that are for everything but connections: clips that are read, results that are written, libraries."""

REQUEST_SECONDS = 15
"""How long a connection may take to bring its next request."""

STALLED_SECONDS = 60
"""How long whoever was sent something may take nothing of it."""

STREAM_SHARE, TRANSFER_SHARE = 0.5, 0.25
"""Shares of the connections that may be pages that listen, and files on their way; the rest is for short answers."""

SAID_EVERY = 60.0
"""Seconds for which a trouble with connections is said once."""


def connection_limit() -> int:
    """How many connections this process serves at once, after it took all the open files that it may have."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS + SPARE_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    # A connection that is sent a file has that open too.
    return max(8, min(MOST_CONNECTIONS, (soft - SPARE_FILES) // 2))


class Once(logging.Filter):
    """Says a trouble once, and after a while how often it came back."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, tuple[float, int]] = {}

    def warn(self, sentence: str) -> None:
        """Say a sentence of our own, unless that was just done."""
        if (more := self._more_since(sentence)) is not None:
            logger.warning("%s%s", sentence, f" (and {more} times since it was said last)" if more else "")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record of uvicorn is to be written; what it says again and again of requests is said once."""
        return self._more_since(f"{record.msg}{_place(record)}") is not None

    def _more_since(self, sentence: str) -> int | None:
        """How often a sentence came since it was said last, None where that is not long ago."""
        now = time.monotonic()
        since, count = self._said.get(sentence, (-SAID_EVERY, 0))
        said = now - since >= SAID_EVERY
        self._said[sentence] = (now, 0) if said else (since, count + 1)
        return count if said else None


def _place(record: logging.LogRecord) -> str:
    """Where in the program the error of a record came up, empty where it has none."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return f" {type(error).__qualname__} {[(frame.filename, frame.lineno) for frame in last]}"


class Lines:
    """The connections that there are.

    Args:
        limit: How many there may be. When one more comes, that which has waited longest for its request makes room.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.once = Once()
        self.waiting: dict[BoundedProtocol, None] = {}
        """Those without a request at present, the one that came first being first."""

    def make_room(self, present: int) -> bool:
        """Whether there is room for one more, `present` being there."""
        if present < self.limit:
            return True
        longest = next(iter(self.waiting), None)
        if longest is None:
            self.once.warn("more connections than there may be: new ones are refused")
            return False
        self.once.warn("more connections than there may be: those without a request are closed")
        longest.abort()
        return True

    def protocol(self, **options: Any) -> BoundedProtocol:  # noqa: ANN401
        """What uvicorn calls for a new connection."""
        return BoundedProtocol(lines=self, **options)

    def quietly(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What an event loop does with troubles: those of accepting come thousands at a time."""
        if str(context.get("message", "")).startswith("socket.accept() out of system resource"):
            self.once.warn("no connection can be taken: this process has too many files open")
        else:
            loop.default_exception_handler(context)


class BoundedProtocol(H11Protocol):
    """uvicorn's connection, which ends when its next request does not come or its answer is not taken."""

    def __init__(self, *, lines: Lines, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._lines = lines
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or close it again."""
        room = self._lines.make_room(len(self.connections))
        super().connection_made(transport)
        if room:
            self._wait()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._go_on()
        self._unset(self._stalled)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request."""
        super().data_received(data)
        if self._has_request:
            self._go_on()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already."""
        self._wait()
        super().on_response_complete()
        if self._has_request:
            self._go_on()

    def pause_writing(self) -> None:
        """What was sent is not taken."""
        super().pause_writing()
        self._unset(self._stalled)
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.abort)

    def resume_writing(self) -> None:
        """What was sent is taken."""
        super().resume_writing()
        self._unset(self._stalled)

    def abort(self) -> None:
        """Close the connection at once."""
        self._lines.waiting.pop(self, None)
        self.connections.discard(cast("Any", self))
        self.transport.abort()

    @property
    def _has_request(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self._go_on()
        if not self.transport.is_closing():
            self._lines.waiting[self] = None
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self.abort)

    def _go_on(self) -> None:
        self._lines.waiting.pop(self, None)
        self._unset(self._deadline)

    @staticmethod
    def _unset(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


class Shares:
    """Refuses answers that last while too many others do, so that a short one always finds a connection.

    Args:
        app: What stands behind.
        connections: How many connections there may be.
    """

    def __init__(self, app: ASGIApp, connections: int) -> None:
        self._app = app
        streams, transfers = int(STREAM_SHARE * connections), int(TRANSFER_SHARE * connections)
        self._free = {"stream": streams, "transfer": transfers}
        self._kinds = {**dict.fromkeys(STREAMS, "stream"), **dict.fromkeys((UPLOAD, PAINT, FILE), "transfer")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        kind = self._kinds.get(scope["syncedit.route"]) if scope["type"] == "http" else None
        if kind is None:
            await self._app(scope, receive, send)
        elif self._free[kind] == 0:
            await refuse(scope, receive, send, 503, "Busy: try again in a minute.", retry_after="60")
        else:
            self._free[kind] -= 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._free[kind] += 1
