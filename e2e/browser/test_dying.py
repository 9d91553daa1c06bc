"""What customers see while a service is dead, and when it is back."""

from __future__ import annotations

import pytest

from e2e.browser.person import Person
from e2e.shop import Shop

pytestmark = pytest.mark.timeout(240)

RESTING = "Our catalogue is resting."


def test_with_the_catalog_killed_the_shelves_stay_full_and_then_are_as_they_are(
    shop: Shop, ada: Person, thing: str
) -> None:
    ada.add(thing)
    for path in ("/", f"/products/{thing}"):
        ada.go(path)
    shop.kill("catalog")

    assert ada.go("/?category=tableware").status == 200
    ada.sees(RESTING, 5) if ada.page.get_by_text(RESTING).count() else ada.sees("resting", 5)
    ada.go(f"/products/{thing}")
    ada.sees("This is what it said last")
    ada.go("/cart")
    ada.sees("Total at the last known prices")
    ada.go("/?q=harbour")
    ada.sees("we cannot look for that right now")
    shop.revive("catalog")
    wait_until_gone(ada, f"/products/{thing}", "This is what it said last")

    ada.check_out()
    ada.pay_button.click()
    ada.sees("Your order is confirmed.")


def test_with_orders_killed_browsing_goes_on_and_the_cart_is_kept_for_one_order(
    shop: Shop, ada: Person, thing: str
) -> None:
    ada.add(thing)
    shop.kill("orders")

    ada.go("/")
    assert ada.page.locator(".note").count() == 0
    ada.check_out()
    ada.pay_button.click()
    ada.sees("Our order desk does not answer right now. Your cart is kept.")
    ada.go("/account")
    ada.sees("your orders cannot be shown. They are safe.")
    shop.revive("orders")
    ada.check_out()
    ada.pay_button.click()

    ada.sees("Your order is confirmed.", 60)
    ada.go("/account")
    assert ada.page.get_by_text("Confirmed").count() == 1


def test_with_payments_killed_the_order_waits_says_so_and_ends_by_itself(
    shop: Shop, ada: Person, thing: str
) -> None:
    shop.kill("payments")

    ada.buy(thing)
    ada.sees("We have your order, and payments are resting.", 30)
    ada.page.evaluate("window.untouched = true")
    shop.revive("payments")

    ada.sees("Your order is confirmed.", 60)
    assert ada.page.evaluate("window.untouched") is True


def test_with_notifications_killed_nobody_notices(shop: Shop, ada: Person, thing: str) -> None:
    shop.kill("notifications")

    ada.go("/")
    assert ada.page.locator(".note").count() == 0
    ada.buy(thing)

    ada.sees("Your order is confirmed.")


def test_with_users_killed_a_log_in_says_try_again_and_who_is_in_buys(
    shop: Shop, ada: Person, open_browser: object, thing: str
) -> None:
    assert callable(open_browser)
    stranger = open_browser()
    shop.kill("users")

    stranger.go("/login")
    stranger.page.get_by_label("E-mail address").fill("bob@example.com")
    stranger.page.get_by_label("Password").fill("correct horse")
    stranger.page.get_by_role("button", name="Log in").click()
    stranger.sees("Log-ins are resting for a moment.")
    stranger.go("/")
    assert stranger.page.locator(".card").count() == 24
    ada.buy(thing)

    ada.sees("Your order is confirmed.")


def wait_until_gone(person: Person, path: str, text: str) -> None:
    """Look again until it is no longer said; a breaker tries only now and then."""
    for _ in range(60):
        person.go(path)
        if person.page.get_by_text(text).count() == 0:
            return
        person.page.wait_for_timeout(500)
    raise AssertionError(f"{path} still says: {text}")
