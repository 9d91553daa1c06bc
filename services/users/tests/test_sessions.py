"""Logging in: tokens, throttle, and what an attacker can learn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.core import Admin, User
from contracts.shared.address import EmailAddress
from contracts.users import v1 as users
from libs.access import Access, ServiceKeys
from libs.client import Api
from libs.keyvalue import KeyValue, Throttle
from libs.operations.envelope import Envelope
from libs.servers import free_port
from services.users.app import create_app
from services.users.deps import Deps
from services.users.passwords import Passwords
from services.users.tests.conftest import LOGIN_TRIES

RIGHT = users.LogIn(email=EmailAddress("ada@example.com"), password="correct horse")
WRONG = users.LogIn(email=EmailAddress("ada@example.com"), password="battery staple")
NOBODY = users.LogIn(email=EmailAddress("nobody@example.com"), password="correct horse")


def test_the_token_of_a_login_proves_who_one_is(
    anyone: Api, ada: users.Account, deps: Deps, keys_dir: Path
) -> None:
    session = anyone.send(RIGHT)

    access = Access("users", deps.signing_keys, ServiceKeys(keys_dir))
    identity = access.identify(Envelope(authorization=f"Bearer {session.access_token}"))
    assert identity.user == User(ada.user_id)
    assert session.expires_in_s == 600


def test_an_admin_logs_in_as_an_admin(
    anyone: Api, ada: users.Account, deps: Deps, keys_dir: Path
) -> None:
    with deps.messages.database.transaction() as session:
        session.execute(text("UPDATE account SET is_admin = true"))

    token = anyone.send(RIGHT).access_token

    access = Access("users", deps.signing_keys, ServiceKeys(keys_dir))
    identity = access.identify(Envelope(authorization=f"Bearer {token}"))
    assert identity.user == Admin(ada.user_id)


@pytest.mark.usefixtures("ada")
def test_a_wrong_password_and_an_unknown_address_get_one_answer(anyone: Api) -> None:
    assert anyone.attempt(WRONG) == users.WrongCredentials()
    assert anyone.attempt(NOBODY) == users.WrongCredentials()


def test_an_unknown_address_takes_as_much_work_as_a_wrong_password() -> None:
    passwords = Passwords()
    known = passwords.hash("correct horse")

    def cpu_s(check: Callable[[], bool]) -> float:
        before = time.thread_time()
        assert not check()
        return time.thread_time() - before

    wrong = min(cpu_s(lambda: passwords.matches(known, "battery staple")) for _ in range(5))
    unknown = min(cpu_s(lambda: passwords.matches(None, "battery staple")) for _ in range(5))

    # The naive form skips the hash and is some ten thousand times quicker.
    assert unknown > wrong / 3


@pytest.mark.usefixtures("ada")
def test_guessing_ends_after_a_few_tries_even_with_the_right_password(anyone: Api) -> None:
    for _ in range(LOGIN_TRIES):
        assert anyone.attempt(WRONG) == users.WrongCredentials()

    refused = anyone.attempt(RIGHT)

    assert isinstance(refused, users.TooManyAttempts)
    assert 0 < refused.retry_after_s <= 60


@pytest.mark.usefixtures("ada")
def test_a_successful_login_forgets_the_failed_ones(anyone: Api) -> None:
    for _ in range(3 * LOGIN_TRIES):
        anyone.attempt(WRONG)
        answer = anyone.attempt(RIGHT)
        assert isinstance(answer, users.Session)


@pytest.mark.usefixtures("ada")
def test_the_throttle_does_not_know_the_address(anyone: Api, deps: Deps) -> None:
    anyone.attempt(WRONG)

    store: KeyValue = deps.login_throttle._store
    keys = store.run(lambda client: client.keys("*"))
    assert keys
    assert not any("ada" in key for key in keys)


def test_with_valkey_dead_one_can_still_log_in(deps: Deps, anyone: Api, ada: users.Account) -> None:
    from dataclasses import replace

    from libs.testing import connect

    dead = KeyValue(f"redis://127.0.0.1:{free_port()}/0")
    api = connect(
        create_app(replace(deps, login_throttle=Throttle(dead, "login", limit=1, window_s=60)))
    )

    answers = [api.attempt(RIGHT) for _ in range(3)]

    assert all(isinstance(answer, users.Session) for answer in answers)


def test_a_hash_of_older_parameters_is_renewed_at_login(
    anyone: Api, ada: users.Account, deps: Deps
) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("correct horse")
    with deps.messages.database.transaction() as session:
        session.execute(text("UPDATE account SET password_hash = :old"), {"old": old})

    anyone.send(RIGHT)

    with deps.messages.database.transaction() as session:
        renewed = session.execute(text("SELECT password_hash FROM account")).scalar_one()
    assert renewed != old
    assert not deps.passwords.is_outdated(renewed)


def test_both_keys_are_published_and_nothing_private(app: Flask) -> None:
    published = app.test_client().get("/.well-known/jwks.json")

    assert published.json is not None
    assert {key["kid"] for key in published.json["keys"]} == {"2026-01", "2026-02"}
    assert all(
        set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in published.json["keys"]
    )


def test_a_password_never_reaches_an_answer(app: Flask) -> None:
    body = {"email": "no address", "password": "secret-secret", "name": "", "role": "admin"}

    refused = app.test_client().post("/api/v1/users", json=body)

    assert refused.status_code == 422
    assert "secret-secret" not in refused.text
    assert refused.json is not None
    assert {e["pointer"] for e in refused.json["errors"]} >= {"/email", "/name", "/role"}
