"""What leans on how Gradio is made inside and no documentation promises: what of it is Python stands here alone.

An upgrade of Gradio may break any of it. What the page's style leans on stands in gradio.css alone; tests hold both to
the Gradio that is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    import gradio as gr


def event_text(event: gr.EventData, name: str) -> str:
    """A text that an event of a component brings along, empty where it brings none.

    The attributes of an event are what a browser sent by these names, which cannot be asked for where it sent no names.
    """
    data = vars(event)["_data"]
    return str(cast("dict[str, object]", data).get(name, "")) if isinstance(data, dict) else ""


def serve_from(component: Any, folder: Path) -> None:  # noqa: ANN401 - any of Gradio's components
    """Have the files that a component shows served from a folder: those in it as they are, copies of others."""
    component.GRADIO_CACHE = str(folder)


def unheard(request: gr.Request) -> int:
    """How many messages to whoever made a request wait to be fetched; they pile up where nobody listens."""
    app = cast("Any", request).request.app
    waiting = app.get_blocks()._queue.pending_messages_per_session.get(request.session_hash)
    return waiting.qsize() if waiting else 0


def end_serving(page: gr.Blocks) -> None:
    """Stop serving a launched page at once, whoever is still connected."""
    # Otherwise it is waited for that everybody has gone.
    page.server.force_exit = True
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
