"""What is served: what the page and the documented API use. All else that Gradio has is not there for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import compile_path

from syncedit_demo.ui.door.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

API = "/gradio_api"
PAGE, CONFIG = "/", "/config"
JOIN, RUN = f"{API}/queue/join", f"{API}/run/{{api_name}}"
CALL, NAMED_CALL = f"{API}/call/{{api_name}}", f"{API}/call/v2/{{api_name}}"
UPLOAD, PAINT = f"{API}/upload", f"{API}/component_server"
FILE = f"{API}/file={{path_or_url:path}}"
STREAMS = (
    f"{API}/heartbeat/{{session_hash}}",
    f"{API}/queue/data",
    f"{API}/call/{{api_name}}/{{event_id}}",
    f"{API}/call/v2/{{api_name}}/{{event_id}}",
    f"{API}/upload_progress",
)
"""Answers that last as long as whoever asked is there."""

LOGIN = ("/login", "/login/", "/logout")
LOOKS = ("/static/{path:path}", "/assets/{path:path}", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json")
"""Files of the program: the same for everybody."""

SERVED: dict[str, frozenset[str]] = {
    **dict.fromkeys((PAGE, FILE), frozenset({"GET", "HEAD"})),
    **dict.fromkeys((CONFIG, f"{API}/info", f"{API}/startup-events", *LOOKS, *STREAMS), frozenset({"GET"})),
    **dict.fromkeys((JOIN, RUN, CALL, NAMED_CALL, UPLOAD, PAINT, f"{API}/cancel", f"{API}/reset"), frozenset({"POST"})),
    **{path: frozenset({"GET" if path == "/logout" else "POST"}) for path in LOGIN},
}
"""The methods of each path, as Gradio writes its paths."""

MCP = f"{API}/mcp"

_PATTERNS = {path: compile_path(path)[0] for path in SERVED}
# The longer one also matches what the shorter one does: the more a path says, the earlier it is asked.
_ORDERED = sorted(SERVED, key=lambda path: (-path.count("/"), path))


def served_route(path: str) -> str | None:
    """The route that a path leads to, as Gradio writes it, None where nothing is served.

    Args:
        path: The path of a request, decoded.
    """
    return next((route for route in _ORDERED if _PATTERNS[route].match(path)), None)


class ServedRoutes:
    """Answers 404 to whatever is not served, and names the route of the rest in the scope as `route`.

    Args:
        app: What stands behind.
        mcp: Whether what is served to agents is on.
    """

    def __init__(self, app: ASGIApp, *, mcp: bool) -> None:
        self._app = app
        self._mcp = mcp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] == "http":
            path: str = scope["path"]
            route = served_route(path)
            if self._mcp and (path == MCP or path.startswith(f"{MCP}/")):
                route = MCP
            elif route is None or scope["method"] not in SERVED[route]:
                await refuse(scope, receive, send, 404, "There is nothing here.")
                return
            if route in {PAGE, CONFIG}:
                # All that a query could ask for is somebody else's saved page.
                scope = {**scope, "query_string": b""}
            scope["syncedit.route"] = route
        elif scope["type"] != "lifespan":
            return
        await self._app(scope, receive, send)
