"""A webhook that is genuine is heard once, whenever it comes; one that is not changes nothing."""

from __future__ import annotations

import hmac
import json
import time
from hashlib import sha256
from io import BytesIO
from threading import Thread
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.payments.tests.conftest import (
    CANCELLED,
    ORDER,
    PLACED,
    SECRETS,
    Died,
    Payments,
    World,
    captured_once,
    refunded_once,
)
from services.payments.views import BODY_LIMIT
from services.payments.webhooks import is_genuine

NEW, OLD = SECRETS
KINDS = {
    "captured": "payment_intent.succeeded",
    "declined": "payment_intent.payment_failed",
    "refunded": "refund.created",
}


def told(what: str, **changes: object) -> bytes:
    """A webhook in the provider's words."""
    thing: dict[str, Any] = {
        "id": "capture-0" if what != "refunded" else "refund-1",
        "amount": 1250,
        "currency": "eur",
        "status": "succeeded",
        "metadata": {"order_id": ORDER, "of": "somebody else's"},
        "last_payment_error": {"message": "Your card was declined."}
        if what == "declined"
        else None,
        "a_field_of_next_year": [1],
    } | changes
    event = {"id": "evt_1", "type": KINDS.get(what, what), "data": {"object": thing}}
    return json.dumps(event).encode()


def signed(body: bytes, secret: str = NEW, *, ago_s: float = 0) -> str:
    at = int(time.time() - ago_s)
    return f"t={at},v1={hmac.new(secret.encode(), b'%d.%s' % (at, body), sha256).hexdigest()}"


def post(shop: Payments, body: bytes, header: str | None = None) -> TestResponse:
    headers = {"Stripe-Signature": signed(body) if header is None else header}
    return shop.app.test_client().post("/webhooks/provider", data=body, headers=headers)


def deliver(shop: Payments, what: str) -> None:
    assert post(shop, told(what)).status_code == 200


def asked_in_vain(shop: Payments, world: World) -> None:
    """The order is placed, the provider has acted, and we died before we knew."""
    shop.hear(PLACED)
    world.dies_after = True
    with pytest.raises(Died):
        shop.do_capture()
    world.dies_after = False


def test_a_webhook_before_the_answer_settles_the_payment_and_the_answer_adds_nothing(
    shop: Payments, world: World
) -> None:
    asked_in_vain(shop, world)

    assert post(shop, told("captured")).status_code == 200
    assert shop.state() == "captured"
    shop.do_capture()

    assert captured_once(world)
    assert shop.facts() == ["payment_captured"]


def test_a_webhook_while_the_provider_is_asked_is_the_same_one_capture(
    shop: Payments, world: World
) -> None:
    shop.hear(PLACED)
    world.meanwhile = lambda: deliver(shop, "captured")
    shop.do_capture()

    assert captured_once(world)
    assert shop.facts() == ["payment_captured"]


def test_a_webhook_that_is_late_or_repeated_changes_nothing(shop: Payments) -> None:
    shop.hear(PLACED)
    shop.do_capture()

    answers = [post(shop, told("captured")).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert shop.state() == "captured"
    assert shop.facts() == ["payment_captured"]


def test_a_decline_told_by_a_webhook_ends_the_payment_once(shop: Payments, world: World) -> None:
    world.declines = "Your card was declined."
    shop.hear(PLACED)
    world.meanwhile = lambda: deliver(shop, "declined")
    shop.do_capture()

    assert shop.state() == "declined"
    assert shop.facts() == ["payment_declined"]


def test_webhooks_out_of_order_change_nothing(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    early = post(shop, told("refunded")).status_code
    shop.do_capture()
    wrong = [post(shop, told(what)).status_code for what in ("refunded", "declined")]
    assert shop.state() == "captured"
    shop.hear(CANCELLED)
    shop.do_refund()
    late = [post(shop, told(what)).status_code for what in ("captured", "declined")]

    assert [early, *wrong, *late] == [200] * 5
    assert shop.state() == "refunded"
    assert shop.facts() == ["payment_captured", "payment_refunded"]
    assert refunded_once(world)


def test_a_refund_told_by_a_webhook_is_the_same_one_refund(shop: Payments, world: World) -> None:
    shop.hear(PLACED)
    shop.do_capture()
    shop.hear(CANCELLED)
    world.meanwhile = lambda: deliver(shop, "refunded")
    shop.do_refund()
    post(shop, told("refunded"))

    assert refunded_once(world)
    assert shop.facts() == ["payment_captured", "payment_refunded"]


def test_a_capture_that_a_webhook_tells_of_after_the_cancellation_is_refunded(
    shop: Payments, world: World
) -> None:
    asked_in_vain(shop, world)
    shop.hear(CANCELLED)

    post(shop, told("captured"))
    assert shop.state() == "refunding"
    shop.do_capture()
    shop.do_refund()

    assert refunded_once(world)
    assert shop.facts() == ["payment_refunded"]


@pytest.mark.parametrize(
    "body",
    [
        told("customer.subscription.updated"),
        told("captured", metadata={}),
        told("captured", metadata={"order_id": "of another shop"}),
        told("captured", metadata={"order_id": "ord_" + "9" * 26}),
        told("captured", amount=1),
        told("captured", currency="usd"),
        told("refunded", status="pending"),
        b"{}",
        b"[1]",
        b"not json",
        b'{"type": "payment_intent.succeeded", "data": {"object": ' + b"[" * 5000,
    ],
)
def test_what_is_genuine_and_none_of_our_business_is_taken_and_ignored(
    shop: Payments, world: World, body: bytes
) -> None:
    asked_in_vain(shop, world)

    assert post(shop, body).status_code == 200

    assert shop.state() == "requested"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "v1=abc",
        "t=1,t=2,v1=abc",
        f"t={'9' * 5000},v1=abc",
        "t=٣,v1=abc",
        signed(told("captured"), "whsec_guessed_00000"),
        signed(told("captured"), ago_s=301),
        signed(told("captured"), ago_s=-3600),
        signed(told("captured", amount=1)),
        signed(told("captured")).replace("v1=", "v0="),
        signed(told("captured")) + "0",
        signed(told("captured"))[:-1] + "é",
    ],
    ids=[f"forgery {n}" for n in range(13)],  # the headers hold the time; names must not
)
def test_a_forgery_is_refused_and_changes_nothing(
    shop: Payments, world: World, header: str
) -> None:
    asked_in_vain(shop, world)

    answer = shop.app.test_client().post(
        "/webhooks/provider",
        data=told("captured"),
        environ_overrides={"HTTP_STRIPE_SIGNATURE": header.encode().decode("latin-1")},
    )

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert shop.state() == "requested"


def test_the_old_secret_is_good_while_both_are_live() -> None:
    body, now = told("captured"), time.time()
    both = f"{signed(body, 'whsec_of_next_year_0')},{signed(body, OLD).partition(',')[2]}"

    assert is_genuine(body, signed(body, OLD), SECRETS, now=now)
    assert is_genuine(body, both, SECRETS, now=now)
    assert not is_genuine(body, signed(body, OLD), (NEW,), now=now)


def test_a_webhook_that_is_too_large_is_not_read(shop: Payments) -> None:
    body = b" " * (BODY_LIMIT + 1)

    refused = post(shop, body)

    assert refused.status_code == 413
    assert refused.json is not None
    assert refused.json["limit_bytes"] == BODY_LIMIT


def test_a_webhook_in_chunks_that_is_too_large_is_no_forgery(shop: Payments) -> None:
    body = BytesIO(b" " * (BODY_LIMIT + 1))
    in_chunks = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    refused = shop.app.test_client().post(
        "/webhooks/provider", input_stream=body, environ_overrides=in_chunks
    )

    assert refused.status_code == 413


def test_without_its_database_a_webhook_is_to_come_again(shop: Payments) -> None:
    shop.hear(PLACED)
    with shop.deps.messages.database.transaction() as session:
        session.connection().exec_driver_sql("SELECT * FROM payment FOR UPDATE")
        # Another connection asks meanwhile: the row stays locked for longer than it waits.
        answers: list[int] = []
        asking = Thread(target=lambda: answers.append(post(shop, told("captured")).status_code))
        asking.start()
        asking.join(10)

    assert answers == [503]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_webhooks_are_only_posted(shop: Payments, method: str) -> None:
    assert shop.app.test_client().open("/webhooks/provider", method=method).status_code == 405
