"""The app as its users run it: a process of its own, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

ROOT = Path(__file__).parents[2]
START_SECONDS = 120


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running_app(
    folder: Path,
    *,
    python: str = sys.executable,
    program: tuple[str, ...] = ("app.py",),
    cwd: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    end_with: signal.Signals = signal.SIGTERM,
    **settings: object,
) -> Generator[str]:
    """Run the app with the draft engine and its files in a folder until the block is left.

    Args:
        folder: Where it keeps its files and its log.
        python: The Python that runs it.
        program: What Python runs.
        cwd: Where it runs.
        variables: Further environment variables.
        end_with: How it is told to end; at an interrupt it first finishes what its threads have begun.
        settings: Further settings of the program, by name.

    Yields:
        Its address.
    """
    port = free_port()
    wanted = {"engine": "draft", "work_dir": folder / "work", **settings}
    environment = {
        **os.environ,
        **{f"SYNCEDIT_{name.upper()}": str(value) for name, value in wanted.items()},
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        # Gradio leaves a loop open; where that is told of while a module is imported, Python 3.11 may trip over it.
        "PYTHONWARNINGS": "default,ignore:unclosed event loop:ResourceWarning",
        **(variables or {}),
    }
    log = folder / "app.log"
    address = f"http://127.0.0.1:{port}/"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, *program], cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(address, process, log)
            yield address
        finally:
            process.send_signal(end_with)
            process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=START_SECONDS):
                return
        except OSError:
            time.sleep(0.05)
    message = f"The app did not start:\n{log.read_text(encoding='utf-8')}"
    raise RuntimeError(message)
