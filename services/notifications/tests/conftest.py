"""The world of the notifications service: users and orders as fakes that keep to their contracts, a
mailer that remembers, a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.core import Admin, Service, User
from contracts.orders import v1 as orders
from contracts.shared.address import EmailAddress
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from contracts.users import v1 as users
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Peers
from libs.db import Database
from libs.messaging import Messages
from libs.operations.errors import Unavailable
from libs.testing import Servers, TestDatabase, neighbour, nowhere
from libs.testing.fixtures import servers
from services.notifications.deps import NAME, PEERS, Deps
from services.notifications.mailers import Mail

__all__ = ["servers"]

ADA = users.Account(
    user_id=UserId("usr_" + "a" * 26),
    email=EmailAddress("ada@example.com"),
    name="Ada <b>Lovelace</b>",
    registered_at=datetime(2026, 11, 22, tzinfo=UTC),
)

ORDER = orders.Order(
    order_id=OrderId("ord_" + "1" * 26),
    user_id=ADA.user_id,
    status=orders.Status.CONFIRMED,
    lines=(
        orders.PricedLine(
            sku=Sku("mug"), name="Mug <i>blue</i>", quantity=3, unit_price=Money(cents=1250)
        ),
        orders.PricedLine(sku=Sku("tea"), name="Tea", quantity=1, unit_price=Money(cents=99)),
    ),
    total=Money(cents=3849),
    placed_at=datetime(2026, 11, 22, tzinfo=UTC),
)


@dataclass
class World:
    """Who has an account, who ordered what, what was mailed under which key, and whether mail gets out."""

    accounts: dict[UserId, users.Account] = field(default_factory=lambda: {ADA.user_id: ADA})
    placed: dict[OrderId, orders.Order] = field(default_factory=lambda: {ORDER.order_id: ORDER})
    mails: list[tuple[str, Mail]] = field(default_factory=list)
    mail_server_is_up: bool = True

    def send(self, mail: Mail, *, key: str) -> None:
        if not self.mail_server_is_up:
            raise Unavailable("the mail server", "the test stopped it")
        self.mails.append((key, mail))


def _get_user(
    request: users.GetUser, _: User | Admin | Service, world: World
) -> users.Account | users.NoSuchUser:
    return world.accounts.get(request.user_id) or users.NoSuchUser(user_id=request.user_id)


def _get_order(
    request: orders.GetOrder, _: User | Admin | Service, world: World
) -> orders.Order | orders.NoSuchOrder:
    return world.placed.get(request.order_id) or orders.NoSuchOrder(order_id=request.order_id)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def database(servers: Servers) -> Iterator[TestDatabase]:
    with servers.database(NAME) as made:
        yield made


@pytest.fixture
def deps(world: World, database: TestDatabase, servers: Servers, tmp_path: Path) -> Deps:
    key = tmp_path / "notifications.pem"
    key.write_bytes(new_key()[0])
    peers = Peers(
        NAME, PEERS, nowhere("users", "orders", "payments"), ServiceTokens(NAME, load_private(key))
    )
    accounts = [users.GetUser.handled_by(_get_user)]
    placed = [orders.GetOrder.handled_by(_get_order)]
    peers.put("users", neighbour(users, accounts, world, believing=NAME))
    peers.put("orders", neighbour(orders, placed, world, believing=NAME))
    return Deps(
        messages=Messages(NAME, Database(database.app_url, service=NAME), servers.valkey.url),
        peers=peers,
        mailer=world,
    )
