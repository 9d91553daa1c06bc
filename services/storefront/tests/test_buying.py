"""From the shelf to an order, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from contracts.orders import v1 as orders
from libs.operations.errors import Unavailable
from services.storefront.tests.conftest import (
    ADA,
    CALENDAR,
    EMAIL,
    MUG,
    PASSWORD,
    PEN,
    Browser,
    Neighbours,
    World,
    ends,
    placed,
)


def test_what_is_on_the_shelves_is_shown_with_price_and_stock(browser: Browser) -> None:
    browser.get("/")

    assert "Mug Blue €14.50 In stock" in browser.text
    assert "Pen Brass €69.00 Only 3 left" in browser.text
    assert "Calendar Wall €19.90 Sold out" in browser.text


def test_four_clicks_lead_from_the_log_in_to_an_order(browser: Browser, world: World) -> None:
    browser.log_in()

    browser.get("/")  # where the log-in led
    browser.post("/cart/lines", {"sku": MUG})  # 1: add to cart
    browser.get("/checkout")  # 2: check out, from the cart
    browser.press_pay()  # 3: pay

    (order,) = world.orders.values()
    assert browser.path == f"/orders/{order.order_id}"
    assert "We have your order." in browser.text


def test_a_visitors_cart_comes_along_at_the_log_in(browser: Browser) -> None:
    browser.add(MUG, 2)

    browser.log_in()
    browser.get("/cart")

    assert browser.path == "/cart"
    assert "Total €29.00" in browser.text


def test_a_cart_waits_for_its_user_and_takes_in_what_was_added_meanwhile(browser: Browser) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/account")
    browser.post("/logout")
    browser.get("/cart")
    assert "It is empty" in browser.text
    browser.add(MUG)
    browser.add(PEN)

    browser.log_in()
    browser.get("/cart")

    assert "Total €98.00" in browser.text


def test_quantities_change_and_none_takes_a_line_out(browser: Browser) -> None:
    browser.add(MUG)
    browser.add(PEN)

    browser.post(f"/cart/lines/{MUG}", {"units": "3"})
    browser.post(f"/cart/lines/{PEN}", {"units": "7", "remove": "1"})

    assert "Total €43.50" in browser.text
    assert "Pen Brass" not in browser.text


@pytest.mark.parametrize("units", ["-4", "lots", "", "1000000000000000000000"])
def test_no_number_of_units_breaks_the_cart(browser: Browser, units: str) -> None:
    browser.add(MUG)

    page = browser.post(f"/cart/lines/{MUG}", {"units": units})

    assert page.status_code == 200


def test_checking_out_asks_for_the_log_in_and_goes_on_afterwards(browser: Browser) -> None:
    browser.add(MUG)

    browser.get("/checkout")
    assert browser.path == "/login"
    browser.post("/login", {"email": EMAIL, "password": PASSWORD, "next": browser.field("next")})

    assert browser.path == "/checkout"
    assert "Pay €14.50" in browser.text


def test_pressing_twice_on_one_page_makes_one_order(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/checkout")
    said = {"key": browser.field("key"), "total": browser.field("total"), "card": "pm_card_visa"}
    token = browser.token()

    first = browser.post("/checkout", said)
    second = browser.client.post("/checkout", data=said | {"form_token": token})

    assert len(world.orders) == 1
    assert second.headers["Location"] == first.request.path


def test_two_clicks_at_once_make_one_order_and_both_lead_to_it(
    app: Flask, browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/checkout")
    said = {
        "key": browser.field("key"),
        "total": browser.field("total"),
        "card": "pm_card_visa",
        "form_token": browser.token(),
    }
    cookie = browser.client.get_cookie("session")
    assert cookie is not None

    def press(_: int) -> str:
        client = app.test_client()
        client.set_cookie("session", cookie.value)
        return client.post("/checkout", data=said).headers["Location"]

    with ThreadPoolExecutor(6) as clicks:
        where = set(clicks.map(press, range(6)))

    (order,) = world.orders
    assert where == {f"/orders/{order}"}


def test_two_tabs_with_one_cart_make_one_order(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/checkout")
    one = browser.field("key")

    browser.get("/checkout")
    other = browser.field("key")

    assert one == other
    browser.press_pay()
    browser.client.post("/checkout", data={"key": one, "form_token": browser.token()})
    assert len(world.orders) == 1


def test_a_cart_that_changed_in_another_tab_is_shown_before_it_is_ordered(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/checkout")
    old = browser.field("key")
    browser.add(PEN)
    browser.get("/checkout")

    page = browser.press_pay(key=old)

    assert page.status_code == 409
    assert "Your cart has changed since you looked at it" in browser.text
    assert world.orders == {}


def test_a_price_that_changed_is_shown_before_it_is_paid(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.get("/checkout")
    dearer = world.products[MUG].price.model_copy(update={"cents": 1500})
    world.products[MUG] = world.products[MUG].model_copy(update={"price": dearer})

    page = browser.press_pay()

    assert page.status_code == 409
    assert "A price has changed since you looked" in browser.text
    assert world.orders == {}


def test_going_back_to_the_check_out_after_the_order_finds_an_empty_cart(browser: Browser) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()

    browser.get("/checkout")

    assert browser.path == "/cart"
    assert "It is empty" in browser.text


def test_only_the_cards_of_the_page_are_taken(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(MUG)

    page = browser.pay("pm_card_of_somebody_else")

    assert page.status_code == 422
    assert world.keys == []


def test_a_declined_card_is_said_clearly_and_the_goods_can_be_ordered_again(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG, 2)
    browser.pay("pm_card_chargeDeclined")
    (order,) = world.orders.values()
    declined = orders.Reason.PAYMENT_DECLINED
    ends(world, order, orders.Status.CANCELLED, reason=declined, detail="Your card was declined.")

    browser.get(f"/orders/{order.order_id}")
    assert "Your card was declined. Nothing was charged" in browser.text
    browser.post(f"/orders/{order.order_id}/again")
    browser.pay()

    assert len(world.orders) == 2
    assert len(set(world.keys)) == 2


def test_a_line_that_is_short_is_said_in_the_cart_and_the_next_try_is_a_new_one(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG, 4)
    world.place = lambda _: orders.LineUnavailable(sku=MUG, units_left=3)
    browser.pay()
    assert "there are only 3 left" in browser.text

    world.place = None
    browser.pay()

    assert len(world.orders) == 1
    assert len(set(world.keys)) == 2


def test_what_is_known_to_be_short_is_not_even_sent(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(PEN, 4)

    browser.pay()

    assert browser.path == "/cart"
    assert "There are fewer than you want. Take 3." in browser.text
    assert world.keys == []


def test_an_order_whose_end_nobody_heard_is_sent_again_under_the_same_key(
    browser: Browser, world: World
) -> None:
    def lost(request: orders.PlaceOrder) -> orders.Order:
        placed(world, ADA, request)
        raise Unavailable("catalog", "the answer was lost")

    browser.log_in()
    browser.add(MUG)
    world.place = lost
    page = browser.pay()
    assert page.status_code == 503
    assert "however often you press, you order once and pay once" in browser.text

    world.place = None
    browser.press_pay()

    assert len(world.keys) == 2
    assert len(set(world.keys)) == 1


def test_the_state_of_an_order_is_told_when_it_changes_and_only_then(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()
    state = f"/orders/{order.order_id}/state?seen=pending"

    same = browser.get(state)
    ends(world, order, orders.Status.CONFIRMED)
    changed = browser.get(state)

    assert (same.status_code, same.data) == (204, b"")
    assert "Your order is confirmed" in changed.text
    assert "data-hx-trigger" not in changed.text


def test_without_javascript_the_page_of_a_pending_order_loads_itself_again(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()
    again = '<noscript><meta http-equiv="refresh"'

    pending = browser.get(f"/orders/{order.order_id}").text
    ends(world, order, orders.Status.CONFIRMED)
    final = browser.get(f"/orders/{order.order_id}").text

    assert again in pending
    assert again not in final


def test_an_order_is_cancelled_while_it_is_pending_and_not_later(
    browser: Browser, world: World
) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()

    browser.post(f"/orders/{order.order_id}/cancel")
    assert "You cancelled it." in browser.text
    ends(world, order, orders.Status.CONFIRMED)
    browser.get(f"/orders/{order.order_id}")
    browser.get("/account")
    browser.post(f"/orders/{order.order_id}/cancel")

    assert "It is too late to cancel" in browser.text


def test_past_orders_stand_in_the_account(browser: Browser) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()

    browser.get("/account")

    assert "Ada ada@example.com" in browser.text
    assert "Mug Blue just now Waiting for payment €14.50" in browser.text


def test_a_strangers_order_is_not_here(browser: Browser, world: World) -> None:
    browser.log_in()
    browser.add(MUG)
    browser.pay()
    (order,) = world.orders.values()
    theirs = order.model_copy(update={"user_id": "usr_" + "b" * 26})
    world.orders[order.order_id] = theirs

    assert browser.get(f"/orders/{order.order_id}").status_code == 404
    assert browser.get("/orders/not-a-number").status_code == 404


def test_a_sold_out_product_has_no_button(browser: Browser) -> None:
    page = browser.get(f"/products/{CALENDAR}")

    assert "/cart/lines" not in page.text


def test_registering_logs_in_and_keeps_the_cart(browser: Browser, neighbours: Neighbours) -> None:
    browser.add(MUG)
    browser.get("/register?next=/checkout")

    said = {"name": "Bob", "email": "bob@example.com", "password": PASSWORD, "next": "/checkout"}
    browser.post("/register", said)

    assert browser.path == "/checkout"
    assert "Pay €14.50" in browser.text


def test_what_is_wrong_with_a_form_stands_beside_the_field(browser: Browser) -> None:
    browser.get("/register")

    page = browser.post("/register", {"name": " ", "email": "no address", "password": "short"})

    assert page.status_code == 422
    for name in ("name", "email", "password"):
        assert f'id="{name}-wrong"' in page.text
        assert 'aria-invalid="true" aria-describedby="' in page.text
    assert "short" not in page.text.replace("A short sentence", "")


def test_an_address_that_is_taken_is_said_beside_it(browser: Browser) -> None:
    browser.get("/register")

    page = browser.post("/register", {"name": "Ada", "email": EMAIL, "password": PASSWORD})

    assert page.status_code == 409
    assert "There is an account with this address" in browser.text
