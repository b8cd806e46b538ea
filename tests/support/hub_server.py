"""A server on the loopback that answers as the Hub does, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server holds and how it behaves.

    Attributes:
        files: Contents by "owner/repository/file".
        endpoint: The server's address.
        gated: Repositories whose files it refuses.
        strangers_refused: Repositories whose files it gives to nobody without a token.
        broken: Files for which it closes the connection before the end, once each.
        break_after: How many bytes it sends of them.
        breaks_for_good: It sends those bytes once, and from then on closes the connection at once.
        silent: Files of which it sends `break_after` bytes and then nothing, once each, leaving the connection open.
        corrupt: Files of which it sends a wrong byte.
        claimed: Sizes that it claims for files instead of the true ones.
        off_main: Files by "owner/repository/file" that are no longer in the main branch, but in every other revision.
        ignore_ranges: Whether it sends every file from its start.
        requests: The ranges that were asked for, by file name, in order.
    """

    files: dict[str, bytes]
    endpoint: str = ""
    gated: set[str] = field(default_factory=set[str])
    strangers_refused: set[str] = field(default_factory=set[str])
    broken: set[str] = field(default_factory=set[str])
    break_after: int = 0
    breaks_for_good: bool = False
    silent: set[str] = field(default_factory=set[str])
    corrupt: set[str] = field(default_factory=set[str])
    claimed: dict[str, int] = field(default_factory=dict[str, int])
    off_main: set[str] = field(default_factory=set[str])
    ignore_ranges: bool = False
    requests: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, "str | None"]])


@contextmanager
def serve(hub: Hub) -> Generator[Hub]:
    """Serve for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            if self.path.startswith("/api/models/"):
                self._list()
            else:
                self._answer(with_body=True)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

        def _list(self) -> None:
            repo = self.path.removeprefix("/api/models/").split("/revision/")[0]
            names = [name.removeprefix(f"{repo}/") for name in hub.files if name.startswith(f"{repo}/")]
            body = {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}
            self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

        def _answer(self, *, with_body: bool) -> None:
            repo, _, rest = self.path.removeprefix("/").partition("/resolve/")
            revision, _, name = rest.partition("/")
            gone = revision == "main" and f"{repo}/{name}" in hub.off_main
            data = None if gone else hub.files.get(f"{repo}/{name}")
            if repo in hub.gated:
                self._send(403, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"})
                return
            if repo in hub.strangers_refused:
                self._send(401, b"", {"X-Error-Message": "Invalid username or password."})
                return
            if data is None:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            headers = {
                "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
                "X-Linked-Size": str(hub.claimed.get(name, len(data))),
                "Accept-Ranges": "bytes",
            }
            if not with_body:
                self._send(200, b"", headers)
                return
            asked = self.headers.get("Range")
            hub.requests.append((name, asked))
            start = 0
            if asked and not hub.ignore_ranges:
                start = int(asked.removeprefix("bytes=").partition("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            if name in hub.corrupt:
                data = bytes([data[0] ^ 1]) + data[1:]
            body = data[start:]
            status = 206 if "Content-Range" in headers else 200
            if name in hub.broken:
                self._send(status, body, headers, only=max(0, hub.break_after - start))
                if not hub.breaks_for_good:
                    hub.broken.remove(name)
                self.close_connection = True
            elif name in hub.silent:
                hub.silent.remove(name)
                self._send(status, body, headers, only=hub.break_after)
                # Until the other side has had enough.
                self.rfile.read(1)
                self.close_connection = True
            else:
                self._send(status, body, headers)

        def _send(self, status: int, body: bytes, headers: dict[str, str], only: int | None = None) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body[:only])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
