"""The page that is made once for everybody who asks for it under the same address."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from syncedit_demo.ui.door.front import KEPT, FrontPage
from tests.support.asgi import http_scope

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


class Page:
    """What makes the page: counts how often, and says for which address."""

    def __init__(self, status: int = 200) -> None:
        self.made = 0
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made += 1
        asked = Request(scope)
        text = f"{asked.url} {sorted(asked.headers.items())}"
        await PlainTextResponse(text, status_code=self.status)(scope, receive, send)


def ask(app: FrontPage, *, method: str = "GET", path: str = "/", query: str = "", **headers: str) -> list[Message]:
    sent: list[Message] = []
    given = {"host": "here", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = http_scope(method, path, given, query)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_it_is_made_once_for_everybody() -> None:
    page = Page()
    app = FrontPage(page)
    answers = [ask(app, cookie=f"visit={number}") for number in range(3)]
    assert page.made == 1
    assert answers[0] == answers[1] == answers[2]


def test_what_is_added_for_one_is_not_for_the_next() -> None:
    app = FrontPage(Page())
    ask(app)[0]["headers"].append((b"set-cookie", b"of the first"))
    ask(app)[0]["headers"].append((b"set-cookie", b"of the second"))
    assert b"set-cookie" not in dict(ask(app)[0]["headers"])


@pytest.mark.parametrize(
    "other",
    [{"host": "there"}, {"x_forwarded_host": "there"}, {"x_forwarded_proto": "https"}, {"accept_encoding": "br"}],
    ids=lambda other: next(iter(other)),
)
def test_another_address_or_encoding_has_its_own(other: dict[str, str]) -> None:
    page = Page()
    app = FrontPage(page)
    first = ask(app)
    assert ask(app, **other) == ask(FrontPage(Page()), **other)
    assert ask(app) == first
    assert page.made == 2


@pytest.mark.parametrize("header", ["x_gradio_server", "origin", "range", "cookie", "referer", "user_agent"])
def test_what_one_sends_is_not_in_the_page_of_the_next(header: str) -> None:
    """Gradio's own header for its address among it, by which one visitor could send all others elsewhere."""
    app = FrontPage(Page())
    first = ask(app, **{header: "http://elsewhere"})
    assert first == ask(app) == ask(FrontPage(Page()))


@pytest.mark.parametrize("other", [{"method": "HEAD"}, {"path": "/config"}, {"query": "view=x"}], ids=str)
def test_other_requests_are_answered_each_time(other: dict[str, str]) -> None:
    page = Page()
    app = FrontPage(page)
    for _ in range(2):
        ask(app, **other)
    assert page.made == 2


def test_a_failure_is_not_kept() -> None:
    page = Page(500)
    app = FrontPage(page)
    assert ask(app)[0]["status"] == 500
    page.status = 200
    assert ask(app)[0]["status"] == 200


def test_any_number_of_addresses_keeps_few_pages() -> None:
    page = Page()
    app = FrontPage(page)
    for number in range(KEPT + 1):
        ask(app, host=f"host-{number}")
    ask(app, host=f"host-{KEPT}")
    assert page.made == KEPT + 1
    ask(app, host="host-0")
    assert page.made == KEPT + 2, "the one that was asked for longest ago made room"
