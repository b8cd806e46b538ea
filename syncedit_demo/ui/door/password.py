"""The password of a private deployment.

`python -m syncedit_demo.ui.door.password NAME` asks for one and writes what `SYNCEDIT_AUTH` is set to.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import hmac
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from syncedit_demo.errors import SettingsError
from syncedit_demo.ui.door.refusal import refuse
from syncedit_demo.ui.door.routes import API, CONFIG, LOGIN, LOOKS, PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

SCHEME = "scrypt"
COST, BLOCK, SALT_BYTES = 2**14, 8, 16
"""What one guess costs: about 50 ms of one core and 16 MB."""

WAITING_GUESSES = 8
WRONG_SECONDS = 0.5
"""How long a wrong guess keeps all others waiting."""

LONGEST = 200
"""Characters of a name or a password that are looked at."""

OPEN = frozenset({PAGE, CONFIG, f"{API}/startup-events", *LOGIN, *LOOKS})
"""What is served to everybody: the form, and what draws it. Gradio itself guards what the first two tell."""


@dataclass(frozen=True, slots=True)
class Password:
    """Who may come in.

    Attributes:
        name: The name.
        salt: What is hashed with the password.
        digest: The hash.
    """

    name: str
    salt: bytes
    digest: bytes

    @classmethod
    def read(cls, setting: str) -> Password:
        """From `name:password`, or from `name:scrypt:salt:hash`, which tells nobody the password.

        Raises:
            SettingsError: It is neither.
        """
        name, _, secret = setting.partition(":")
        if not name or not secret or max(len(name), len(secret)) > LONGEST:
            message = "SYNCEDIT_AUTH is no name and password: write NAME:PASSWORD."
            raise SettingsError(message)
        if not secret.startswith(f"{SCHEME}:"):
            salt = secrets.token_bytes(SALT_BYTES)
            return cls(name, salt, _hash(secret, salt))
        try:
            salt, digest = (base64.b64decode(part, validate=True) for part in secret.split(":")[1:])
        except ValueError:
            salt = digest = b""
        if not salt or len(digest) != 64:
            message = "SYNCEDIT_AUTH holds a broken hash: make it again by python -m syncedit_demo.ui.door.password."
            raise SettingsError(message)
        return cls(name, salt, digest)

    def written(self) -> str:
        """What `SYNCEDIT_AUTH` is set to."""
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"{self.name}:{SCHEME}:{salt}:{digest}"

    def matches(self, name: str, password: str) -> bool:
        """Whether these are the name and the password; it takes as long whatever is wrong with them."""
        same = hmac.compare_digest(_hash(password[:LONGEST], self.salt), self.digest)
        return hmac.compare_digest(name[:LONGEST].encode(), self.name.encode()) and same


class Guard:
    """Lets guesses in one after the other, so that many of them cost no more than one core and find nothing soon."""

    def __init__(self, password: Password) -> None:
        self._password = password
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def check(self, name: str, password: str) -> bool:
        """Whether these are the name and the password.

        Raises:
            HTTPException: 429, too many others are being looked at.
        """
        if self._waiting >= WAITING_GUESSES:
            raise HTTPException(429, "Too many are trying to log in: try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._turn:
                right = await asyncio.to_thread(self._password.matches, name, password)
                if not right:
                    await asyncio.sleep(WRONG_SECONDS)
                return right
        finally:
            self._waiting -= 1


class LoggedIn:
    """Answers 401 to whoever is not logged in, but for the form where that is done."""

    def __init__(self, app: ASGIApp, is_logged_in: Callable[[Scope], bool]) -> None:
        self._app = app
        self._is_logged_in = is_logged_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] == "http" and scope["syncedit.route"] not in OPEN and not self._is_logged_in(scope):
            await refuse(scope, receive, send, 401, "Log in first.")
            return
        await self._app(scope, receive, send)


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=1)


def main() -> None:
    """Ask for a password and write the setting that it becomes."""
    if len(sys.argv) != 2 or ":" in sys.argv[1]:
        sys.exit("usage: python -m syncedit_demo.ui.door.password NAME")
    password = getpass.getpass()
    try:
        print(Password.read(f"{sys.argv[1]}:{password}").written())
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
