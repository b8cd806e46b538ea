"""A service that stands still where a test wants to look at the page: what passes by is never on show for sure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import JobEvent
from syncedit_demo.engines.interface import Progress
from syncedit_demo.service import EditService
from syncedit_demo.ui.page import build_page
from syncedit_demo.ui.theme import theme

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.edits.make import EditRequest
    from syncedit_demo.settings import Settings
    from tests.browser.conftest import Serve

Moment = str | type[JobEvent]
"""A phase, by its name, or another event of an edit, by its class."""


class HeldService(EditService):
    """The service, which waits right after it told a moment while that is held."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._held: dict[Moment, threading.Event] = {}

    def hold(self, *moments: Moment) -> None:
        """Wait at each of these moments until it is released; after that it is held no more."""
        self._held |= {moment: threading.Event() for moment in moments}

    def release(self, *moments: Moment) -> None:
        """Go on from these moments, and pass those that have not come yet; without any, all of them."""
        for moment in moments or list(self._held):
            if (held := self._held.pop(moment, None)) is not None:
                held.set()

    def edit(self, request: EditRequest, cancel: CancelFlag) -> Generator[JobEvent]:
        """The service's events, each held after it was told if its moment is."""
        for event in super().edit(request, cancel):
            yield event
            moment = event.phase if isinstance(event, Progress) else type(event)
            if (held := self._held.get(moment)) is not None:
                held.wait()


def serve_held(serve: Serve, settings: Settings) -> tuple[HeldService, str]:
    """Serve the page over such a service; the service, and the page's address."""
    service = HeldService(settings)
    return service, serve(build_page(service), theme=theme(), allowed_paths=[str(settings.jobs_dir)])
