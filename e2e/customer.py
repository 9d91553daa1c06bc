"""People at the shop's doors: plain HTTP, as from outside, and nothing of ours in between."""

from __future__ import annotations

import http.client
import itertools
import json
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from e2e.program import wait_for
from e2e.shop import Shop

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def ask(
    method: str,
    url: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout_s: float = 10,
) -> Answer:
    """One exchange over a connection of its own; a body that is no bytes goes as JSON. Raises OSError
    or HTTPException when there was no answer: then nobody knows whether it was heard."""
    parts = urllib.parse.urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = dict(headers or {})
    content = body if isinstance(body, bytes) else None
    if body is not None and content is None:
        content = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=timeout_s
    )
    began = time.monotonic()
    try:
        connection.request(method, target, content, sent)
        response = connection.getresponse()
        read = response.read()
    finally:
        connection.close()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, read, names, time.monotonic() - began)


@dataclass
class Customer:
    """Somebody who has registered and logged in."""

    shop: Shop
    email: str = field(default_factory=lambda: f"customer-{next(_numbers)}@example.com")
    password: str = "correct horse battery"
    admin: bool = False
    user_id: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        account = {"email": self.email, "password": self.password, "name": "Ada"}
        registered = ask("POST", f"{self.shop.url('users')}/api/v1/users", account)
        assert registered.status == 201, registered
        self.user_id = registered.json()["user_id"]
        if self.admin:
            # There is no other way yet; whoever may do this may do everything.
            self.shop.rows(
                "users",
                "UPDATE account SET is_admin = true WHERE user_id = %(user_id)s",
                user_id=self.user_id,
            )
        session = ask(
            "POST",
            f"{self.shop.url('users')}/api/v1/sessions",
            {"email": self.email, "password": self.password},
        )
        assert session.status == 201, session
        self.token = session.json()["access_token"]

    def ask(
        self, method: str, service: str, path: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        """One exchange with a service, as this customer."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return ask(method, f"{self.shop.url(service)}{path}", body, headers)

    def place(
        self, sku: str, quantity: int = 1, *, card: str = "pm_card_visa", key: str | None = None
    ) -> Answer:
        """An order of one line."""
        wish = {"lines": [{"sku": sku, "quantity": quantity}], "payment_method": card}
        return self.ask(
            "POST", "orders", "/api/v1/orders", wish, key=key or f"key-{next(_numbers)}"
        )

    def order(self, sku: str, quantity: int = 1, *, card: str = "pm_card_visa") -> str:
        """The number of a new order."""
        placed = self.place(sku, quantity, card=card)
        assert placed.status == 201, placed
        return str(placed.json()["order_id"])

    def look(self, order_id: str) -> Any:
        """The order as it stands."""
        seen = self.ask("GET", "orders", f"/api/v1/orders/{order_id}")
        assert seen.status == 200, seen
        return seen.json()

    def wait_for_end(self, order_id: str, within_s: float = 60) -> Any:
        """The order in its final state."""
        wait_for(
            lambda: self.look(order_id)["status"] != "pending", within_s, f"{order_id} has ended"
        )
        return self.look(order_id)

    def mails(self) -> list[str]:
        """The subjects of the mails that came, each as often as it came."""
        kept = [mail for mail in self.shop.ground.mailbox.mails() if mail.to == self.email]
        return [mail.subject for mail in kept]

    def wait_for_mails(self, count: int, within_s: float = 60) -> list[str]:
        """The subjects, once there are so many."""
        wait_for(lambda: len(self.mails()) >= count, within_s, f"{count} mails to {self.email}")
        return self.mails()


def stock(shop: Shop, admin: Customer, units: int) -> str:
    """The number of a new product with so many units."""
    sku = f"thing-{next(_numbers)}"
    product = {
        "name": f"Thing {sku}",
        "category": "things",
        "price": {"cents": 1250, "currency": "EUR"},
    }
    made = admin.ask("PUT", "catalog", f"/api/v1/products/{sku}", product)
    assert made.status == 200, made
    path = f"/api/v1/products/{sku}/stock"
    filled = admin.ask("POST", "catalog", path, {"units": units}, key=f"stock-of-{sku}")
    assert filled.status == 200, filled
    return sku


def units(shop: Shop, sku: str) -> tuple[object, ...]:
    """How many units are on hand, reserved and sold."""
    (found,) = shop.rows(
        "catalog",
        "SELECT on_hand, reserved, sold FROM stock WHERE sku = %(sku)s",
        sku=sku,
    )
    return found
