"""What customers do at a browser."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.browser.conftest import OpenBrowser
from e2e.browser.person import PASSWORD, PHONE, Person
from e2e.customer import units
from e2e.program import wait_for
from e2e.shop import Shop

pytestmark = pytest.mark.timeout(240)


def orders_of(shop: Shop, person: Person) -> list[tuple[object, ...]]:
    """Number and status of each of their orders."""
    ((user_id,),) = shop.rows(
        "users", "SELECT user_id FROM account WHERE email = %(email)s", email=person.email
    )
    return shop.rows(
        "orders", "SELECT order_id, status FROM customer_order WHERE user_id = %(id)s", id=user_id
    )


def mails_to(shop: Shop, person: Person) -> list[str]:
    return [mail.subject for mail in shop.ground.mailbox.mails() if mail.to == person.email]


def test_three_clicks_after_the_log_in_make_an_order_that_is_confirmed_before_ones_eyes(
    shop: Shop, ada: Person
) -> None:
    page = ada.page
    ada.go("/?category=tableware")

    page.get_by_role("button", name="Add to cart Harbour mug, blue").click()
    page.get_by_role("link", name="check out").click()
    page.get_by_role("button", name="Pay €14.50").click()
    order_id = ada.order_id()
    page.evaluate("window.untouched = true")
    ada.sees("Your order is confirmed.")

    assert page.evaluate("window.untouched") is True  # it was never loaded again
    assert orders_of(shop, ada) == [(order_id, "confirmed")]
    wait_for(lambda: len(mails_to(shop, ada)) == 2, 60, "both mails")
    assert sorted(mails_to(shop, ada)) == sorted(
        ["Welcome, Ada", f"Your order is confirmed: {order_id}"]
    )


def test_a_declined_card_is_said_clearly_the_stock_comes_back_and_another_card_pays(
    shop: Shop, ada: Person, thing: str
) -> None:
    ada.buy(thing, "Visa ···· 0002")

    ada.sees("The payment did not go through.")
    ada.sees("Your card was declined. Nothing was charged")
    wait_for(lambda: units(shop, thing) == (20, 0, 0), 60, "the stock is back")
    ada.page.get_by_role("button", name="Try another card").click()
    ada.page.get_by_role("link", name="Check out").click()
    ada.pay_button.click()

    ada.sees("Your order is confirmed.")
    assert sorted(str(status) for _, status in orders_of(shop, ada)) == ["cancelled", "confirmed"]
    wait_for(lambda: units(shop, thing) == (19, 0, 1), 60, "one is sold")


def test_a_double_click_on_pay_makes_one_order(shop: Shop, ada: Person, thing: str) -> None:
    ada.add(thing)
    ada.check_out()

    ada.pay_button.dblclick()
    order_id = ada.order_id()
    ada.sees("Your order is confirmed.")

    assert [number for number, _ in orders_of(shop, ada)] == [order_id]


def test_two_tabs_that_pay_make_one_order_and_both_show_it(
    shop: Shop, ada: Person, thing: str
) -> None:
    ada.add(thing)
    ada.check_out()
    other = ada.open_tab()
    other.goto(f"{ada.shop_url}/checkout")

    ada.pay_button.click()
    order_id = ada.order_id()
    other.get_by_role("button", name="Pay").click()
    other.wait_for_url(f"**/orders/{order_id}")

    assert [number for number, _ in orders_of(shop, ada)] == [order_id]


def test_back_from_the_order_the_same_button_leads_to_the_same_order(
    shop: Shop, ada: Person, thing: str
) -> None:
    order_id = ada.buy(thing)

    ada.page.go_back()
    if ada.pay_button.count():
        ada.pay_button.click()
        assert ada.order_id() == order_id
    else:  # the browser asked again, and the cart is empty
        ada.sees("It is empty")

    assert [number for number, _ in orders_of(shop, ada)] == [order_id]


def test_a_cart_is_filled_before_the_log_in_and_bought_after_it(
    shop: Shop, open_browser: OpenBrowser, thing: str
) -> None:
    person = open_browser(PHONE)
    person.add(thing)

    person.go("/cart")
    person.page.get_by_role("link", name="Check out").click()
    person.page.get_by_role("link", name="Open an account").click()
    person.page.get_by_label("Your name").fill("Bob")
    person.page.get_by_label("E-mail address").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Open the account").click()
    person.pay_button.click()

    person.sees("Your order is confirmed.")


def test_without_javascript_everything_but_the_waiting_is_the_same(
    shop: Shop, open_browser: OpenBrowser, thing: str
) -> None:
    person = open_browser(java_script_enabled=False)
    person.register()

    person.buy_without_script(thing)
    person.sees("Your order is confirmed.")

    assert [status for _, status in orders_of(shop, person)] == ["confirmed"]


def test_a_keyboard_is_enough(shop: Shop, ada: Person, thing: str) -> None:
    page = ada.page
    ada.go("/")

    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "Everything"  # the first thing of the content

    ada.go(f"/products/{thing}")
    press_until(page, "Add to cart")
    page.keyboard.press("Enter")
    ada.sees("It is in your cart.")
    ada.go("/checkout")
    press_until(page, "Pay")
    page.keyboard.press("Enter")

    ada.sees("Your order is confirmed.")


def test_after_the_log_out_no_back_button_shows_who_it_was_and_what_they_bought(
    shop: Shop, ada: Person, thing: str
) -> None:
    ada.buy(thing)
    ada.go("/account")

    ada.page.get_by_role("button", name="Log out").click()
    ada.page.get_by_role("link", name="Log in").wait_for()
    shown = []
    for _ in range(3):
        ada.page.go_back()
        shown.append(ada.page.locator("body").inner_text())

    for text in shown:
        assert f"Thing {thing}" not in text
        assert ada.email not in text
        assert "Ada" not in text


def test_an_order_that_waits_is_cancelled_and_nothing_is_charged(
    shop: Shop, ada: Person, thing: str
) -> None:
    shop.kill("payments")
    order_id = ada.buy(thing)

    ada.page.get_by_role("button", name="Cancel the order").click()

    ada.sees("You cancelled it.")
    assert orders_of(shop, ada) == [(order_id, "cancelled")]
    wait_for(lambda: units(shop, thing) == (20, 0, 0), 60, "the stock is back")


def focused(page: Any) -> str:
    """The text of what has the focus."""
    return str(page.evaluate("document.activeElement.innerText")).strip()


def press_until(page: Any, text: str) -> None:
    """Tab, until the focus is on what begins with this text."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith(text):
            return
    raise AssertionError(f"the keyboard does not come to {text}")
