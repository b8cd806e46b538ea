"""Requests as a server hands them to an app."""

from __future__ import annotations

from typing import Any


def http_scope(method: str, path: str, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    """A request of HTTP."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("here", 80),
    }
