"""A service that stands still where a test wants to look at the page: what passes by is never on show for sure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from starlette.middleware import Middleware

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import JobEvent
from syncedit_demo.engines.interface import Progress
from syncedit_demo.service import EditService
from syncedit_demo.ui.door.visitors import KnownVisitors
from syncedit_demo.ui.page import build_page
from syncedit_demo.ui.theme import theme
from syncedit_demo.ui.visits.cookie import VisitCookies

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.edits.make import EditRequest
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan, PlanOptions
    from syncedit_demo.reading.media_reader import Registered
    from syncedit_demo.settings import Settings
    from tests.browser.conftest import Serve

Moment = str | type[JobEvent]
"""A phase, by its name, another event of an edit, by its class, or one of these."""

CLIP, EDITED_FRAME = "a clip is looked at", "an edited frame is checked"


class HeldService(EditService):
    """The service, which waits right after it told a moment while that is held."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._held: dict[Moment, threading.Event] = {}
        self._reached: dict[Moment, threading.Event] = {}

    def hold(self, *moments: Moment) -> None:
        """Wait at each of these moments until it is released; after that it is held no more."""
        self._held |= {moment: threading.Event() for moment in moments}
        self._reached |= {moment: threading.Event() for moment in moments}

    def is_reached(self, moment: Moment, seconds: float = 30) -> bool:
        """Wait until it waits at a moment, so long at most; whether it does."""
        return self._reached[moment].wait(seconds)

    def release(self, *moments: Moment) -> None:
        """Go on from these moments, and pass those that have not come yet; without any, all of them."""
        for moment in moments or list(self._held):
            if (held := self._held.pop(moment, None)) is not None:
                held.set()

    def inspect(self, clip: Path, options: PlanOptions, cancel: CancelFlag | None = None) -> tuple[ClipInfo, EditPlan]:
        """As the service does, when it is let."""
        self._stand(CLIP)
        return super().inspect(clip, options, cancel)

    def register_edited_frame(
        self, path: Path, clip: ClipInfo, plan: EditPlan, edited_frame: Path, cancel: CancelFlag | None = None
    ) -> Registered:
        """As the service does, when it is let."""
        self._stand(EDITED_FRAME)
        return super().register_edited_frame(path, clip, plan, edited_frame, cancel)

    def edit(self, request: EditRequest, cancel: CancelFlag) -> Generator[JobEvent]:
        """The service's events, each held after it was told if its moment is."""
        for event in super().edit(request, cancel):
            yield event
            self._stand(event.phase if isinstance(event, Progress) else type(event))

    def _stand(self, moment: Moment) -> None:
        if (held := self._held.get(moment)) is not None:
            self._reached[moment].set()
            held.wait()


def serve_held(serve: Serve, settings: Settings) -> tuple[HeldService, str]:
    """Serve the page over such a service; the service, and the page's address."""
    service = HeldService(settings)
    settings.work_dir.mkdir(exist_ok=True)
    # Of the door only what a visit is known by.
    known = Middleware(KnownVisitors, VisitCookies.kept_in(settings.work_dir))
    page, allowed = build_page(service), [str(settings.jobs_dir)]
    return service, serve(page, theme=theme(), allowed_paths=allowed, app_kwargs={"middleware": [known]})
