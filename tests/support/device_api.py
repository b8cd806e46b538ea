"""The platform's device API, as far as the package `spaces` 0.51.3 asks for it, in front of the GPUs of this machine.

    SPACES_ZERO_GPU=1 SPACES_ZERO_DEVICE_API_URL=… CUDA_VISIBLE_DEVICES= python …

makes the package take its own path against it. It schedules one task on each GPU, keeps others waiting in a stream of
events, and refuses what it is told to.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator

PING_SECONDS = 0.5


@dataclass
class DeviceApi:
    """The server.

    Attributes:
        gpus: The GPUs that are lent, by their UUIDs.
        endpoint: Its address.
        refusals: What the next tasks are refused with: "quota", "duration", "full" or "failed".
        idle: Whether a worker may be kept.
        deadline: After how many seconds the next task's worker is killed; None for never.
        asked: The seconds that were asked for.
        allowed: The process ids of the workers that were started.
        released: How each task ended: whether it failed.
    """

    gpus: list[str]
    endpoint: str = ""
    refusals: list[str] = field(default_factory=list[str])
    idle: bool = True
    deadline: float | None = None
    asked: list[int] = field(default_factory=list[int])
    allowed: list[int] = field(default_factory=list[int])
    released: list[bool] = field(default_factory=list[bool])
    tokens: dict[str, int] = field(default_factory=dict[str, int])
    served: set[int] = field(default_factory=set[int])
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, patience: float) -> dict[str, object] | None:
        """A GPU that is free, within so many seconds."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.tokens) < len(self.gpus), patience)
            free = [index for index in range(len(self.gpus)) if index not in self.tokens.values()]
            if not free:
                return None
            token = uuid.uuid4().hex
            if self.deadline is not None:
                threading.Thread(target=self.end_late, args=(token, self.deadline), daemon=True).start()
                self.deadline = None
            self.tokens[token] = free[0]
            idle = self.idle and free[0] in self.served
            self.served.add(free[0])
            return {"idle": idle, "nvidiaIndex": free[0], "nvidiaUUID": self.gpus[free[0]], "allowToken": token}

    def allow(self, process: int) -> None:
        """A worker was started."""
        with self.changed:
            self.allowed.append(process)
            self.changed.notify_all()

    def end_late(self, token: str, seconds: float) -> None:
        """Kill a task's worker if the task is not over after so many seconds from when the worker is there."""
        with self.changed:
            self.changed.wait_for(lambda: bool(self.allowed))
        time.sleep(seconds)
        with self.changed:
            if token in self.tokens:
                os.kill(self.allowed[-1], signal.SIGKILL)

    def release(self, token: str, *, failed: bool) -> bool:
        """Give a GPU back; whether it was lent."""
        with self.changed:
            known = self.tokens.pop(token, None) is not None
            if known:
                self.released.append(failed)
                self.changed.notify_all()
            return known


def gpus_here() -> list[str]:
    """The UUIDs of this machine's GPUs."""
    question = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    return subprocess.run(question, capture_output=True, text=True, check=True).stdout.split()


def memory_here(gpu: str) -> int:
    """Bytes of memory of a GPU."""
    question = ["nvidia-smi", f"--id={gpu}", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    return int(subprocess.run(question, capture_output=True, text=True, check=True).stdout) << 20


@contextmanager
def serve(api: DeviceApi) -> Generator[DeviceApi]:
    """Serve for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, len(api.tokens))

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            match url.path:
                case "/schedule":
                    self._schedule(asked)
                case "/allow":
                    api.allow(int(asked["pid"]))
                    self._send(200, {})
                case "/release":
                    known = api.release(asked["allowToken"], failed=asked.get("fail", "false").lower() == "true")
                    self._send(200 if known else 404, {})
                case _:
                    self._send(200, {})

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

        def _schedule(self, asked: dict[str, str]) -> None:
            api.asked.append(int(asked.get("durationSeconds", "60")))
            match api.refusals.pop(0) if api.refusals else None:
                case "quota":
                    self._send(429, {"left": 12, "wait": 3723}, {"X-Approve-Result": "quota-exceeded"})
                case "duration":
                    self._send(429, {"left": 12, "wait": -1}, {"X-Approve-Result": "illegal-duration"})
                case "full":
                    self._send(503, {})
                case "failed":
                    self._stream()
                    self._say("event: failed")
                case _:
                    self._lend()

        def _lend(self) -> None:
            if (lent := api.take(0)) is not None:
                self._send(200, lent)
                return
            self._stream()
            while (lent := api.take(PING_SECONDS)) is None:
                self._say("event: ping")
            self._say(f"event: succeeded\ndata: {json.dumps(lent)}")

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("X-Queuing-Reason", "node")
            self.end_headers()

        def _say(self, event: str) -> None:
            with suppress(ConnectionError):
                self.wfile.write(f"{event}\n\n".encode())
                self.wfile.flush()

        def _send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(data)

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as api.endpoint:
        yield api
