"""The cookie of a visit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.errors import SettingsError
from syncedit_demo.ui.visits.cookie import VisitCookies

if TYPE_CHECKING:
    from pathlib import Path

VISIT = uuid.uuid4().hex


def kept(header: str) -> dict[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    return {name: value}


@pytest.fixture
def cookies(tmp_path: Path) -> VisitCookies:
    return VisitCookies.kept_in(tmp_path)


@pytest.mark.parametrize("secure", [True, False])
def test_a_visit_is_known_by_its_cookie(cookies: VisitCookies, secure: bool) -> None:
    header = cookies.header(VISIT, secure=secure)
    assert cookies.visit_id(kept(header), secure=secure) == VISIT
    assert cookies.visit_id(kept(header), secure=not secure) is None, "neither passes for the other"
    said = {each.strip() for each in header.split(";")[1:]}
    assert {"HttpOnly", "Path=/"} < said
    assert not any(each.startswith("Domain") for each in said)
    if secure:
        assert header.startswith("__Host-")
        assert {"Secure", "SameSite=None", "Partitioned"} < said
    else:
        assert "SameSite=Lax" in said


def test_nobody_can_choose_a_visit(cookies: VisitCookies) -> None:
    ((name, value),) = kept(cookies.header(VISIT, secure=False)).items()
    other = uuid.uuid4().hex
    for forged in (VISIT, other + value[32:], value[:-1] + ("0" if value[-1] != "0" else "1"), value.upper(), "", "."):
        assert cookies.visit_id({name: forged}, secure=False) is None
    assert cookies.visit_id({}, secure=False) is None
    assert VisitCookies(bytes(32)).visit_id({name: value}, secure=False) is None


def test_a_visit_outlives_the_process(cookies: VisitCookies, tmp_path: Path) -> None:
    again = VisitCookies.kept_in(tmp_path)
    assert again.visit_id(kept(cookies.header(VISIT, secure=False)), secure=False) == VISIT
    assert [each.name for each in tmp_path.iterdir()] == ["visits.key"]
    assert (tmp_path / "visits.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_used_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used: no such file"):
        VisitCookies.kept_in(tmp_path / "missing")
    (tmp_path / "visits.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="delete it"):
        VisitCookies.kept_in(tmp_path)
