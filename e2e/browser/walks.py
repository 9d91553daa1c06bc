"""Every page that the storefront has, also those that tell of trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from e2e.browser.person import PASSWORD, Person
from e2e.shop import Shop

MUG = "mug-harbour-blue"
# Of whoever is not logged in, by name.
FOR_ALL = {
    "home": "/",
    "category": "/?category=tea-and-coffee",
    "search": "/?q=mug",
    "nothing-found": "/?q=anvil",
    "wrong-filter": "/?min=cheap&max=20&stock=1",
    "product": "/products/teapot-cast-iron",
    "sold-out": "/products/calendar-wall-2027",
    "empty-cart": "/cart",
    "login": "/login?next=/checkout",
    "register": "/register",
    "not-found": "/nowhere",
}


def walk(person: Person) -> Iterator[tuple[Person, str]]:
    """Opens every page there is, one after the other, and gives the name of each."""
    for name, path in FOR_ALL.items():
        person.go(path)
        yield person, name
    person.go("/register")
    person.page.evaluate("document.querySelector('form.stack').noValidate = true")
    person.page.get_by_role("button", name="Open the account").click()
    person.sees("Write what we may call you")
    yield person, "register-wrong"
    person.register()
    person.go("/account")
    yield person, "account-empty"
    person.add(MUG)
    yield person, "added"
    person.add("teapot-cast-iron")
    person.go("/cart")
    yield person, "cart"
    person.go("/checkout")
    yield person, "checkout"
    person.pay_button.click()
    person.order_id()
    yield person, "order-pending"
    person.sees("Your order is confirmed.")
    yield person, "order-confirmed"
    person.buy(MUG, "Visa ···· 0002")
    person.sees("The payment did not go through.")
    yield person, "order-declined"
    person.page.get_by_role("button", name="Try another card").click()
    person.go("/account")
    yield person, "account"
    person.page.get_by_role("button", name="Log out").click()
    person.log_in("wrong horse battery")
    person.sees("Address or password is wrong")
    yield person, "login-wrong"
    person.page.evaluate("document.querySelector('form.stack [name=form_token]').value = 'old'")
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Log in").click()
    person.sees("This form is too old")
    yield person, "form-too-old"


def walk_in_trouble(shop: Shop, people: Sequence[Person]) -> Iterator[tuple[Person, str]]:
    """What they see when payments are dead, and then nearly everybody."""
    for person in people:
        person.register()
        person.go("/")
        person.go(f"/products/{MUG}")
    shop.kill("payments")
    orders = [person.buy(MUG) for person in people]
    for person in people:
        person.sees("payments are resting")
        yield person, "order-waits-for-payments"
        person.add(MUG)
    for service in ("catalog", "orders", "users"):
        shop.kill(service)
    for person, order_id in zip(people, orders, strict=True):
        for name, path in (
            ("home-without-catalog", "/"),
            ("search-without-catalog", "/?q=nobody-asked"),
            ("product-without-catalog", f"/products/{MUG}"),
            ("unseen-product-without-catalog", "/products/never-seen"),
            ("cart-without-catalog", "/cart"),
            ("account-without-orders", "/account"),
            ("order-without-orders", f"/orders/{order_id}"),
        ):
            person.go(path)
            yield person, name
        person.check_out()
        person.pay_button.click()
        person.sees("Our order desk does not answer")
        yield person, "checkout-without-orders"
        person.go("/account")
        person.page.get_by_role("button", name="Log out").click()
        person.log_in()
        person.sees("Log-ins are resting")
        yield person, "login-without-users"
