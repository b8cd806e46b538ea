"""A server of a test's own, on a port of its own, in threads."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from socketserver import TCPServer


@contextmanager
def serving(server: TCPServer) -> Generator[str]:
    """Let a server serve until the block is left; its address."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
