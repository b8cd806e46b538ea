"""A server on the loopback that answers as the Hub does, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.hub_uploads import Taking, Uploads, commit_of, repository
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PUBLISHED_COMMIT = "7caa482d5cd10a2eae6b34cb48f093ebc45a263e"
"""The commit of the published weights' repository that is known to hold all of them."""


@dataclass
class Hub:
    """What the server holds and how it behaves.

    Attributes:
        files: Contents by "owner/repository/file".
        endpoint: The server's address.
        gated: Repositories whose files it refuses.
        strangers_refused: Repositories whose files it gives to nobody without a token.
        broken: Files for which it closes the connection before the end, once each.
        break_after: Up to which byte it sends them.
        breaks_for_good: It never sends more than those bytes.
        silent: Files which it sends up to `break_after` and then nothing, once each, leaving the connection open.
        corrupt: Files of which it sends a wrong byte.
        claimed: Sizes that it claims for files instead of the true ones.
        off_main: Files by "owner/repository/file" that are no longer in the main branch, but in what it was and in the
            commit of the published ones.
        ignore_ranges: Whether it sends every file from its start.
        sizeless: Files whose size it does not say when asked for it; it sends them in chunks if it ignores ranges.
        nameless: Files of which it says no ETag.
        displaced: Files of which it sends another part than was asked for, once each.
        busy: What it answers first, once each, by method and file: (status, headers).
        replaced: Contents that take a file's place once it was asked for any of it.
        at_once: Files that it gives only to so many connections at the same time.
        requests: The ranges that were asked for, by file name, in order.
        uploads: What it was given, and how it takes it.
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
    sizeless: set[str] = field(default_factory=set[str])
    nameless: set[str] = field(default_factory=set[str])
    displaced: set[str] = field(default_factory=set[str])
    busy: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = field(
        default_factory=dict[tuple[str, str], "list[tuple[int, dict[str, str]]]"]
    )
    replaced: dict[str, bytes] = field(default_factory=dict[str, bytes])
    at_once: dict[str, threading.Barrier] = field(default_factory=dict[str, threading.Barrier])
    requests: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, "str | None"]])
    uploads: Uploads = field(default_factory=Uploads)

    def commit(self, repo: str) -> str:
        """The commit that a repository is at; one that was not uploaded to has one for good."""
        files = {name: data for name, data in self.files.items() if name.startswith(f"{repo}/")}
        return commit_of(files) if repo in self.uploads.created else COMMIT


def git_hash(data: bytes) -> str:
    """What git calls a file with these contents."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def serve(hub: Hub) -> Generator[Hub]:
    """Serve for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            if self.path.startswith(("/api/models/", "/api/spaces/")):
                self._list()
            else:
                self._answer(with_body=True)

        def do_POST(self) -> None:
            self._take()

        def do_PUT(self) -> None:
            self._take()

        def _take(self) -> None:
            answer = Taking(hub.uploads, hub.files, hub.endpoint).answer(self)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            headers = {"Content-Type": "application/json", "ETag": f'"{len(hub.uploads.puts)}"'}
            self._send(status, json.dumps(body).encode(), headers)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

        def _list(self) -> None:
            repo, _ = repository(urlsplit(self.path).path)
            names = [name.removeprefix(f"{repo}/") for name in hub.files if name.startswith(f"{repo}/")]
            if "/tree/" in self.path:
                tree = [
                    {
                        "type": "file",
                        "path": name,
                        "size": len(data := hub.files[f"{repo}/{name}"]),
                        "oid": git_hash(data),
                    }
                    for name in names
                ]
                self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
                return
            name, commit = repo.removeprefix("spaces/"), hub.commit(repo)
            body = {"id": name, "modelId": name, "sha": commit, "siblings": [{"rfilename": name} for name in names]}
            self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

        def _refusal(self, repo: str, name: str, *, exists: bool) -> tuple[int, bytes, dict[str, str]] | None:
            if repo in hub.gated:
                return 403, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"}
            if repo in hub.strangers_refused:
                return 401, b"", {"X-Error-Message": "Invalid username or password."}
            if not exists:
                return 404, b"", {"X-Error-Code": "EntryNotFound"}
            if answers := hub.busy.get((self.command, name)):
                status, headers = answers.pop(0)
                return status, b"", headers
            return None

        def _facts(self, repo: str, name: str, data: bytes) -> dict[str, str]:
            headers = {
                "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                "X-Repo-Commit": hub.commit(repo),
                "X-Linked-Size": str(hub.claimed.get(name, len(data))),
                "Accept-Ranges": "bytes",
            }
            if name in hub.sizeless:
                del headers["X-Linked-Size"]
            if name in hub.nameless:
                del headers["ETag"]
            return headers

        def _answer(self, *, with_body: bool) -> None:
            repo, _, rest = self.path.removeprefix("/").partition("/resolve/")
            revision, _, name = rest.partition("/")
            gone = f"{repo}/{name}" in hub.off_main and revision not in (hub.commit(repo), PUBLISHED_COMMIT)
            data = None if gone else hub.files.get(f"{repo}/{name}")
            refusal = self._refusal(repo, name, exists=data is not None)
            if refusal is not None:
                self._send(*refusal)
                return
            data = data or b""
            headers = self._facts(repo, name, data)
            if not with_body:
                self._send(200, b"", headers, with_length=name not in hub.sizeless)
                return
            asked = self.headers.get("Range")
            hub.requests.append((name, asked))
            start, stop = 0, len(data)
            is_ranged = asked and not hub.ignore_ranges
            if asked and is_ranged:
                first, _, last = asked.removeprefix("bytes=").partition("-")
                start, stop = int(first), min(int(last) + 1 if last else len(data), len(data))
                if name in hub.displaced:
                    hub.displaced.remove(name)
                    start += 1
                headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
            if (barrier := hub.at_once.get(name)) is not None:
                barrier.wait()
            if (other := hub.replaced.pop(name, None)) is not None:
                hub.files[f"{repo}/{name}"] = other
            if name in hub.corrupt:
                data = bytes([data[0] ^ 1]) + data[1:]
            body = data[start:stop]
            status = 206 if "Content-Range" in headers else 200
            if name in hub.sizeless and not is_ranged:
                self._send_in_chunks(body, headers)
            elif name in hub.broken and start <= hub.break_after < stop and (is_ranged or not asked):
                self._send(status, body, headers, only=hub.break_after - start)
                if not hub.breaks_for_good:
                    hub.broken.remove(name)
                self.close_connection = True
            elif name in hub.silent and start <= hub.break_after < stop:
                hub.silent.remove(name)
                self._send(status, body, headers, only=hub.break_after - start)
                # Until the other side has had enough.
                self.rfile.read(1)
                self.close_connection = True
            else:
                self._send(status, body, headers)

        def _send(
            self,
            status: int,
            body: bytes,
            headers: dict[str, str],
            only: int | None = None,
            *,
            with_length: bool = True,
        ) -> None:
            self.send_response(status)
            if with_length:
                headers = {**headers, "Content-Length": str(len(body))}
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            # The other side may have had enough.
            with suppress(ConnectionError):
                self.wfile.write(body[:only])

        def _send_in_chunks(self, body: bytes, headers: dict[str, str]) -> None:
            self._send(200, b"", {**headers, "Transfer-Encoding": "chunked"}, with_length=False)
            for start in range(0, len(body), 1 << 16):
                chunk = body[start : start + (1 << 16)]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as hub.endpoint:
        yield hub
