"""What leans on how Gradio is made inside and no documentation promises: what of it is Python stands here alone.

An upgrade of Gradio may break any of it. What the page's style leans on stands in gradio.css alone; tests hold both to
the Gradio that is installed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    import gradio as gr


FEW_MESSAGES = 4
"""Messages that may wait for somebody who listens."""

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
    """Whoever made a request, and may be gone: where nobody listens, the messages to them pile up.

    Args:
        request: The request, which goes on being answered.
    """

    def __init__(self, request: gr.Request) -> None:
        self._request = request
        self._heard = time.monotonic()

    def is_gone(self) -> bool:
        """Whether nobody has listened for a while; to be asked after each message."""
        now = time.monotonic()
        if self._unheard() <= FEW_MESSAGES:
            self._heard = now
        return now - self._heard > PATIENCE_SECONDS

    def _unheard(self) -> int:
        app = cast("Any", self._request).request.app
        waiting = app.get_blocks()._queue.pending_messages_per_session.get(self._request.session_hash)
        return waiting.qsize() if waiting else 0


def end_serving(page: gr.Blocks) -> None:
    """Stop serving a launched page at once, whoever is still connected."""
    # Otherwise it is waited for that everybody has gone.
    cast("Any", page.server).config.timeout_graceful_shutdown = 1
    page.close(verbose=False)


def launch_unchecked(page: gr.Blocks, **options: Any) -> str:  # noqa: ANN401
    """Launch a page whether or not it answers within Gradio's 3 s, after which a busy machine's would not be served.

    Args:
        page: The page.
        options: What its `launch` takes.

    Returns:
        Its address on this machine.
    """
    # Gradio heeds what `launch` is told of this only at its end, when the page is there for all to ask.
    page.enable_monitoring = options.get("enable_monitoring")
    # The check for an address that answers is all that this turns off.
    _, address, _ = page.launch(_frontend=False, prevent_thread_lock=True, **options)
    return address
