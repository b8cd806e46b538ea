"""How a browser knows its visit: by a signed cookie, which no link can set and no script of a page can read."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "syncedit-visit"
KEY_BYTES = 32
MONTH_SECONDS = 30 * 24 * 3600
_VALUE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")


class VisitCookies:
    """Signs and checks the cookies.

    Args:
        key: What they are signed with; whoever has it can name any visit.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def kept_in(cls, folder: Path) -> VisitCookies:
        """Those signed with the key of a folder, which is made where it is missing: visits outlive the process.

        Raises:
            SettingsError: The key can neither be read nor made.
        """
        path = folder / "visits.key"
        try:
            if not path.exists():
                # Two servers may start on one folder: the key is there as a whole or not at all, and stays what it is.
                new = folder / f"visits.key.{os.getpid()}"
                new.unlink(missing_ok=True)
                descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
                try:
                    os.link(new, path)
                except FileExistsError:
                    pass
                finally:
                    new.unlink()
            key = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            message = f"{path} cannot be used: {reason}. Name another working folder in SYNCEDIT_WORK_DIR."
            raise SettingsError(message) from error
        if len(key) != KEY_BYTES:
            message = f"{path} is no key of visits: delete it, and a new one is made."
            raise SettingsError(message)
        return cls(key)

    def visit_id(self, cookies: Mapping[str, str], *, secure: bool) -> str | None:
        """The visit that a browser's cookies name, None where they name none that was signed here."""
        matched = _VALUE.fullmatch(cookies.get(_name(secure), ""))
        if matched is None or not hmac.compare_digest(self._signature(matched[1]), matched[2]):
            return None
        return matched[1]

    def header(self, visit_id: str, *, secure: bool) -> str:
        """The value of the `Set-Cookie` header that has a browser keep a visit.

        Args:
            visit_id: The visit, 32 hexadecimal digits.
            secure: Whether the page is served encrypted. Then the cookie also works where the page stands in a frame
                of another site, as in a Space, and no other host can have set it.
        """
        # A browser sends Partitioned cookies within a frame to the pair of frame and page alone.
        where = "Secure; SameSite=None; Partitioned" if secure else "SameSite=Lax"
        value = f"{visit_id}.{self._signature(visit_id)}"
        return f"{_name(secure)}={value}; Path=/; Max-Age={MONTH_SECONDS}; HttpOnly; {where}"

    def _signature(self, visit_id: str) -> str:
        return hmac.new(self._key, visit_id.encode(), hashlib.sha256).hexdigest()


def _name(secure: bool) -> str:
    # With this prefix a browser takes it from this very host alone.
    return f"__Host-{NAME}" if secure else NAME
