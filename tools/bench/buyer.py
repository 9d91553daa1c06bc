"""A customer in front of a shop that has something to sell."""

from __future__ import annotations

import http.client
import json
import time
from itertools import count
from pathlib import Path
from typing import Any

from tools.bench import superuser
from tools.bench.shop import Ground

_UNITS = 100_000
_POLL_S = 0.005
_PATIENCE_S = 60.0
_PASSWORD = "correct horse battery"


class Buyer:
    """Somebody who has logged in and orders one unit of a product, again and again."""

    def __init__(self, ground: Ground, sku: str) -> None:
        self._token = _log_in(ground, "ada@bench.example")
        self._orders = _Door(ground, "orders")
        self._wish = {"lines": [{"sku": sku, "quantity": 1}], "payment_method": "pm_card_visa"}
        self._numbers = count(1)

    def place(self) -> str:
        """Order; the order's number."""
        self._orders.close()  # a POST never meets a connection that has idled out
        placed = self._orders.ask(
            "POST", "/api/v1/orders", self._wish, self._token, key=f"order-{next(self._numbers)}"
        )
        return str(placed["order_id"])

    def until_confirmed(self) -> tuple[float, float]:
        """Seconds from the POST to its answer, and until a GET says confirmed."""
        began = time.perf_counter()
        order_id = self.place()
        answered_s = time.perf_counter() - began
        while time.perf_counter() - began < _PATIENCE_S:
            seen = self._orders.ask("GET", f"/api/v1/orders/{order_id}", None, self._token)
            if seen["status"] == "confirmed":
                return answered_s, time.perf_counter() - began
            time.sleep(_POLL_S)
        raise RuntimeError(f"{order_id} is not confirmed after {_PATIENCE_S:g} s")


def open_shop(ground: Ground) -> str:
    """The number of a product that there is plenty of."""
    email = "admin@bench.example"
    _register(ground, email)
    superuser.execute(ground.postgres, "UPDATE account SET is_admin = true", database="users")
    _register(ground, "ada@bench.example")
    token, catalog = _log_in(ground, email), _Door(ground, "catalog")
    price = {"cents": 1250, "currency": "EUR"}
    product = {"name": "Thing", "category": "things", "price": price}
    catalog.ask("PUT", "/api/v1/products/thing-1", product, token)
    units = {"units": _UNITS}
    catalog.ask("POST", "/api/v1/products/thing-1/stock", units, token, key="stock-1")
    catalog.close()
    return "thing-1"


def fill_catalogue(ground: Ground, products: Path) -> None:
    """The products of a file of JSON lines."""
    email = "admin@bench.example"
    _register(ground, email)
    superuser.execute(ground.postgres, "UPDATE account SET is_admin = true", database="users")
    catalog = _Door(ground, "catalog")
    catalog.ask(
        "POST",
        "/api/v1/products/import",
        products.read_bytes(),
        _log_in(ground, email),
        kind="application/jsonl",
    )
    catalog.close()


class _Door:
    """A service's HTTP, over one connection."""

    def __init__(self, ground: Ground, service: str) -> None:
        (url,) = (p.url for p in ground.places if (p.service, p.role) == (service, "web"))
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)

    def ask(
        self,
        method: str,
        path: str,
        body: object,
        token: str = "",
        key: str = "",
        *,
        kind: str = "application/json",
    ) -> Any:
        """The answer's JSON; bytes go as they are. Raises RuntimeError when it is not a 2xx."""
        headers = {"Content-Type": kind} if body is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status // 100 != 2:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {read.decode()}")
        return json.loads(read)

    def close(self) -> None:
        """The next request opens a new connection."""
        self._connection.close()


def _register(ground: Ground, email: str) -> None:
    account = {"email": email, "password": _PASSWORD, "name": "Ada"}
    users = _Door(ground, "users")
    users.ask("POST", "/api/v1/users", account)
    users.close()


def _log_in(ground: Ground, email: str) -> str:
    users = _Door(ground, "users")
    session = users.ask("POST", "/api/v1/sessions", {"email": email, "password": _PASSWORD})
    users.close()
    return str(session["access_token"])
