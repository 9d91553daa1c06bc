"""What there is to buy in one round, and how much came in: known to us, whoever forgets it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from tools.dev.seeding import ADMIN
from tools.faults.doors import Doors
from tools.faults.world import World

_PLENTY = 100_000
_SCARCE = 40
_PRODUCTS = 8
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Shelf:
    """The units that came in, by product. Some products are scarce: orders are refused for them."""

    units: dict[str, int]

    def lines(self, chance: random.Random) -> tuple[tuple[str, int], ...]:
        """What somebody wants: one or two products, in any order."""
        chosen = chance.sample(sorted(self.units), chance.choice((1, 1, 2)))
        return tuple((sku, chance.randint(1, 3)) for sku in chosen)


def fill(world: World, round: int) -> Shelf:
    """New products, by the way that every product comes into the shop."""
    names = [f"faults-{round}-{number}" for number in range(_PRODUCTS)]
    units = {sku: _SCARCE if sku == names[0] else _PLENTY for sku in names}
    with closing(Doors(world.url)) as doors:
        _stock(doors, units)
    return Shelf(units)


def visitor(world: World, units: int) -> tuple[str, str]:
    """The token of somebody new, and a product of which there is so much."""
    name = f"visitor-{secrets.token_hex(4)}"
    account = {"email": f"{name}@faults.example", "password": secrets.token_hex(8), "name": name}
    with closing(Doors(world.url)) as doors:
        _stock(doors, {name: units})
        _insist(doors, "POST", "users", "/api/v1/users", account)
        return _token(doors, account["email"], account["password"]), name


def _stock(doors: Doors, units: Mapping[str, int]) -> None:
    headers = {"Authorization": f"Bearer {_token(doors, ADMIN.email, ADMIN.password)}"}
    for sku, came_in in units.items():
        product = {
            "name": f"Thing {sku}",
            "category": "things",
            "price": {"cents": 1250, "currency": "EUR"},
        }
        path = f"/api/v1/products/{sku}"
        _insist(doors, "PUT", "catalog", path, product, headers)
        keyed = {**headers, "Idempotency-Key": f"stock-{sku}"}
        _insist(doors, "POST", "catalog", f"{path}/stock", {"units": came_in}, keyed)


def _token(doors: Doors, email: str, password: str) -> str:
    who = {"email": email, "password": password}
    return _insist(doors, "POST", "users", "/api/v1/sessions", who)["access_token"]


def _insist(
    doors: Doors,
    method: str,
    service: str,
    path: str,
    body: object,
    headers: dict[str, str] | None = None,
) -> dict[str, str]:
    ends = time.monotonic() + _PATIENCE_S
    while True:
        answer = doors.ask(method, service, path, body, headers)
        if answer.status in (200, 201):
            found: dict[str, str] = answer.body
            return found
        if time.monotonic() > ends:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.why} {answer.body}")
        time.sleep(0.2)
