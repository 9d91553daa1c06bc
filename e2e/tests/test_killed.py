"""Services die in the middle of an order; it ends as it should, and nobody else notices."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from http.client import HTTPException

import pytest

from e2e.customer import Answer, Customer, stock, units
from e2e.program import wait_for
from e2e.shop import Shop
from e2e.together import ShopTogether

# The shop takes its time to open, and recovering takes its time.
pytestmark = pytest.mark.timeout(180)

RECOVERY_S = 60.0
REPEATS = 50


@pytest.fixture
def apart(shop: Shop) -> Shop:
    """A shop in which one service can die and the others live."""
    if isinstance(shop, ShopTogether):
        pytest.skip("in one process no service dies alone")
    return shop


def test_payments_killed_while_it_captures(apart: Shop, admin: Customer) -> None:
    ada, sku = Customer(apart), stock(apart, admin, 5)
    # The provider grants the capture at once, and answers when nobody listens any more.
    apart.ground.misbehave(fail_next=1, delay_s=4.0, webhooks=False)
    order_id = ada.order(sku)
    wait_for(lambda: apart.ground.ledger(order_id) == ["capture"], 20, "the provider was asked")

    apart.kill("payments")
    apart.ground.misbehave()
    assert ada.look(order_id)["status"] == "pending"
    apart.revive("payments")

    assert ada.wait_for_end(order_id, RECOVERY_S)["status"] == "confirmed"
    wait_for(lambda: units(apart, sku) == (4, 0, 1), 20, "one unit is sold")
    assert apart.ground.ledger(order_id) == ["capture"]


def test_catalog_killed_while_it_holds_the_stock(apart: Shop, admin: Customer) -> None:
    ada, bob, sku = Customer(apart), Customer(apart), stock(apart, admin, 5)
    apart.kill("payments")
    bought, declined = ada.order(sku, 2), bob.order(sku, 1, card="pm_card_chargeDeclined")

    apart.kill("catalog")
    apart.revive("payments")
    assert ada.wait_for_end(bought, RECOVERY_S)["status"] == "confirmed"
    assert bob.wait_for_end(declined, RECOVERY_S)["status"] == "cancelled"
    assert units(apart, sku) == (2, 3, 0)
    apart.revive("catalog")

    wait_for(lambda: units(apart, sku) == (3, 0, 2), RECOVERY_S, "two are sold, one is back")


def test_notifications_killed_before_it_mails(apart: Shop, admin: Customer) -> None:
    ada, sku = Customer(apart), stock(apart, admin, 5)
    ada.wait_for_mails(1)

    apart.kill("notifications")
    order_id = ada.order(sku)
    ada.wait_for_end(order_id)
    apart.revive("notifications")

    mails = ada.wait_for_mails(2, RECOVERY_S)
    assert sorted(mails) == ["Welcome, Ada", f"Your order is confirmed: {order_id}"]


def test_without_catalog_only_what_needs_it_is_refused_and_at_once(
    apart: Shop, admin: Customer
) -> None:
    ada, sku = Customer(apart), stock(apart, admin, 50)
    order_id = ada.order(sku)
    ada.wait_for_end(order_id)

    apart.kill("catalog")
    # Five in a row open the breaker.
    refused = [ada.place(sku) for _ in range(25)]
    others = [
        ada.ask("GET", service, path).status
        for service, path in (
            ("orders", "/api/v1/orders"),
            ("orders", f"/api/v1/orders/{order_id}"),
            ("users", "/api/v1/users/me"),
            ("users", "/api/v1/users/me/overview"),
            ("payments", "/readyz"),
            ("notifications", "/readyz"),
        )
    ]
    apart.revive("catalog")

    assert {answer.status for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert statistics.median(answer.seconds for answer in refused[5:]) < 0.1
    assert set(others) == {200}
    wait_for(lambda: ada.place(sku).status == 201, 15, "orders are taken again")


def test_a_catalog_that_hangs_is_not_waited_for_once_the_breaker_is_open(
    apart: Shop, admin: Customer
) -> None:
    ada, sku = Customer(apart), stock(apart, admin, 50)

    for program in apart.programs_of("catalog"):
        program.signal(signal.SIGSTOP)
    try:
        first = [threading.Thread(target=ada.place, args=(sku,)) for _ in range(5)]
        for thread in first:
            thread.start()
        for thread in first:
            thread.join()
        refused = [ada.place(sku) for _ in range(10)]
    finally:
        for program in apart.programs_of("catalog"):
            program.signal(signal.SIGCONT)

    assert {answer.status for answer in refused} == {503}
    # One of them in two seconds is the probe that finds out whether it is back.
    assert statistics.median(answer.seconds for answer in refused) < 0.1
    wait_for(lambda: ada.place(sku).status == 201, 15, "orders are taken again")


def test_the_overview_does_without_orders(apart: Shop) -> None:
    ada = Customer(apart)

    apart.kill("orders")
    seen = ada.ask("GET", "users", "/api/v1/users/me/overview")
    apart.revive("orders")

    assert (seen.status, seen.seconds < 2) == (200, True)
    assert seen.json()["account"]["user_id"] == ada.user_id
    assert (seen.json()["orders"], seen.json()["missing"]) == (None, ["orders"])


def test_everything_killed_after_the_customer_has_paid(shop: Shop, admin: Customer) -> None:
    ada, sku = Customer(shop), stock(shop, admin, 5)
    shop.ground.misbehave(fail_next=1, delay_s=4.0, webhooks=False)
    order_id = ada.order(sku)
    wait_for(lambda: shop.ground.ledger(order_id) == ["capture"], 20, "the provider was asked")

    for program in shop.programs.values():
        program.kill()
    shop.mend()

    assert ada.wait_for_end(order_id, RECOVERY_S)["status"] == "confirmed"
    wait_for(lambda: units(shop, sku) == (4, 0, 1), 20, "one unit is sold")
    mails = ada.wait_for_mails(2, RECOVERY_S)
    assert sorted(mails) == ["Welcome, Ada", f"Your order is confirmed: {order_id}"]
    assert shop.ground.ledger(order_id) == ["capture"]


def test_fifty_repeats_of_an_order_are_one_order_though_orders_dies_in_between(
    shop: Shop, admin: Customer
) -> None:
    ada, sku = Customer(shop), stock(shop, admin, 50)
    answers: list[Answer] = []

    def insist() -> None:
        answers.append(_until_answered(ada, sku, "the one key"))

    repeats = [threading.Thread(target=insist) for _ in range(REPEATS)]
    for n, repeat in enumerate(repeats):
        repeat.start()
        if n == REPEATS // 2:
            shop.programs_of("orders")[0].kill_and_start()  # the web, or all
    for repeat in repeats:
        repeat.join()

    assert len(answers) == REPEATS
    (body,) = {answer.body for answer in answers}
    (order_id,) = {answer.json()["order_id"] for answer in answers}
    assert ada.wait_for_end(order_id)["status"] == "confirmed"
    mine = "SELECT order_id FROM customer_order WHERE user_id = %(user_id)s"
    assert shop.rows("orders", mine, user_id=ada.user_id) == [(order_id,)]
    wait_for(lambda: units(shop, sku) == (49, 0, 1), 20, "one unit is sold")
    assert shop.ground.ledger(order_id) == ["capture"]
    assert order_id.encode() in body


def _until_answered(ada: Customer, sku: str, key: str) -> Answer:
    """As a client does that does not give up: what was cut off, is under way (409) or cannot be
    done now (503) is sent again."""
    for _ in range(300):
        try:
            answer = ada.place(sku, key=key)
        except (OSError, HTTPException):
            answer = None
        if answer is not None and answer.status not in (409, 503):
            assert answer.status == 201, answer
            return answer
        time.sleep(0.1)
    raise AssertionError("no answer after 300 repeats")
