"""How long to wait before a server is asked again, and when to give up."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import parse_ratelimit_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSY = (408, 429, 500, 502, 503, 504)
"""What a server answers that will do better later."""

PATIENCE_SECONDS = 600.0
"""How long a busy server is waited for in all, before any byte has come through."""

ATTEMPTS = 5
"""How often a broken connection is taken up again before any byte has come through."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""A pause is twice the one before it, where the server asks for none."""


class Patience:
    """Counts what went wrong since something last came through."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Something came through."""
        self._failures = 0
        self._waited = 0.0

    def pause(self, error: Exception) -> float:
        """How many seconds to wait after a failure; gives the error back, raised, where waiting is no use."""
        self._failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (self._failures - 1), LONGEST_PAUSE_SECONDS)
        if isinstance(error, HfHubHTTPError):
            if error.response.status_code not in BUSY:
                raise error
            asked = retry_after(error.response.headers, time.time())
            # Never less than its own pause: a server may ask for none, again and again.
            pause = max(pause, asked or 0.0)
            if self._waited + pause > PATIENCE_SECONDS:
                raise error
            self._waited += pause
        elif self._failures == ATTEMPTS:
            raise error
        return pause


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds a server asks to wait; None where it does not say.

    Args:
        headers: Its answer's, of any case where the mapping is.
        now: The time, in seconds since 1970.
    """
    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return None
