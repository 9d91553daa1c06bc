"""Keys: how they are read, how they rotate, and what happens while their source is away."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, RSAKey

from contracts.shared.ids import UserId
from libs import access
from libs.access import ServiceKeys, SigningKeys, UserKeys, UserTokens
from libs.access.keys import load_private, new_key
from libs.access.tokens import verify_user
from libs.operations.errors import Unavailable

ADA = UserId("usr_" + "0" * 26)


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def kid_of(keys: SigningKeys) -> str:
    return str(keys.newest.kid)


def published(keys: SigningKeys) -> list[str]:
    return [str(key["kid"]) for key in keys.public_set()["keys"]]


def put(folder: Path, kid: str, *, age_s: float = 0) -> None:
    path = folder / f"{kid}.pem"
    path.write_bytes(new_key()[0])
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_a_new_signing_key_is_published_at_once_and_signs_ten_minutes_later(
    tmp_path: Path,
) -> None:
    clock = Clock(time.time())
    put(tmp_path, "2026-01", age_s=86_400)
    keys = SigningKeys(tmp_path, clock=clock)
    put(tmp_path, "2026-02")

    clock.now += 2
    assert published(keys) == ["2026-02", "2026-01"]
    assert kid_of(keys) == "2026-01"
    clock.now += 590
    assert kid_of(keys) == "2026-01"
    clock.now += 20
    assert kid_of(keys) == "2026-02"


def test_a_copied_key_with_an_old_date_waits_as_well(tmp_path: Path) -> None:
    clock = Clock(time.time())
    put(tmp_path, "a", age_s=86_400)
    keys = SigningKeys(tmp_path, clock=clock)

    put(tmp_path, "b", age_s=86_400)
    clock.now += 61

    assert (kid_of(keys), published(keys)) == ("a", ["b", "a"])


def test_a_restart_does_not_hurry_a_new_key(tmp_path: Path) -> None:
    put(tmp_path, "a", age_s=86_400)
    put(tmp_path, "b", age_s=60)
    put(tmp_path, "c", age_s=86_400)

    assert kid_of(SigningKeys(tmp_path)) == "c"
    (tmp_path / "c.pem").unlink()
    assert kid_of(SigningKeys(tmp_path)) == "a"


def test_where_all_keys_are_new_the_first_signs(tmp_path: Path) -> None:
    put(tmp_path, "a")
    put(tmp_path, "b")

    assert kid_of(SigningKeys(tmp_path)) == "a"


def test_an_old_key_verifies_until_its_file_is_removed(tmp_path: Path) -> None:
    clock = Clock(time.time())
    put(tmp_path, "a", age_s=86_400)
    keys = SigningKeys(tmp_path, clock=clock)
    token = UserTokens(keys).issue(ADA, admin=False)
    put(tmp_path, "b")
    clock.now += 61
    keys.public_set()
    clock.now += 600

    assert kid_of(keys) == "b"
    assert verify_user(token, keys)[0].user_id == ADA
    (tmp_path / "a.pem").unlink()
    clock.now += 61
    assert keys.find("a") is None
    assert published(keys) == ["b"]


def test_a_broken_file_stops_the_boot_but_not_a_running_service(tmp_path: Path) -> None:
    clock = Clock(time.time())
    put(tmp_path, "a")
    keys = SigningKeys(tmp_path, clock=clock)
    (tmp_path / "b.pem").write_text("half a k")
    clock.now += 61

    assert published(keys) == ["a"]
    with pytest.raises(ValueError, match=r"b\.pem is no unencrypted EC key in PEM"):
        SigningKeys(tmp_path)
    for path in tmp_path.glob("*.pem"):
        path.unlink()
    clock.now += 61
    assert published(keys) == ["a"]


def test_only_public_halves_are_published(tmp_path: Path) -> None:
    put(tmp_path, "a")

    said = SigningKeys(tmp_path).public_set()["keys"]

    assert [sorted(key) for key in said] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no unencrypted EC key"),
        (b"\xff\xfe rubbish", "no unencrypted EC key"),
        (RSAKey.generate_key(2048).as_pem(private=True), "no unencrypted EC key"),
        (
            ECKey.generate_key("P-256").as_pem(private=True, password="secret"),
            "no unencrypted EC key",
        ),
        (ECKey.generate_key("P-384").as_pem(private=True), "must be a private key on P-256"),
        (new_key()[1], "must be a private key on P-256"),
    ],
    ids=["empty", "rubbish", "rsa", "encrypted", "p384", "public"],
)
def test_a_bad_key_file_is_named_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "orders.pem"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=why) as caught:
        load_private(path)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pem does not exist"):
        load_private(tmp_path / "none.pem")
    with pytest.raises(ValueError, match="cannot be read"):
        load_private(tmp_path)
    with pytest.raises(ValueError, match="is no folder"):
        ServiceKeys(tmp_path / "none")
    with pytest.raises(ValueError, match="holds no signing key"):
        SigningKeys(tmp_path / "none")


def test_a_services_key_that_changes_is_read_again_and_a_removed_one_forgotten(
    tmp_path: Path,
) -> None:
    keys = ServiceKeys(tmp_path)
    assert keys.find("orders") is None
    (tmp_path / "orders.pem").write_bytes(new_key()[1])
    first = keys.find("orders")
    new = tmp_path / "new"
    new.write_bytes(new_key()[1])
    new.replace(tmp_path / "orders.pem")

    second = keys.find("orders")

    assert first is not None and second is not None
    assert first.as_dict() != second.as_dict()
    (tmp_path / "orders.pem").unlink()
    assert keys.find("orders") is None


@pytest.mark.parametrize(
    "name", ["../services/orders", "", "a/b", "o" * 300, "ordérs", "a\0b", "."]
)
def test_the_name_of_a_service_is_no_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "orders.pem").write_bytes(new_key()[1])

    assert ServiceKeys(tmp_path).find(name) is None


class Users:
    """The users service's JWKS, which may be down."""

    def __init__(self, folder: Path) -> None:
        self.keys = SigningKeys(folder)
        self.answer: bytes | None = json.dumps(self.keys.public_set()).encode()
        self.asked = 0
        self.takes_s = 0.0

    def __call__(self) -> bytes:
        self.asked += 1
        time.sleep(self.takes_s)
        if self.answer is None:
            raise Unavailable("users", "it is down")
        return self.answer


@pytest.fixture
def users(tmp_path: Path) -> Users:
    put(tmp_path, "a")
    return Users(tmp_path)


def test_tokens_are_checked_while_users_is_dead(users: Users) -> None:
    clock = Clock(1000.0)
    keys = UserKeys(users, clock=clock)
    token = UserTokens(users.keys).issue(ADA, admin=False)
    verify_user(token, keys)
    users.answer = None
    clock.now += 86_400

    assert verify_user(token, keys)[0].user_id == ADA


def test_made_up_keys_ask_users_at_most_every_five_seconds(users: Users) -> None:
    clock = Clock(1000.0)
    keys = UserKeys(users, clock=clock)
    keys.find("a")

    for number in range(50):
        assert keys.find(f"made-up-{number}") is None
        clock.now += 0.2

    assert users.asked <= 3


def test_a_new_key_is_found_without_a_restart(users: Users, tmp_path: Path) -> None:
    clock = Clock(1000.0)
    keys = UserKeys(users, clock=clock)
    keys.find("a")
    put(tmp_path, "b")
    users.answer = json.dumps(SigningKeys(tmp_path).public_set()).encode()

    clock.now += 6

    assert keys.find("b") is not None


def test_a_withdrawn_key_is_forgotten_in_the_background(users: Users, tmp_path: Path) -> None:
    clock = Clock(1000.0)
    keys = UserKeys(users, clock=clock)
    keys.find("a")
    put(tmp_path, "b")
    (tmp_path / "a.pem").unlink()
    users.answer = json.dumps(SigningKeys(tmp_path).public_set()).encode()
    clock.now += 301

    assert keys.find("a") is not None  # nobody waits for it
    deadline = time.monotonic() + 2
    while keys.find("a") is not None and time.monotonic() < deadline:
        time.sleep(0.01)

    assert keys.find("a") is None


def test_without_any_key_all_wait_for_one_question_and_then_fail_at_once(users: Users) -> None:
    users.answer, users.takes_s = None, 0.2
    keys = UserKeys(users)
    failed: list[str] = []

    def ask() -> None:
        try:
            keys.find("a")
        except Unavailable as error:
            failed.append(error.who)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == ["users"] * 8
    assert users.asked == 1
    assert time.monotonic() - started < 0.6


def test_a_token_that_cannot_be_checked_is_not_called_bad(users: Users) -> None:
    token = UserTokens(users.keys).issue(ADA, admin=False)
    users.answer = None

    with pytest.raises(Unavailable, match="its keys could not be read"):
        verify_user(token, UserKeys(users))


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [{}]}', b"[" * 9999]
)
def test_an_answer_that_is_no_jwks_takes_no_key_away(users: Users, answer: bytes) -> None:
    clock = Clock(1000.0)
    keys = UserKeys(users, clock=clock)
    keys.find("a")
    users.answer = answer
    clock.now += 6

    assert keys.find("b") is None
    assert keys.find("a") is not None


def test_the_package_exports_what_it_lists() -> None:
    assert access.__all__ == sorted(access.__all__)
    assert all(hasattr(access, name) for name in access.__all__)
