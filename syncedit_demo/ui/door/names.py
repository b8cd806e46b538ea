"""Names for the folders that files are served from, so that nobody is told where on this machine they are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import API, LOOKS, served_route

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = f"{API}/file="


class FolderNames:
    """Folders and what they are called outside.

    Args:
        folders: Each folder, absolute, by the path that stands for it.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {name: str(folder) for name, folder in folders.items()}
        forms = {
            form.encode(): name.encode()
            for name, folder in folders.items()
            for each in (folder, folder.resolve())
            for form in (str(each), json.dumps(str(each))[1:-1], json.dumps(str(each), ensure_ascii=False)[1:-1])
        }
        # The longest first: one folder may lie in another.
        found = b"|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._forms = forms
        self._outgoing = re.compile(rb"""(?<=["'= (])(?:%s)(?=[/\\"'])""" % found)
        named = b"|".join(re.escape(name.encode()) for name in folders)
        self._incoming = re.compile(rb'(?<=")(?:%s)(?=/)' % named)

    @property
    def outside(self) -> tuple[str, ...]:
        """What the folders are called."""
        return tuple(self._folders)

    def hide(self, text: bytes) -> bytes:
        """A text, in which the folders are called by their names."""
        return self._outgoing.sub(lambda found: self._forms[found.group()], text)

    def find(self, body: bytes) -> bytes:
        """A JSON text, in which files are where they are."""
        return self._incoming.sub(lambda found: json.dumps(self._folders[found.group().decode()])[1:-1].encode(), body)

    def path(self, name: str) -> str | None:
        """The path of a file by what it is called outside, None where that is none of these folders."""
        if "\0" in name or ".." in name.split("/"):
            return None
        return next(
            (folder + name[len(each) :] for each, folder in self._folders.items() if name.startswith(f"{each}/")), None
        )


class HiddenFolders:
    """Finds the files that are asked for by those names, and hides where they are in whatever is answered.

    It stands behind the compression of answers.
    """

    def __init__(self, app: ASGIApp, names: FolderNames) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or served_route(scope["path"]) in LOOKS:
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(FILES):
            found = self._names.path(scope["path"][len(FILES) :])
            if found is None:
                await refuse(scope, receive, send, 404, "There is nothing here.")
                return
            path = f"{FILES}{found}"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, _Hiding(self._names, send).send)


class _Hiding:
    """An answer on its way: what has a length is held back until it is whole, what streams is sent piece by piece."""

    def __init__(self, names: FolderNames, send: Send) -> None:
        self._names = names
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()
        self._hides = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            kind = headers.get("content-type", "").partition(";")[0]
            is_file = "accept-ranges" in headers or "content-range" in headers
            self._hides = not is_file and kind in {"text/html", "application/json", "text/event-stream", "text/plain"}
            if self._hides and "content-length" in headers:
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._hides:
            if self._start is None:
                message = {**message, "body": self._names.hide(message.get("body", b""))}
            else:
                self._body += message.get("body", b"")
                if message.get("more_body", False):
                    return
                body = self._names.hide(bytes(self._body))
                MutableHeaders(scope=self._start)["content-length"] = str(len(body))
                start, self._start = self._start, None
                await self._send(start)
                message = {"type": "http.response.body", "body": body}
        await self._send(message)
