"""What leans on how Gradio is made inside and no documentation promises: what of it is Python stands here alone.

An upgrade of Gradio may break any of it. What the page's style leans on stands in gradio.css alone; tests hold both to
the Gradio that is installed.
"""

from __future__ import annotations

import logging
import time
from abc import ABCMeta
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import gradio as gr
    from gradio.blocks import BlocksConfig
    from starlette.types import Scope


FEW_MESSAGES = 4
"""Messages that may wait for somebody who is sent some all the time and listens."""

PATIENCE_SECONDS = 15
"""How long more than these may wait before whoever they are for is taken to be gone."""


def event_text(event: gr.EventData, name: str) -> str:
    """A text that an event of a component brings along, empty where it brings none.

    The attributes of an event are what a browser sent by these names, which cannot be asked for where it sent no names.
    """
    data = vars(event)["_data"]
    return str(cast("dict[str, object]", data).get(name, "")) if isinstance(data, dict) else ""


def serve_from(component: Any, folder: Path) -> None:  # noqa: ANN401 - any of Gradio's components
    """Have the files that a component shows served from a folder: those in it as they are, copies of others."""
    component.GRADIO_CACHE = str(folder)


class Listener:
    """Whoever made a request, and may be gone.

    Who stops listening, or takes the request back, is gone at once. Who has never listened is found by the messages
    to them, which pile up.

    Args:
        request: The request, which goes on being answered.
        few: Messages that may wait for somebody who listens.
    """

    def __init__(self, request: gr.Request, few: int = FEW_MESSAGES) -> None:
        self._request = request
        self._few = few
        self._heard = time.monotonic()
        # A copy: others make and end requests meanwhile.
        events = self._queue.event_ids_to_events.copy().values()
        asked = vars(request).get("request")
        self._event = next((event for event in events if event.request is asked), None)

    def is_gone(self) -> bool:
        """Whether nobody waits for an answer any more; to be asked again and again."""
        event = self._event
        if event is not None and not (event.alive and event._id in self._queue.event_ids_to_events):
            return True
        now = time.monotonic()
        if self._unheard() <= self._few:
            self._heard = now
        return now - self._heard > PATIENCE_SECONDS

    @property
    def _queue(self) -> Any:  # noqa: ANN401 - Gradio's
        return cast("Any", self._request).request.app.get_blocks()._queue

    def _unheard(self) -> int:
        waiting = self._queue.pending_messages_per_session.get(self._request.session_hash)
        return waiting.qsize() if waiting else 0


class LeanStates(StateHolder):
    """The state of each page and each call, without the copy of the whole layout that Gradio keeps with it.

    Only its links to a page's state are made from that copy, which this page does not serve. It is some 0.2 MB each,
    and takes some 20 ms to make, in which nobody else is answered.
    """

    def __getitem__(self, session_id: str) -> SessionState:
        """The state of a page, made when it is first asked for."""
        if session_id not in self:
            state = SessionState(cast("gr.Blocks", _NothingToCopy(self.blocks.default_config)))
            state.config_values = _Forgotten()
            self.session_data[session_id] = state
        return super().__getitem__(session_id)


@dataclass(frozen=True, slots=True)
class _NothingToCopy:
    """What a state asks of a page: its components, and of which of them to copy the configuration."""

    default_config: BlocksConfig
    blocks: tuple[int, ...] = ()


class _Forgotten(dict[int, Any]):
    """Takes the configuration of components, and has kept none when it is asked."""

    def __setitem__(self, key: int, value: object) -> None:
        """Forget it."""

    def __missing__(self, key: int) -> dict[str, Any]:
        return {}


def end_serving(page: gr.Blocks) -> None:
    """Stop serving a launched page at once, whoever is still connected."""
    # Otherwise it is waited for that everybody has gone.
    cast("Any", page.server).config.timeout_graceful_shutdown = 1
    page.close(verbose=False)


def derived(component: type[gr.ImageEditor], name: str, **attributes: object) -> type[gr.ImageEditor]:
    """A component that the page draws like another one, with other attributes.

    Gradio writes a stub into the source of every class that is derived from a component by a `class` statement.
    """
    names = {"__module__": __name__, "is_template": True, **attributes}
    return cast("Any", ABCMeta.__new__(type(component), name, (component,), names))


def launch_unchecked(page: gr.Blocks, app: App, protocol: Callable[..., Any], **options: Any) -> str:  # noqa: ANN401
    """Launch a page whether or not it answers within Gradio's 3 s, after which a busy machine's would not be served.

    It is `launch` that does it, with its ports, its sharing and what a Space has hung into it.

    Args:
        page: The page.
        app: What answers for it; Gradio's own routes come into it.
        protocol: What makes a connection, as uvicorn's `http_protocol_class`. Gradio lets nobody choose it before its
            server runs; it is for all connections from then on.
        options: What `launch` takes.

    Returns:
        Its address on this machine.
    """
    # Gradio heeds what `launch` is told of this only at its end, when the page is there for all to ask.
    page.enable_monitoring = options.get("enable_monitoring")
    # The check for an address that answers is all that `_frontend` turns off. Workers would serve files by themselves,
    # past everything that stands in front of the app.
    _, address, _ = page.launch(_app=app, _frontend=False, num_workers=0, prevent_thread_lock=True, **options)
    page.server.config.http_protocol_class = cast("Any", protocol)
    # Who came before that is asked to come again: nothing bounds how long such a connection may bring no request.
    for listening in page.server.servers:
        listening.get_loop().call_soon_threadsafe(_end, page.server.server_state.connections)
    # uvicorn has given its loggers a form of their own.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    return address


def _end(connections: set[Any]) -> None:
    """Close each connection as soon as what it is answered with is sent."""
    for connection in list(connections):
        connection.shutdown()


def is_logged_in(app: App, scope: Scope) -> bool:
    """Whether a request comes from somebody who went through Gradio's form."""
    cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
    kinds = ("access-token", "access-token-unsecure")
    return any(cookies.get(f"{kind}-{app.cookie_id}") in app.tokens for kind in kinds)


def visit_of(request: gr.Request) -> str | None:
    """The visit that the door found in the cookie of a request, None where there was none."""
    asked = vars(request).get("request")
    return None if asked is None else asked.scope.get("syncedit.visit")
