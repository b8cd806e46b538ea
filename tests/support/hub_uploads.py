"""The side of the Hub that takes files: repositories, LFS objects and commits, as its own client asks for them."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

TEXT_BYTES = 1_000_000
"""Up to which size a file that is text is none of LFS."""


@dataclass
class Uploads:
    """What the server was given and how it behaves.

    Attributes:
        created: What was asked for with each repository, by "owner/repository", a Space's behind "spaces/".
        objects: Contents by SHA-256.
        puts: The objects, or parts of them, that arrived whole, in order.
        broken: Objects for which it closes the connection while they are sent, once each.
        lost: Whether no connection that sends an object gets an answer.
        readers_only: Repositories that nobody may write to.
        part_bytes: Size of the parts in which objects are wanted; None for whole ones.
        full: Whether it has no room for objects.
    """

    created: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    puts: list[str] = field(default_factory=list[str])
    broken: set[str] = field(default_factory=set[str])
    lost: bool = False
    readers_only: set[str] = field(default_factory=set[str])
    part_bytes: int | None = None
    full: bool = False
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict[str, dict[int, bytes]])


def commit_of(files: dict[str, bytes]) -> str:
    """A commit's name by what it holds."""
    digest = hashlib.sha1(usedforsecurity=False)
    for name, data in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()


def repository(path: str) -> tuple[str, str]:
    """(repository, what follows) of an address behind "/api/models/" or "/api/spaces/"; a Space's behind "spaces/"."""
    kind, owner, name, *rest = path.removeprefix("/api/").split("/")
    repo = f"{owner}/{name}"
    return (f"spaces/{repo}" if kind == "spaces" else repo), "/".join(rest)


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    """What was sent, in one piece or in chunks."""
    if "Content-Length" in handler.headers:
        return handler.rfile.read(int(handler.headers["Content-Length"]))
    data = b""
    while size := int(handler.rfile.readline(), 16):
        data += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return data


class Taking:
    """Answers what writes, for a handler of `http.server`."""

    def __init__(self, uploads: Uploads, files: dict[str, bytes], endpoint: str) -> None:
        self._uploads = uploads
        self._files = files
        self._endpoint = endpoint

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[int, object] | None:  # noqa: PLR0911 - one for each question
        """(status, JSON) of an answer; None where the connection is to be closed without one."""
        path = urlsplit(handler.path).path
        if handler.command == "PUT":
            return self._put(handler, path)
        body = _body(handler)
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path.endswith(".git/info/lfs/objects/batch"):
            return self._batch(path, json.loads(body))
        if path.startswith("/lfs/"):
            return self._complete(path, json.loads(body))
        repo, rest = repository(path)
        if repo in self._uploads.readers_only:
            return 403, {"error": "Forbidden"}
        if rest.startswith("preupload/"):
            return 200, {"files": [self._mode(each) for each in json.loads(body)["files"]]}
        if rest in ("variables", "hardware"):
            return self._configure(repo, rest, json.loads(body))
        if rest.startswith("commit/"):
            return self._commit(repo, body)
        return 404, {"error": path}

    def _create(self, asked: dict[str, Any]) -> tuple[int, object]:
        repo = f"{asked['organization']}/{asked['name']}"
        key = f"spaces/{repo}" if asked.get("type") == "space" else repo
        if key in self._uploads.created:
            return 409, {"error": "there already", "url": f"{self._endpoint}/{key}"}
        self._uploads.created[key] = asked
        return 200, {"url": f"{self._endpoint}/{key}"}

    def _configure(self, repo: str, what: str, asked: dict[str, Any]) -> tuple[int, object]:
        self._uploads.created[repo].setdefault(what, []).append(asked)
        if what == "variables":
            return 200, {asked["key"]: {"value": asked["value"]}}
        return 200, {"stage": "BUILDING", "hardware": {"current": None, "requested": asked["flavor"]}}

    def _mode(self, file: dict[str, Any]) -> dict[str, object]:
        sample = base64.b64decode(file["sample"])
        is_text = b"\0" not in sample and file["size"] < TEXT_BYTES
        return {"path": file["path"], "uploadMode": "regular" if is_text else "lfs", "shouldIgnore": False}

    def _batch(self, path: str, asked: dict[str, Any]) -> tuple[int, object]:
        repo = path.removesuffix(".git/info/lfs/objects/batch").strip("/")
        if repo in self._uploads.readers_only:
            return 403, {"error": "Forbidden"}
        objects: list[dict[str, object]] = []
        for each in cast("list[dict[str, Any]]", asked["objects"]):
            oid, size = each["oid"], each["size"]
            if oid in self._uploads.objects:
                objects.append({"oid": oid, "size": size})
                continue
            upload: dict[str, object] = {"href": f"{self._endpoint}/lfs/{oid}"}
            if (part := self._uploads.part_bytes) is not None:
                count = -(-size // part)
                parts = {f"{number:05}": f"{self._endpoint}/lfs/{oid}/{number}" for number in range(1, count + 1)}
                upload["header"] = {"chunk_size": str(part), **parts}
            objects.append({"oid": oid, "size": size, "actions": {"upload": upload}})
        return 200, {"transfer": "basic", "objects": objects}

    def _put(self, handler: BaseHTTPRequestHandler, path: str) -> tuple[int, object] | None:
        _, _, oid, *part = path.split("/")
        if oid in self._uploads.broken or self._uploads.lost:
            self._uploads.broken.discard(oid)
            handler.rfile.read(1000)
            return None
        data = _body(handler)
        if self._uploads.full:
            return 507, {"error": "no room"}
        if part:
            self._uploads.parts.setdefault(oid, {})[int(part[0])] = data
        else:
            self._uploads.objects[oid] = data
        self._uploads.puts.append(oid)
        return 200, {}

    def _complete(self, path: str, asked: dict[str, Any]) -> tuple[int, object]:
        oid = path.split("/")[2]
        parts = self._uploads.parts.pop(oid)
        data = b"".join(parts[each["partNumber"]] for each in asked["parts"])
        if hashlib.sha256(data).hexdigest() != oid:
            return 400, {"error": "other contents"}
        self._uploads.objects[oid] = data
        return 200, {}

    def _commit(self, repo: str, body: bytes) -> tuple[int, object]:
        if repo not in self._uploads.created:
            return 404, {"error": "Repository not found"}
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            match item["key"]:
                case "file":
                    self._files[f"{repo}/{value['path']}"] = base64.b64decode(value["content"])
                case "lfsFile":
                    self._files[f"{repo}/{value['path']}"] = self._uploads.objects[value["oid"]]
                case "deletedFile":
                    del self._files[f"{repo}/{value['path']}"]
                case "deletedFolder":
                    for name in [name for name in self._files if name.startswith(f"{repo}/{value['path']}")]:
                        del self._files[name]
                case _:
                    pass
        commit = commit_of({name: data for name, data in self._files.items() if name.startswith(f"{repo}/")})
        return 200, {"commitUrl": f"{self._endpoint}/{repo}/commit/{commit}", "commitOid": commit, "success": True}
