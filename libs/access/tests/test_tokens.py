"""Tokens: what is taken, and everything that is not."""

from __future__ import annotations

import base64
import hmac
import json
import random
import time
from functools import partial
from typing import Any

import pytest
import time_machine
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from contracts.core import Admin, Service, User
from contracts.core.chassis import Unauthenticated
from contracts.shared.ids import UserId
from libs.access import Access, ServiceTokens, UserTokens
from libs.access.tests.conftest import Keys
from libs.access.tokens import verify_service, verify_user
from libs.operations.envelope import Envelope, Identity

ADA = UserId("usr_" + "0" * 26)


def claims(**changed: Any) -> dict[str, Any]:
    """A good user token's claims but for what is changed; None takes a claim away."""
    now = int(time.time())
    good = {"iss": "users", "sub": ADA, "aud": "shop", "iat": now, "exp": now + 600, "roles": []}
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(key: ECKey, said: dict[str, Any], **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "typ": "user+jwt", "kid": "a"} | header, said, key)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_what_users_issues_names_the_user(keys: Keys) -> None:
    issued = UserTokens(keys.users)

    customer, until = verify_user(issued.issue(ADA, admin=False), keys.users)
    admin, _ = verify_user(issued.issue(ADA, admin=True), keys.users)

    assert type(customer) is User and customer.user_id == ADA
    assert type(admin) is Admin
    assert 598 <= until - time.time() <= 600


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"aud": None},
        {"iss": None},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time()) + 700},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3700},
        {"iat": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": str(int(time.time()) + 60)},
        {"aud": "orders"},
        {"aud": ["shop", "orders"]},
        {"iss": "orders"},
        {"sub": 7},
        {"sub": ["usr"]},
    ],
    ids=lambda changed: ",".join(f"{k}={str(v)[:12]}" for k, v in changed.items()),
)
def test_a_token_lacking_or_bending_a_claim_is_refused(keys: Keys, changed: dict[str, Any]) -> None:
    token = signed(keys.private["a"], claims(**changed))
    jws.deserialize_compact(token, keys.private["a"])  # the naive form: the signature is good

    with pytest.raises(Unauthenticated):
        verify_user(token, keys.users)


def test_who_issues_tokens_by_a_clock_five_minutes_ahead_is_believed(keys: Keys) -> None:
    with time_machine.travel(time.time() + 300):
        by_users = UserTokens(keys.users).issue(ADA, admin=False)
        by_orders = ServiceTokens("orders", keys.private["orders"]).token_for("users")

    assert verify_user(by_users, keys.users)[0].user_id == ADA
    assert verify_service(by_orders, keys.services, "users")[0] == Service("orders")


def test_a_service_five_minutes_behind_renews_its_token_before_its_callee_refuses_it(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = ServiceTokens("orders", keys.private["orders"])
    for passed_s in range(0, 900, 20):
        monkeypatch.setattr(time, "monotonic", partial(float, passed_s))
        with time_machine.travel(time.time() + passed_s - 300):
            token = tokens.token_for("users")

        with time_machine.travel(time.time() + passed_s + 60):
            assert verify_service(token, keys.services, "users")[0] == Service("orders")


def test_admin_is_a_role_and_not_a_part_of_a_word(keys: Keys) -> None:
    user, _ = verify_user(signed(keys.private["a"], claims(roles="not-admin")), keys.users)

    assert type(user) is User


def test_other_algorithms_are_refused(keys: Keys) -> None:
    public = keys.private["a"].as_pem(private=False)
    # By hand, for joserfc refuses to sign with a public key as the secret.
    said = f"{part({'alg': 'HS256', 'typ': 'user+jwt', 'kid': 'a'})}.{part(claims())}"
    mac = hmac.digest(public, said.encode(), "sha256")
    as_secret = f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    none = f"{part({'alg': 'none', 'typ': 'user+jwt', 'kid': 'a'})}.{part(claims())}."

    for token in (as_secret, none):
        with pytest.raises(Unauthenticated):
            verify_user(token, keys.users)


def test_forged_tokens_are_refused(keys: Keys) -> None:
    stranger = ECKey.generate_key("P-256")
    good = UserTokens(keys.users).issue(ADA, admin=False)
    header, _, signature = good.split(".")
    forged = [
        signed(stranger, claims()),
        signed(stranger, claims(), kid="made-up"),
        signed(stranger, claims(), jwk=stranger.as_dict(private=False)),
        signed(keys.private["a"], claims(), typ="JWT"),
        f"{header}.{part(claims(roles=['admin']))}.{signature}",
    ]

    for token in forged:
        with pytest.raises(Unauthenticated):
            verify_user(token, keys.users)


def test_neither_kind_of_token_is_taken_for_the_other(keys: Keys) -> None:
    user = UserTokens(keys.users).issue(ADA, admin=True)
    service = ServiceTokens("orders", keys.private["orders"]).token_for("users")

    with pytest.raises(Unauthenticated):
        verify_service(user, keys.services, "users")
    with pytest.raises(Unauthenticated):
        verify_user(service, keys.users)


def test_a_services_token_is_for_one_callee_alone(keys: Keys) -> None:
    token = ServiceTokens("orders", keys.private["orders"]).token_for("users")

    assert verify_service(token, keys.services, "users")[0] == Service("orders")
    with pytest.raises(Unauthenticated):
        verify_service(token, keys.services, "payments")


@pytest.mark.parametrize("name", ["orders", "users"])
def test_a_service_cannot_speak_for_another(keys: Keys, name: str) -> None:
    said = claims(iss=name, sub="payments", aud="users", roles=None)
    token = signed(keys.private[name], said, typ="service+jwt", kid=name)

    with pytest.raises(Unauthenticated):
        verify_service(token, keys.services, "users")


def test_rubbish_is_refused_and_never_a_bug(keys: Keys) -> None:
    good = UserTokens(keys.users).issue(ADA, admin=False)
    dice = random.Random(1)
    nested = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2000).rstrip(b"=").decode()
    rubbish = [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        "x" * 100_000,
        "ä.ö.ü",
        "\ud800",
        f"{nested}.e30.e30",
    ]
    rubbish += [good + ".", good[:-1], good.replace(".", ""), f"{good}.{good}"]
    for _ in range(200):
        at = dice.randrange(len(good) - 3)
        rubbish.append(good[:at] + dice.choice("AZaz09-_.=%\0") + good[at + 2 :])

    for token in rubbish:
        with pytest.raises(Unauthenticated):
            verify_user(token, keys.users)


def test_a_services_token_is_made_once_for_five_minutes(keys: Keys) -> None:
    tokens = ServiceTokens("orders", keys.private["orders"])

    first = tokens.token_for("users")

    assert tokens.token_for("users") is first
    assert tokens.token_for("payments") != first


def access(keys: Keys) -> Access:
    return Access("payments", keys.users, keys.services)


def test_a_call_on_a_users_behalf_proves_both(keys: Keys) -> None:
    envelope = Envelope(
        authorization=f"Bearer {UserTokens(keys.users).issue(ADA, admin=False)}",
        service_authorization="bearer  "
        + ServiceTokens("orders", keys.private["orders"]).token_for("payments"),
    )

    identity = access(keys).identify(envelope)

    assert identity == Identity(User(ADA), Service("orders"))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_an_authorization_of_another_kind_is_refused(keys: Keys, header: str) -> None:
    with pytest.raises(Unauthenticated):
        access(keys).identify(Envelope(authorization=header))


def test_a_remembered_token_still_expires(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    who = access(keys)
    envelope = Envelope(authorization=f"Bearer {UserTokens(keys.users).issue(ADA, admin=False)}")
    assert who.identify(envelope).user == User(ADA)
    later = time.time() + 601

    monkeypatch.setattr(time, "time", lambda: later)

    with pytest.raises(Unauthenticated):
        who.identify(envelope)
    with pytest.raises(Unauthenticated):
        who.identify(envelope)


def test_remembered_tokens_are_bounded(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.access.access.REMEMBERED", 10)
    who = access(keys)
    issued = UserTokens(keys.users)

    for _ in range(30):
        who.identify(Envelope(authorization=f"Bearer {issued.issue(ADA, admin=False)}"))

    assert len(who._users) <= 10


def test_refused_tokens_are_not_remembered(keys: Keys) -> None:
    who = access(keys)

    for number in range(5):
        with pytest.raises(Unauthenticated):
            who.identify(Envelope(authorization=f"Bearer rubbish{number}"))

    assert not who._users
