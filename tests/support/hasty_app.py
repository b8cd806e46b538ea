"""The app with a second of patience and the state of three pages, which says how many states it keeps.

`python -m tests.support.hasty_app FILE` writes their number into the file whenever it changes.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path

from gradio.state_holder import StateHolder

import app
from syncedit_demo.ui import launch
from syncedit_demo.ui.door import bodies, connections

SECONDS = 1
"""How long bodies and requests may take."""

SESSIONS = 3
"""How many pages the state is kept of."""


def tell(file: Path) -> None:
    """Write down how many states there are, again and again."""
    while True:
        # Gradio makes others on the way.
        holders = [each for each in gc.get_objects() if isinstance(each, StateHolder)]
        written = file.with_suffix(".new")
        written.write_text(str(max((len(each.session_data) for each in holders), default=0)), encoding="utf-8")
        written.replace(file)
        time.sleep(0.5)


if __name__ == "__main__":
    bodies.BODY_SECONDS, connections.REQUEST_SECONDS, launch.SESSIONS = SECONDS, SECONDS, SESSIONS
    # Whatever trickles in is too slow here.
    bodies.SLOWEST_UPLOAD = 10**9
    threading.Thread(target=tell, args=[Path(sys.argv[1])], daemon=True).start()
    app.main()
