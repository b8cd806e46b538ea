"""The door as a whole: Gradio's app with what stands in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradio.routes import App
from starlette.middleware import Middleware

from syncedit_demo.ui.door.bodies import BoundedBodies
from syncedit_demo.ui.door.connections import Lines, Shares
from syncedit_demo.ui.door.front import FrontPage
from syncedit_demo.ui.door.headers import SaidToBrowsers
from syncedit_demo.ui.door.names import FolderNames, HiddenFolders
from syncedit_demo.ui.door.origins import OwnOrigin
from syncedit_demo.ui.door.paintings import TakesPaintings
from syncedit_demo.ui.door.password import LoggedIn
from syncedit_demo.ui.door.quota import UploadQuota
from syncedit_demo.ui.door.routes import ServedRoutes
from syncedit_demo.ui.door.sessions import OwnSessions, Sessions
from syncedit_demo.ui.door.values import EventValues
from syncedit_demo.ui.door.visitors import KnownVisitors
from syncedit_demo.ui.gradio_internals import LeanStates, is_logged_in
from syncedit_demo.ui.visits.room import MB, room_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Scope

    from syncedit_demo.settings import Settings
    from syncedit_demo.ui.visits.cookie import VisitCookies


@dataclass(frozen=True, slots=True)
class Door:
    """What the door needs to know.

    Attributes:
        lines: The connections that there are.
        cookies: How browsers know their visits.
        names: What the folders are called outside that files are served from.
        settings: How large uploads may be, and where they go.
        locked: Whether one has to log in.
        mcp: Whether what is served to agents is on.
    """

    lines: Lines
    cookies: VisitCookies
    names: FolderNames
    settings: Settings
    locked: bool
    mcp: bool


class DoorApp(App):
    """Gradio's app behind the door, for `Blocks.launch` to serve.

    Args:
        door: What the door needs to know.
        options: What `App` takes.
    """

    def __init__(self, door: Door, **options: Any) -> None:  # noqa: ANN401
        self._door = door
        # Within Gradio's own middleware, which compresses: there, folders could not be found in what is answered.
        super().__init__(middleware=[Middleware(HiddenFolders, door.names)], **options)
        self.state_holder = LeanStates()

    def build_middleware_stack(self) -> ASGIApp:
        """What answers a request: the door before all that Gradio puts there."""
        door, sessions = self._door, Sessions()
        values = EventValues(self.get_blocks().fns, door.names.outside)
        kept = UploadQuota(super().build_middleware_stack(), door.settings, room_of(door.settings), self._visit_folder)
        app: ASGIApp = BoundedBodies(
            TakesPaintings(kept, sessions),
            upload_bytes=door.settings.max_upload_mb * MB,
            values=values,
            names=door.names,
            sessions=sessions,
        )
        if not door.locked:
            app = FrontPage(app)
        app = KnownVisitors(OwnSessions(Shares(app, door.lines.limit), sessions), door.cookies)
        if door.locked:
            app = LoggedIn(app, lambda scope: is_logged_in(self, scope))
        return SaidToBrowsers(ServedRoutes(OwnOrigin(app), mcp=door.mcp))

    def _visit_folder(self, scope: Scope) -> Path | None:
        visit = scope.get("syncedit.visit")
        return self._door.settings.jobs_dir / visit if visit else None
