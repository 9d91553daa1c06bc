"""The adapter of the simulator: what it asks, and how each answer ends. e2e has the real one."""

from __future__ import annotations

import json

import pytest

from libs.client import Outbound
from libs.operations.errors import Unavailable
from libs.servers import free_port
from services.payments.providers import Captured, Charge, Declined, ProviderRefused, Refunded
from services.payments.providers.simulator import SimulatorProvider
from services.payments.tests.conftest import ORDER, PRICE
from services.payments.tests.servers import HttpProvider

CHARGE = Charge(ORDER, PRICE, "pm_card_visa")


def provider_at(url: str, deadline_s: float = 10) -> SimulatorProvider:
    return SimulatorProvider(Outbound("payments", "simulator", url, deadline_s=deadline_s), "sk_1")


def test_a_capture_and_its_refund_are_asked_for_under_their_keys() -> None:
    with HttpProvider(200, {"status": "captured", "reference": "pi_1"}).running() as server:
        captured = provider_at(server.url).capture(CHARGE, key="capture:1")
        assert captured == Captured("pi_1")
        server.answer = {"status": "refunded", "reference": "re_1"}
        refunded = provider_at(server.url).refund(CHARGE, captured, key="refund:1")

    assert refunded == Refunded("re_1")
    wish = {"order_id": ORDER, "cents": 1250, "currency": "EUR"}
    told = [(path, json.loads(body)) for path, _, body in server.asked]
    assert told == [
        ("/v1/captures", wish | {"payment_method": "pm_card_visa"}),
        ("/v1/refunds", wish | {"capture": "pi_1"}),
    ]
    assert [headers["Idempotency-Key"] for _, headers, _ in server.asked] == [
        "capture:1",
        "refund:1",
    ]
    assert {headers["Authorization"] for _, headers, _ in server.asked} == {"Bearer sk_1"}


def test_a_declined_card_is_declined_with_its_reason() -> None:
    with HttpProvider(402, {"status": "declined", "reason": "No."}).running() as server:
        assert provider_at(server.url).capture(CHARGE, key="k") == Declined("No.")


@pytest.mark.parametrize(
    ("status", "answer", "ends_as"),
    [
        (500, None, Unavailable),
        (503, {}, Unavailable),
        (429, {}, Unavailable),
        (200, "no object", Unavailable),
        (200, {}, ProviderRefused),
        (401, {}, ProviderRefused),
        (422, {"reason": "another wish"}, ProviderRefused),
    ],
)
def test_what_may_work_later_waits_and_what_never_will_is_refused(
    status: int, answer: object, ends_as: type[Exception]
) -> None:
    with HttpProvider(status, answer).running() as server:
        with pytest.raises(ends_as):
            provider_at(server.url).capture(CHARGE, key="k")
        with pytest.raises(ends_as):
            provider_at(server.url).refund(CHARGE, Captured("pi_1"), key="k")


def test_a_simulator_that_is_slow_or_dead_is_unavailable() -> None:
    with HttpProvider(200, {}, delay_s=2).running() as server:
        with pytest.raises(Unavailable):
            provider_at(server.url, deadline_s=0.2).capture(CHARGE, key="k")
    with pytest.raises(Unavailable):
        provider_at(f"http://127.0.0.1:{free_port()}").capture(CHARGE, key="k")
