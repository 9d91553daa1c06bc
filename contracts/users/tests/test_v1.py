"""What the users service promises about names, passwords and tokens."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.core.problems import Problem
from contracts.shared.address import EmailAddress
from contracts.shared.ids import UserId
from contracts.users import v1 as users

ADA = EmailAddress("ada@example.com")
PASSWORD = "correct horse"


def named(name: str) -> users.RegisterUser:
    return users.RegisterUser(email=ADA, password=PASSWORD, name=name)


@pytest.mark.parametrize(
    "name", ["Ada", "Ada King", "Žofie Nováková", "李小龍", "O'Hara-Šmíd Jr.", "علی‌رضا", "x" * 100]
)
def test_people_have_the_names_that_they_have(name: str) -> None:
    assert named(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 101,
        "Ada\r\nBcc: eve@example.com",
        "Ada\x85King",
        "Ada\u2028King",
        "Ada\u202egniK",
        "Ada\x1b[31m",
        "Ada\0",
    ],
)
def test_a_name_breaks_no_line_and_turns_no_text(name: str) -> None:
    with pytest.raises(ValidationError):
        named(name)


def test_a_name_stands_without_blanks_around_it() -> None:
    assert named("  Ada King ").name == "Ada King"


def test_neither_password_nor_token_is_shown() -> None:
    session = users.Session(
        access_token="e30.e30.e30", expires_in_s=600, user_id=UserId("usr_" + "0" * 26)
    )
    shown = [named("Ada"), users.LogIn(email=ADA, password=PASSWORD), session]

    text = " ".join(str(one) + repr(one) for one in shown)

    assert PASSWORD not in text
    assert "e30" not in text


@pytest.mark.parametrize("password", ["", "hunter2", "x" * 129])
def test_a_password_is_neither_short_nor_a_burden(password: str) -> None:
    with pytest.raises(ValidationError) as caught:
        users.RegisterUser(email=ADA, password=password, name="Ada")

    assert not password or password not in str(caught.value)


def test_every_refusal_has_a_type_of_the_service() -> None:
    problems = [
        kind
        for kind in vars(users).values()
        if isinstance(kind, type) and issubclass(kind, Problem)
    ]

    types = {kind.__problem__.type for kind in problems if kind is not Problem}

    assert "/problems/users/address-taken" in types
    assert all(kind.startswith("/problems/users/") for kind in types)
