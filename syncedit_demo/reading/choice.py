"""Which runner reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncedit_demo.reading.runner import HereRunner

if TYPE_CHECKING:
    from syncedit_demo.reading.runner import Runner
    from syncedit_demo.settings import Settings


def make_runner(settings: Settings, readers: int) -> Runner:
    """A runner with so many processes at most; with none this process reads."""
    if not readers:
        return HereRunner()
    # What it takes to have processes is loaded where there are some.
    from syncedit_demo.reading.children import ChildrenRunner  # noqa: PLC0415

    return ChildrenRunner(settings.reading_limits, readers)
