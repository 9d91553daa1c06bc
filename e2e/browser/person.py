"""Somebody at a browser."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"
PHONE, DESK = (390, 844), (1280, 900)


@dataclass
class Person:
    """Has a browser with its own cookies, and one page open. `document` is the newest page as it came;
    `strangers` are the requests that went to anybody but the shop; `complaints` what the browser's
    console holds against a page, and what no page may be."""

    context: Any
    shop_url: str
    page: Any = None
    document: Any = None
    email: str = field(default_factory=lambda: f"person-{next(_numbers)}@example.com")
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = self.open_tab()

    def open_tab(self) -> Any:
        """One page more."""
        page = self.context.new_page()
        page.on("console", self._said)
        return page

    def go(self, path: str) -> Any:
        """Open a page of the shop; the response."""
        return self.page.goto(f"{self.shop_url}{path}")

    def register(self) -> None:
        """Open an account, which logs in."""
        self.go("/register")
        self.page.get_by_label("Your name").fill("Ada")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Open the account").click()
        self.page.get_by_role("link", name="Ada").wait_for()

    def log_in(self, password: str = PASSWORD) -> None:
        """Fill in the form and send it."""
        self.go("/login")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def add(self, sku: str) -> None:
        """Put one into the cart, from its page."""
        self.go(f"/products/{sku}")
        self.page.get_by_role("button", name="Add to cart").click()
        self.page.get_by_text("It is in your cart.").wait_for()

    def check_out(self, card: str = "Visa ···· 4242") -> None:
        """Up to the button."""
        self.go("/checkout")
        self.page.get_by_label(card).check()

    @property
    def pay_button(self) -> Any:
        """On the check-out page."""
        return self.page.get_by_role("button", name="Pay")

    def buy(self, sku: str, card: str = "Visa ···· 4242") -> str:
        """One of it; the order's number."""
        self.add(sku)
        self.check_out(card)
        self.pay_button.click()
        return self.order_id()

    def buy_without_script(self, sku: str) -> None:
        """The same where adding to the cart leads to the cart."""
        self.go(f"/products/{sku}")
        self.page.get_by_role("button", name="Add to cart").click()
        self.page.get_by_role("link", name="Check out").click()
        self.pay_button.click()

    def order_id(self) -> str:
        """Of the order that is shown."""
        self.page.wait_for_url("**/orders/ord_*")
        return str(urlsplit(self.page.url).path.rpartition("/")[2])

    def sees(self, text: str, within_s: float = 30) -> None:
        """Return when it can be read; fail otherwise."""
        self.page.get_by_text(text).first.wait_for(timeout=within_s * 1000)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((f"{self.shop_url}/", "data:")):
            self.strangers.append(request.url)

    def _answered(self, response: Any) -> None:
        if response.request.is_navigation_request() and not 300 <= response.status < 400:
            self.document = response
        if response.status == 500 or (response.status >= 400 and "/static/" in response.url):
            self.complaints.append(f"{response.url} was answered {response.status}")

    def _said(self, message: Any) -> None:
        # A page of an error is what a test may want: the browser complains of every one.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)
