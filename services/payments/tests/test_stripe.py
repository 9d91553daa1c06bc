"""The adapter of Stripe's API, through the official SDK, against the localstripe emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, urlencode

import pytest

from contracts.shared.ids import OrderId
from contracts.shared.money import Money
from libs.client import Outbound
from libs.operations.errors import Unavailable
from libs.servers import free_port
from services.payments.providers import Captured, Charge, Declined, ProviderRefused, Refunded
from services.payments.providers.stripe_api import StripeProvider
from services.payments.tests import emulator as emulator_program
from services.payments.tests.conftest import ORDER, PRICE
from services.payments.tests.servers import HttpProvider
from services.payments.webhooks import Notice, is_genuine, read

API_KEY = "sk_test_00000000"


def a_charge(payment_method: str = "pm_card_visa", order_id: OrderId = ORDER) -> Charge:
    return Charge(order_id, PRICE, payment_method)


@dataclass
class Emulator:
    """localstripe as a process of its own."""

    url: str

    def ask(self, path: str, form: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            data=urlencode(form).encode() if form else None,
            headers={"Authorization": f"Bearer {API_KEY}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def card(self, number: str) -> str:
        """The payment method of a card with this number."""
        card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        form = {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
        return str(self.ask("/v1/payment_methods", form)["id"])


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    port = free_port()
    path = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", emulator_program.__name__, str(port)],
        env={**os.environ, "PYTHONPATH": path},
    )
    emulator = Emulator(f"http://127.0.0.1:{port}")
    try:
        for _ in range(200):
            assert process.poll() is None
            try:
                emulator.ask("/v1/payment_intents")
                break
            except URLError:
                time.sleep(0.1)
        yield emulator
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def stripe(emulator: Emulator) -> StripeProvider:
    return provider_at(emulator.url)


def provider_at(url: str, deadline_s: float = 10) -> StripeProvider:
    api = Outbound("payments", "stripe", url, deadline_s=deadline_s)
    return StripeProvider(api, API_KEY, url)


def test_a_good_card_is_captured_with_the_order_in_its_metadata(
    stripe: StripeProvider, emulator: Emulator
) -> None:
    captured = stripe.capture(a_charge(), key="good card")

    assert isinstance(captured, Captured)
    intent = emulator.ask(f"/v1/payment_intents/{captured.reference}")
    assert (intent["amount"], intent["currency"]) == (1250, "eur")
    assert intent["status"] == "succeeded"
    assert intent["metadata"] == {"order_id": ORDER}


def test_the_same_key_is_the_same_capture(stripe: StripeProvider) -> None:
    first = stripe.capture(a_charge(), key="same")
    again = stripe.capture(a_charge(), key="same")
    other = stripe.capture(a_charge(), key="other")

    assert first == again != other


def test_a_declined_card_stays_declined_with_the_banks_words(stripe: StripeProvider) -> None:
    charge = a_charge("pm_card_chargeCustomerFail")

    assert stripe.capture(charge, key="declined") == Declined("Your card was declined.")
    assert stripe.capture(charge, key="declined") == Declined("Your card was declined.")


def test_a_bank_that_wants_to_see_the_customer_counts_as_declined_and_nothing_stays_open(
    stripe: StripeProvider, emulator: Emulator
) -> None:
    card = emulator.card("4000002760003184")

    declined = stripe.capture(a_charge(card), key="3ds")

    assert isinstance(declined, Declined)
    assert "Nothing was charged" in declined.reason
    assert stripe.capture(a_charge(card), key="3ds") == declined
    intents = emulator.ask("/v1/payment_intents?limit=100")["data"]
    assert [i["status"] for i in intents if i["payment_method"] == card] == ["canceled"]


def test_a_capture_is_given_back_once(stripe: StripeProvider, emulator: Emulator) -> None:
    captured = stripe.capture(a_charge(), key="to refund")
    assert isinstance(captured, Captured)

    first = stripe.refund(a_charge(), captured, key="refund")
    again = stripe.refund(a_charge(), captured, key="refund")

    assert isinstance(first, Refunded)
    assert first == again
    refunds = emulator.ask(f"/v1/refunds?payment_intent={captured.reference}")["data"]
    assert [(refund["amount"], refund["status"]) for refund in refunds] == [(1250, "succeeded")]


def test_a_refund_of_what_was_never_captured_is_refused(stripe: StripeProvider) -> None:
    with pytest.raises(ProviderRefused):
        stripe.refund(a_charge(), Captured("pi_unknown"), key="no such capture")


def test_what_stripe_tells_unasked_is_genuine_and_understood(
    stripe: StripeProvider, emulator: Emulator
) -> None:
    with HttpProvider().running() as hearer:
        secret = "whsec_of_this_test_00"
        emulator.ask("/_config/webhooks/ours", {"url": hearer.url, "secret": secret})
        captured = stripe.capture(a_charge(), key="told")
        assert isinstance(captured, Captured)
        ours: list[tuple[dict[str, str], bytes]] = []
        until = time.monotonic() + 10
        while not ours and time.monotonic() < until:
            time.sleep(0.05)
            # The tests before have told it things as well, and it takes a second to say so.
            ours = [(h, body) for _, h, body in hearer.asked if captured.reference in str(body)]

    ((headers, body),) = ours
    assert is_genuine(body, headers["Stripe-Signature"], (secret,), now=time.time())
    assert read(body) == Notice("captured", ORDER, 1250, "EUR", captured.reference)


def error(kind: str, code: str = "", **more: str) -> dict[str, object]:
    return {"error": {"type": kind, "code": code, "message": "Stripe's words", **more}}


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, error("api_error")),
        (503, None),
        (429, error("invalid_request_error", "rate_limit")),
        (409, error("idempotency_error", "idempotency_key_in_use")),
        (200, b"<html>a gateway</html>"),
        (502, b"<html>a gateway</html>"),
    ],
)
def test_what_may_work_later_is_asked_once_and_waits(status: int, answer: object) -> None:
    with HttpProvider(status, answer).running() as server:
        with pytest.raises(Unavailable):
            provider_at(server.url).capture(a_charge(), key="k")

    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, error("invalid_request_error")),
        (403, error("invalid_request_error")),
        (400, error("idempotency_error")),
        (400, error("invalid_request_error", "parameter_unknown", param="confirm")),
        (200, {"id": "pi_1", "object": "payment_intent", "status": "of_next_year"}),
    ],
)
def test_what_will_never_work_is_for_a_person_to_look_at(status: int, answer: object) -> None:
    with HttpProvider(status, answer).running() as server:
        with pytest.raises(ProviderRefused):
            provider_at(server.url).capture(a_charge(), key="k")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (402, error("card_error", "card_declined")),
        (404, error("invalid_request_error", "resource_missing", param="payment_method")),
        (400, error("invalid_request_error", "amount_too_small", param="amount")),
    ],
)
def test_what_the_customer_can_mend_is_declined(status: int, answer: object) -> None:
    with HttpProvider(status, answer).running() as server:
        declined = provider_at(server.url).capture(a_charge(), key="k")

    assert declined == Declined("Stripe's words")


def test_stripe_is_asked_with_our_key_and_the_orders() -> None:
    answer = {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}
    with HttpProvider(200, answer).running() as server:
        yen = Charge(ORDER, Money(cents=700, currency="JPY"), "pm_card_visa")
        provider_at(server.url).capture(yen, key="capture:1")

    ((path, headers, body),) = server.asked
    assert path == "/v1/payment_intents"
    assert headers["Idempotency-Key"] == "capture:1"
    assert headers["Authorization"] == f"Bearer {API_KEY}"
    assert parse_qs(body.decode()) == {
        "amount": ["700"],
        "currency": ["jpy"],
        "payment_method": ["pm_card_visa"],
        "allowed_payment_method_types[0]": ["card"],
        "confirm": ["true"],
        "metadata[order_id]": [ORDER],
    }


def test_what_a_person_has_refunded_counts_as_refunded() -> None:
    answer = error("invalid_request_error", "charge_already_refunded")
    with HttpProvider(400, answer).running() as server:
        refunded = provider_at(server.url).refund(a_charge(), Captured("pi_1"), key="k")

    assert refunded == Refunded("pi_1")


@pytest.mark.parametrize("status", ["processing", "pending"])
def test_what_is_still_under_way_waits(status: str) -> None:
    kind = "refund" if status == "pending" else "payment_intent"
    with HttpProvider(200, {"id": "x_1", "object": kind, "status": status}).running() as server:
        stripe = provider_at(server.url)
        with pytest.raises(Unavailable):
            if status == "pending":
                stripe.refund(a_charge(), Captured("pi_1"), key="k")
            else:
                stripe.capture(a_charge(), key="k")

    assert [path.rpartition("/")[2] for path, _, _ in server.asked][-1] == "x_1"


def test_a_slow_stripe_is_given_up_in_time() -> None:
    with HttpProvider(200, {}, delay_s=3).running() as server:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            provider_at(server.url, deadline_s=0.3).capture(a_charge(), key="k")

    assert time.monotonic() - began < 4


def test_a_dead_stripe_is_not_asked_any_more_after_a_few_times() -> None:
    stripe = provider_at(f"http://127.0.0.1:{free_port()}")

    whys = []
    for _ in range(7):
        with pytest.raises(Unavailable) as raised:
            stripe.capture(a_charge(), key="k")
        whys.append(str(raised.value))

    assert "breaker" in whys[-1]
    assert "breaker" not in whys[0]


def test_a_web_process_does_without_the_sdk() -> None:
    code = "import services.payments.app, sys; print('stripe' in sys.modules)"
    path = os.pathsep.join(filter(None, sys.path))

    said = subprocess.check_output(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, text=True
    )

    assert said.strip() == "False"
