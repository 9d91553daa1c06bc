"""Each page with each neighbour down: what README.md promises. Nothing is a bare 500."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from contracts.orders import v1 as orders
from libs.client import Peers
from libs.keyvalue import KeyValue
from services.storefront.app import create_app
from services.storefront.deps import deps_of
from services.storefront.tests.conftest import (
    EMAIL,
    MUG,
    PASSWORD,
    PEN,
    VALKEY_AWAY,
    Browser,
    Neighbours,
    World,
    ages,
    ends,
)

README = Path(__file__).parents[1] / "README.md"
SERVICES = ("catalog", "orders", "payments", "users")


@pytest.fixture
def customer(browser: Browser, world: World) -> Browser:
    """Logged in, with an order that is pending, and a mug in the cart."""
    browser.log_in()
    browser.add(MUG)
    browser.pay()
    browser.add(MUG)
    browser.get("/?category=stationery")
    return browser


def only_order(world: World) -> orders.Order:
    (order,) = world.orders.values()
    return order


@pytest.mark.parametrize("dead", SERVICES)
@pytest.mark.parametrize(
    "path",
    ["/", "/?category=stationery", f"/products/{MUG}", "/cart", "/checkout", "/account", "/login"],
)
def test_whatever_dies_no_page_is_a_bare_error(
    customer: Browser, neighbours: Neighbours, path: str, dead: str
) -> None:
    neighbours.kill(dead)

    page = customer.get(path)

    assert page.status_code == 200
    assert "Concord" in page.text and "</html>" in page.text


@pytest.mark.parametrize("path", ["/", f"/products/{MUG}", "/cart", "/checkout", "/account"])
@pytest.mark.parametrize("dead", SERVICES)
def test_a_neighbour_that_answers_rubbish_is_as_one_that_is_dead(
    customer: Browser, neighbours: Neighbours, path: str, dead: str
) -> None:
    neighbours.answer(dead, 200, b"<html>rubbish</html>")

    page = customer.get(path)

    assert page.status_code in (200, 503)
    assert "</html>" in page.text


# catalog


def test_with_the_catalog_dead_the_shelves_show_what_they_showed_last(
    customer: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("catalog")

    customer.get("/?category=stationery")
    assert "Our catalogue is resting" in customer.text
    assert "Pen Brass €69.00" in customer.text
    customer.get(f"/products/{PEN}")
    assert "This is what it said last" in customer.text
    assert "€69.00" in customer.text


def test_a_search_that_nobody_made_before_shows_the_shelves_instead(
    customer: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("catalog")

    customer.get("/?q=harbour")

    assert "so we cannot look for that right now" in customer.text
    assert "Mug Blue" in customer.text


def test_another_process_shows_what_this_one_saw(
    customer: Browser, neighbours: Neighbours, peers: Peers, cache: KeyValue
) -> None:
    neighbours.kill("catalog")
    other = Browser(create_app(deps_of(peers, cache)))

    other.get("/")

    assert "Mug Blue €14.50" in other.text


def test_a_shop_that_never_saw_its_catalog_says_so(app: Flask, neighbours: Neighbours) -> None:
    neighbours.kill("catalog")
    browser = Browser(app)

    home, product = browser.get("/"), browser.get(f"/products/{MUG}")

    assert (home.status_code, product.status_code) == (503, 503)
    assert "the shelves cannot be shown" in home.text
    assert "This product cannot be shown right now" in product.text


def test_with_the_catalog_dead_the_cart_stands_at_the_last_known_prices(
    customer: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("catalog")

    customer.get("/cart")

    assert "These are the prices that it said last" in customer.text
    assert "Total at the last known prices €14.50" in customer.text


def test_when_the_catalog_is_back_the_shelves_are_as_they_are(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    neighbours.kill("catalog")
    customer.get(f"/products/{MUG}")
    neighbours.revive("catalog")
    sold = world.products[MUG].model_copy(update={"units_left": 0})
    world.products[MUG] = sold

    customer.get(f"/products/{MUG}")

    assert "Sold out" in customer.text
    assert "resting" not in customer.text


def test_an_older_catalog_without_categories_costs_only_those(
    customer: Browser, neighbours: Neighbours, app: Flask
) -> None:
    neighbours.answer("catalog", 404)

    assert customer.get("/").status_code == 200


# orders


def test_with_orders_dead_browsing_says_nothing_of_it(
    customer: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("orders")

    for path in ("/", f"/products/{MUG}", "/cart"):
        customer.get(path)
        assert "right now" not in customer.text and "resting" not in customer.text


def test_with_orders_dead_paying_keeps_the_cart_and_goes_on_later(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    neighbours.kill("orders")

    page = customer.pay()
    assert page.status_code == 503
    assert "Our order desk does not answer right now. Your cart is kept." in customer.text
    neighbours.revive("orders")
    customer.press_pay()

    assert len(world.orders) == 2


def test_with_orders_dead_the_account_shows_the_rest(
    customer: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("orders")

    customer.get("/account")

    assert f"Ada {EMAIL}" in customer.text
    assert "your orders cannot be shown. They are safe." in customer.text


def test_with_orders_dead_the_page_of_an_order_waits_for_it(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    order = only_order(world)
    neighbours.kill("orders")

    page = customer.get(f"/orders/{order.order_id}")
    assert page.status_code == 503
    assert "We cannot look at your order right now." in customer.text
    neighbours.revive("orders")
    ends(world, order, orders.Status.CONFIRMED)
    customer.get(f"/orders/{order.order_id}/state?seen=unknown")

    assert "Your order is confirmed" in customer.text


def test_with_orders_dead_cancelling_says_so(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    order = only_order(world)
    customer.get(f"/orders/{order.order_id}")
    neighbours.kill("orders")

    page = customer.post(f"/orders/{order.order_id}/cancel")

    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "We cannot answer right now" in customer.text


# payments


def test_with_payments_dead_the_order_stays_and_the_page_says_why(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    order = only_order(world)
    neighbours.kill("payments")
    ages(world, order, 10)

    customer.get(f"/orders/{order.order_id}")

    assert "We have your order, and payments are resting." in customer.text


def test_a_payment_that_takes_long_is_said_to_take_long(customer: Browser, world: World) -> None:
    order = only_order(world)
    ages(world, order, 10)

    customer.get(f"/orders/{order.order_id}")

    assert "The payment takes longer than usual." in customer.text


# users


def test_with_users_dead_the_log_in_says_try_again_and_the_cart_stays(
    browser: Browser, neighbours: Neighbours
) -> None:
    browser.add(MUG)
    neighbours.kill("users")

    browser.log_in()
    assert browser.page.status_code == 503
    assert "Log-ins are resting for a moment." in browser.text
    neighbours.revive("users")
    browser.log_in()
    browser.get("/cart")

    assert "Total €14.50" in browser.text


def test_with_users_dead_nobody_can_register_and_everybody_can_look(
    browser: Browser, neighbours: Neighbours
) -> None:
    neighbours.kill("users")
    browser.get("/register")

    page = browser.post(
        "/register", {"name": "Bob", "email": "bob@example.com", "password": PASSWORD}
    )

    assert page.status_code == 503
    assert 'value="bob@example.com"' in page.text
    assert browser.get("/").status_code == 200


def test_with_users_dead_who_is_logged_in_buys_on(
    customer: Browser, neighbours: Neighbours, world: World
) -> None:
    neighbours.kill("users")

    customer.pay()
    customer.get("/account")

    assert len(world.orders) == 2
    assert f"Ada {EMAIL}" in customer.text


# Valkey


def test_with_valkey_dead_everybody_can_look_around(without_valkey: Browser) -> None:
    without_valkey.get("/")
    without_valkey.client.set_cookie("session", "s" * 43)

    for path in ("/", f"/products/{MUG}", "/?q=mug"):
        assert without_valkey.get(path).status_code == 200
        assert "Carts and log-ins are resting for a moment." in without_valkey.text


def test_with_valkey_dead_a_cart_is_not_shown_and_not_changed(without_valkey: Browser) -> None:
    without_valkey.get("/")

    added = without_valkey.post("/cart/lines", {"sku": MUG})
    cart = without_valkey.get("/cart")

    assert (added.status_code, cart.status_code) == (503, 503)
    assert "Your cart cannot be shown right now. It is kept" in cart.text


def test_with_valkey_dead_nobody_logs_in_and_the_page_says_so(without_valkey: Browser) -> None:
    without_valkey.log_in()

    assert without_valkey.page.status_code == 503
    assert "Log-ins are resting" in without_valkey.text


def test_valkey_away_takes_nobodys_cookie(
    customer: Browser, peers: Peers, neighbours: Neighbours
) -> None:
    cookie = customer.client.get_cookie("session")
    assert cookie is not None
    other = Browser(create_app(deps_of(peers, KeyValue(VALKEY_AWAY))))
    other.client.set_cookie("session", cookie.value)

    for path in ("/", "/cart", "/login", "/account"):
        assert other.get(path).headers.getlist("Set-Cookie") == []


# Everything else


def test_a_bug_gets_a_page_with_its_trace_and_says_nothing_else(
    browser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError("the secret of the bug")

    monkeypatch.setattr("services.storefront.pages.browse._request", bug)
    trace_id = "a" * 32

    page = browser.get("/", headers={"Traceparent": f"00-{trace_id}-{'b' * 16}-01"})

    assert page.status_code == 500
    assert "Something broke on our side" in browser.text
    assert trace_id in browser.text
    assert "secret of the bug" not in page.text


def test_probes_say_that_it_lives_whoever_is_dead(without_valkey: Browser) -> None:
    assert without_valkey.client.get("/livez").status_code == 200
    assert without_valkey.client.get("/readyz").status_code == 200


def test_the_readme_says_what_each_page_does_without_each_neighbour() -> None:
    said = README.read_text(encoding="utf-8")

    for name in (*SERVICES, "notifications", "Valkey"):
        assert f"| {name} |" in said


def test_a_search_that_found_nothing_before_shows_the_shelves_too(
    customer: Browser, neighbours: Neighbours
) -> None:
    customer.get("/?q=anvil")
    customer.get("/")
    neighbours.kill("catalog")

    customer.get("/?q=anvil")

    assert "Mug Blue" in customer.text
