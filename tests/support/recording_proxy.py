"""A proxy that leads nowhere and notes what a program wanted to reach through it."""

from __future__ import annotations

import socketserver
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def recording_proxy() -> Generator[tuple[dict[str, str], list[str]]]:
    """Serve such a proxy until the block is left.

    Yields:
        The environment variables that send whatever leaves this machine through it, and the hosts asked for so far.
    """
    wanted: list[str] = []

    class Note(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, _, rest = self.rfile.readline().decode().partition(" ")
            wanted.append(f"{method} {rest.partition(' ')[0]}")

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Note)) as address:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        variables = {name: address for each in names for name in (each, each.lower())}
        local = "127.0.0.1,localhost"
        yield {**variables, "NO_PROXY": local, "no_proxy": local}, wanted
