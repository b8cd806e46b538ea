"""A reference whose frames take their time, as those of a large clip do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from syncedit_demo.frames import Frame

SECONDS = 0.3


def slow_after(quick: int, frames: Sequence[Frame]) -> Generator[Frame]:
    """These frames, the first few at once, and each of the others only after a while."""
    for index, frame in enumerate(frames):
        if index >= quick:
            time.sleep(SECONDS)
        yield frame
