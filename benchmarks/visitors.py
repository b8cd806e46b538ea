"""What many visitors at once do to the server, and it to them.

    python -m benchmarks.visitors [--visitors 1 10 50] [--draft]

Each visitor comes from an address of its own on this machine, uploads a clip and an edited frame in a colour of its
own, asks for the edit and listens. Prints for each number of visitors how many got a result in their colour, how many
were told that there is no place for them, and what else happened; how long the page took to answer meanwhile; and
memory, open handles, threads and children of the server before and after, when all are gone.

The visitors live in a process that stands back for processor time: they would be on machines of their own.

The engine is one that shows the edited frame from the first to the last frame, so that it is the server that is
measured; `--draft` measures with the draft engine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import read_frames
from tests.support.clips import edited_scene, scene, write_scene
from tests.support.running import running_app

WAIT = 600
SQUARE = np.s_[90:150, 45:100]
"""Where in the edited frame its colour is, outside of what is in its middle."""

REFUSALS = ("This server is busy", "edits are waiting already")
IDLE_SECONDS = 3
BEHIND = 10
"""How far the visitors stand back for processor time."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the server process holds."""

    megabytes: float
    handles: int
    threads: int
    children: int

    @classmethod
    def of(cls, server: psutil.Process) -> Load:
        """As it is now."""
        return cls(
            server.memory_info().rss / 1e6,
            server.num_fds(),
            server.num_threads(),
            len(server.children(recursive=True)),
        )

    def __str__(self) -> str:
        return f"{self.megabytes:.0f} MB, {self.handles} handles, {self.threads} threads, {self.children} children"


def colour_of(visitor: int) -> tuple[int, int, int]:
    """A colour that no other visitor has."""
    return 30 + 40 * (visitor % 5), 60 + 40 * (visitor // 5 % 4), 40 + 50 * (visitor // 20 % 4)


def write_edited(path: Path, clip: Path, visitor: int) -> Path:
    """The edited frame of a visitor."""
    picture = edited_scene(clip)
    # What a codec changes of the scene is far less than what is edited.
    changed = (np.abs(picture.astype(np.int16) - scene(0)) > 60).any(axis=2)
    picture[changed] = colour_of(visitor)
    write_png(picture, path)
    return path


def visit(address: str, clip: Path, folder: Path, visitor: int) -> str:
    """Ask for an edit; "right", "refused", or what went wrong."""
    edited = write_edited(folder / f"edited-{visitor}.png", clip, visitor)
    transport = httpx.HTTPTransport(local_address=f"127.0.1.{visitor + 1}")
    with httpx.Client(base_url=address, transport=transport, timeout=WAIT) as client:
        given: list[dict[str, Any]] = []
        for path in (clip, edited):
            with path.open("rb") as file:
                answer = client.post("gradio_api/upload", files={"files": (path.name, file)})
            if answer.status_code == 507:
                return "refused"
            given.append({"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}})
        data = [*given, "320x256", 0, 0, "", 42, True, "draft", False]
        call = client.post("gradio_api/call/edit", json={"data": data})
        if call.status_code != 200:
            return f"{call.status_code} {call.text[:80]}"
        told = client.get(f"gradio_api/call/edit/{call.json()['event_id']}").text
        if any(words in told for words in REFUSALS):
            return "refused"
        if "event: complete" not in told:
            return told[-200:]
        last = json.loads(told.rsplit("data: ", 1)[1])
        result = folder / f"result-{visitor}.mp4"
        result.write_bytes(client.get(last[0]["url"]).content)
        return "right" if is_own(result, visitor) else "another's"


def visit_all(address: str, clip: Path, folder: Path, visitors: int) -> Counter[str]:
    """So many visitors at once; how many fared how."""
    with ThreadPoolExecutor(max(1, visitors)) as pool:
        return Counter(pool.map(partial(visit, address, clip, folder), range(visitors)))


def is_own(result: Path, visitor: int) -> bool:
    """Whether a result begins with the visitor's colour."""
    first = next(read_frames(result))[SQUARE].reshape(-1, 3).astype(int)
    near = np.abs(first - colour_of(visitor)).max(axis=1) < 16
    return bool(near.mean() > 0.2)


def answers(address: str, over: threading.Event) -> list[float]:
    """Seconds that the page took to answer, again and again."""
    taken: list[float] = []
    # A connection for each, as each newcomer has, but not the tens of milliseconds that a client takes to be made.
    with httpx.Client(timeout=WAIT, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        while not over.wait(0.2):
            began = time.perf_counter()
            client.get(address).raise_for_status()
            taken.append(time.perf_counter() - began)
    return taken


def measure(address: str, server: psutil.Process, clip: Path, folder: Path, visitors: int) -> None:
    """So many visitors at once; prints a row."""
    over = threading.Event()
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned, os.nice, (BEHIND,)) as elsewhere, ThreadPoolExecutor(1) as here:
        elsewhere.submit(visit_all, address, clip, folder, 0).result()
        before = Load.of(server)
        began = time.perf_counter()
        page = here.submit(answers, address, over)
        outcomes = elsewhere.submit(visit_all, address, clip, folder, visitors).result()
        over.set()
        taken = sorted(page.result()) or [float("nan")]
    seconds = time.perf_counter() - began
    time.sleep(IDLE_SECONDS)
    said = ", ".join(f"{count} {what}" for what, count in outcomes.most_common())
    print(f"{visitors} visitors: {said}; {seconds:.1f} s", flush=True)
    print(f"  page answers in {taken[len(taken) // 2]:.2f} s, at worst {taken[-1]:.2f} s")
    print(f"  before {before}\n  after  {Load.of(server)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--draft", action="store_true", help="with the draft engine")
    wanted = parser.parse_args()
    program = ("app.py",) if wanted.draft else ("-m", "tests.support.quick_app")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = write_scene(folder / "scene.mp4", sound=True)
        with running_app(folder, program=program) as address:
            (server,) = [each for each in psutil.Process().children() if program[-1] in each.cmdline()]
            for visitors in (1, *wanted.visitors):
                # The first is for what is loaded once.
                measure(address, server, clip, folder, visitors)


if __name__ == "__main__":
    main()
