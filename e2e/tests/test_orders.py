"""What happens to an order, told from outside."""

from __future__ import annotations

import pytest

from e2e.customer import Customer, stock, units
from e2e.program import wait_for
from e2e.shop import Shop

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)


def test_an_order_that_is_paid_is_confirmed_sold_and_mailed(shop: Shop, admin: Customer) -> None:
    ada, sku = Customer(shop), stock(shop, admin, 5)

    order_id = ada.order(sku, 2)

    ended = ada.wait_for_end(order_id)
    assert (ended["status"], ended["total"]) == ("confirmed", {"cents": 2500, "currency": "EUR"})
    assert shop.ground.ledger(order_id) == ["capture"]
    wait_for(lambda: units(shop, sku) == (3, 0, 2), 20, "two units are sold")
    assert set(ada.wait_for_mails(2)) == {"Welcome, Ada", f"Your order is confirmed: {order_id}"}


def test_a_declined_card_cancels_the_order_says_why_and_gives_the_stock_back(
    shop: Shop, admin: Customer
) -> None:
    ada, sku = Customer(shop), stock(shop, admin, 5)

    order_id = ada.order(sku, 2, card="pm_card_chargeDeclined")

    ended = ada.wait_for_end(order_id)
    assert (ended["status"], ended["reason"]) == ("cancelled", "payment_declined")
    assert ended["detail"] == "Your card was declined."
    assert shop.ground.ledger(order_id) == ["decline"]
    wait_for(lambda: units(shop, sku) == (5, 0, 0), 20, "the stock is back")
    assert set(ada.wait_for_mails(2)) == {"Welcome, Ada", f"Your order is cancelled: {order_id}"}
