"""When a server is asked again."""

from __future__ import annotations

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from syncedit_demo.engines.sync_lora.weights.patience import ATTEMPTS, PATIENCE_SECONDS, Patience, retry_after


def refusal(status: int, **headers: str) -> HfHubHTTPError:
    request = httpx2.Request("GET", "http://localhost/")
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return HfHubHTTPError("refused", response=httpx2.Response(status, headers=headers, request=request))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"retry-after": " 5 "}, 5),
        ({"Retry-After": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"RateLimit": '"resolvers";r=0;t=55', "Retry-After": "1"}, 55),
        ({"RateLimit": '"resolvers";r=9;t=55'}, None),
    ],
)
def test_what_a_server_asks_for_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx2.Headers(headers), now=1000.0) == seconds


def test_pauses_grow_to_a_minute_and_end_after_minutes() -> None:
    patience = Patience()
    pauses = [patience.pause(refusal(503)) for _ in range(14)]
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert PATIENCE_SECONDS - 60 < sum(pauses) <= PATIENCE_SECONDS
    with pytest.raises(HfHubHTTPError):
        patience.pause(refusal(503))


def test_a_server_that_asks_for_no_pause_gets_one() -> None:
    patience = Patience()
    assert [patience.pause(refusal(429, Retry_After="0")) for _ in range(3)] == [1, 2, 4]


def test_a_broken_connection_is_given_up_after_some_attempts_without_a_byte() -> None:
    patience = Patience()
    for _ in range(3):
        for _ in range(ATTEMPTS - 1):
            patience.pause(httpx2.ReadError("broken"))
        patience.reset()
    for _ in range(ATTEMPTS - 1):
        patience.pause(httpx2.ReadError("broken"))
    with pytest.raises(httpx2.ReadError):
        patience.pause(httpx2.ReadError("broken"))


@pytest.mark.parametrize("status", [401, 403, 404, 416])
def test_a_refusal_that_stays_one_is_not_waited_for(status: int) -> None:
    with pytest.raises(HfHubHTTPError):
        Patience().pause(refusal(status, Retry_After="1"))
