"""The password of a private deployment."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException

from syncedit_demo.errors import SettingsError
from syncedit_demo.ui.door.password import WAITING_GUESSES, Guard, Password


def test_a_password_is_kept_as_a_hash_alone() -> None:
    password = Password.read("me:a secret: with colons")
    assert "secret" not in repr(password)
    assert password.matches("me", "a secret: with colons")
    for name, guess in (("me", "a secret"), ("you", "a secret: with colons"), ("", ""), ("me", "x" * 10**6)):
        assert not password.matches(name, guess)


def test_the_hash_itself_can_be_the_setting() -> None:
    written = Password.read("me:a secret").written()
    assert "secret" not in written
    assert Password.read(written).matches("me", "a secret")
    assert not Password.read(written).matches("me", written.partition(":")[2]), "the hash is no password"


@pytest.mark.parametrize(
    "setting", ["", "me", "me:", ":secret", "me:scrypt:", "me:scrypt:a:b", "me:scrypt:!:!", "x" * 999]
)
def test_a_setting_that_is_none_is_refused_without_repeating_it(setting: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Password.read(setting)
    assert str(refusal.value).startswith("SYNCEDIT_AUTH")
    assert "secret" not in str(refusal.value)
    assert "xx" not in str(refusal.value)


def test_many_guesses_wait_for_each_other_and_more_are_refused() -> None:
    async def guess_all() -> list[object]:
        guard = Guard(Password.read("me:right"))
        return await asyncio.gather(
            *(guard.check("me", "right") for _ in range(WAITING_GUESSES + 3)), return_exceptions=True
        )

    answers = asyncio.run(guess_all())
    refused = [each for each in answers if isinstance(each, HTTPException)]
    assert [each.status_code for each in refused] == [429] * 3
    assert answers.count(True) == WAITING_GUESSES


def test_a_wrong_guess_is_wrong() -> None:
    async def guess() -> bool:
        return await Guard(Password.read("me:right")).check("me", "wrong")

    assert asyncio.run(guess()) is False
