"""The world of the catalog service: orders as a fake that keeps to its contract, a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.core import Admin, JsonObject, Service, User
from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Api, Peers
from libs.db import Database
from libs.messaging import Messages
from libs.testing import (
    AnyToken,
    Servers,
    TestDatabase,
    as_service,
    as_user,
    connect,
    neighbour,
    nowhere,
)
from libs.testing.fixtures import servers
from services.catalog.app import create_app
from services.catalog.deps import NAME, PEERS, Deps

__all__ = ["servers"]

ADA = UserId("usr_" + "a" * 26)
ADMIN = UserId("usr_" + "0" * 26)
MUG, TEAPOT, NOTEBOOK = Sku("mug-blue"), Sku("teapot-cast-iron"), Sku("notebook-a5")


@dataclass
class World:
    """What orders knows: where each order stands; an order that is not here does not exist.
    `meanwhile` happens while it is asked."""

    orders: dict[OrderId, orders.Status] = field(default_factory=dict)
    meanwhile: Callable[[], object] = lambda: None


def _get_order(
    request: orders.GetOrder, _: User | Admin | Service, world: World
) -> orders.Order | orders.NoSuchOrder:
    world.meanwhile()
    if request.order_id not in world.orders:
        return orders.NoSuchOrder(order_id=request.order_id)
    return orders.Order(
        order_id=request.order_id,
        user_id=ADA,
        status=world.orders[request.order_id],
        lines=(),
        total=Money(cents=0),
        placed_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def database(servers: Servers) -> Iterator[TestDatabase]:
    with servers.database(NAME) as made:
        yield made


@pytest.fixture
def deps(world: World, database: TestDatabase, servers: Servers, tmp_path: Path) -> Iterator[Deps]:
    key = tmp_path / "catalog.pem"
    key.write_bytes(new_key()[0])
    peers = Peers(NAME, PEERS, nowhere("orders"), ServiceTokens(NAME, load_private(key)))
    peers.put(
        "orders",
        neighbour(orders, [orders.GetOrder.handled_by(_get_order)], world, believing=NAME),
    )
    # As many connections as two web processes have; callers wait for one instead of giving up.
    connections = Database(
        database.app_url, service=NAME, pool_size=16, checkout_wait_s=20, lock_timeout_s=10
    )
    yield Deps(
        messages=Messages(NAME, connections, servers.valkey.url),
        access=AnyToken(),
        peers=peers,
        hold=timedelta(minutes=15),
        look_again=timedelta(seconds=60),
    )
    connections.close()


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def anyone(app: Flask) -> Api:
    return connect(app)


@pytest.fixture
def admin(app: Flask) -> Api:
    return connect(app, user=as_user(ADMIN, admin=True))


@pytest.fixture
def buyer(app: Flask) -> Api:
    """The orders service, which alone holds stock."""
    return connect(app, service=as_service("orders"))


@pytest.fixture
def stocked(admin: Api) -> Callable[[Sku, int], None]:
    """Puts a plain product with so many units into the catalog."""

    def put(sku: Sku, units: int) -> None:
        admin.send(a_product(sku))
        if units:
            change = catalog.ChangeStock(sku=sku, units=units)
            admin.send(change, key=f"first delivery of {sku}")

    return put


def a_product(
    sku: Sku,
    name: str = "A thing",
    *,
    description: str = "",
    category: str = "things",
    cents: int = 1_250,
    attributes: JsonObject | None = None,
) -> catalog.PutProduct:
    """The request that adds this product."""
    return catalog.PutProduct(
        sku=sku,
        name=name,
        description=description,
        category=category,
        price=catalog.Price(cents=cents),
        attributes=attributes or {},
    )


def an_order(number: int) -> OrderId:
    """The order id of this number."""
    return OrderId(f"ord_{number:026d}")


def reserve(order_id: OrderId, *lines: tuple[Sku, int]) -> catalog.ReserveStock:
    """The request that holds these lines."""
    return catalog.ReserveStock(
        order_id=order_id,
        lines=tuple(catalog.Line(sku=sku, quantity=quantity) for sku, quantity in lines),
    )


@dataclass(frozen=True)
class Balance:
    """Where the units of a product are."""

    on_hand: int
    reserved: int
    sold: int


@pytest.fixture
def balance(deps: Deps) -> Callable[[Sku], Balance]:
    def read(sku: Sku) -> Balance:
        with deps.messages.database.transaction() as session:
            row = session.execute(
                text("SELECT on_hand, reserved, sold FROM stock WHERE sku = :sku"), {"sku": sku}
            ).one()
        return Balance(*row)

    return read


@pytest.fixture
def published(deps: Deps) -> Callable[[], list[tuple[str, str]]]:
    """Reads what was published: name and key of each event, in order."""

    def read() -> list[tuple[str, str]]:
        with deps.messages.database.transaction() as session:
            rows = session.execute(text("SELECT type, key FROM feed ORDER BY seq"))
            return [(row.type, row.key) for row in rows]

    return read


@pytest.fixture(autouse=True)
def nothing_drifts(deps: Deps) -> Iterator[None]:
    """After each test: what came in is on hand, held or sold, counted from the rows."""
    yield
    with deps.messages.database.transaction() as session:
        drift = session.execute(text("SELECT * FROM stock_drift")).mappings().all()
    assert drift == []
