"""The world of the orders service: catalog and payments as fakes that keep to their contracts, a
real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.core import Admin, Service
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
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
from services.orders.app import create_app
from services.orders.deps import NAME, PEERS, Deps

__all__ = ["servers"]

ADA, BOB = UserId("usr_" + "a" * 26), UserId("usr_" + "b" * 26)
MUG, PEN = Sku("mug"), Sku("pen")
TWO_MUGS = orders.PlaceOrder(
    lines=(orders.Line(sku=MUG, quantity=2),), payment_method="pm_card_visa"
)


@dataclass
class World:
    """What the catalog has and holds, and what payments knows."""

    prices: dict[Sku, int] = field(default_factory=lambda: {MUG: 800, PEN: 150})
    stock: dict[Sku, int] = field(default_factory=lambda: {MUG: 10, PEN: 100})
    holds: dict[OrderId, tuple[catalog.Line, ...]] = field(default_factory=dict)
    lapsed: set[OrderId] = field(default_factory=set)
    asked_to_hold: int = 0
    paid: dict[OrderId, payments.State] = field(default_factory=dict)


def _reserve(
    request: catalog.ReserveStock, _: Service, world: World
) -> catalog.Reservation | catalog.OutOfStock | catalog.UnknownLine | catalog.ReservationEnded:
    world.asked_to_hold += 1
    if request.order_id in world.lapsed:
        return catalog.ReservationEnded(order_id=request.order_id)
    if request.order_id not in world.holds:
        for line in request.lines:
            if line.sku not in world.stock:
                return catalog.UnknownLine(sku=line.sku)
            if world.stock[line.sku] < line.quantity:
                return catalog.OutOfStock(sku=line.sku, units_left=world.stock[line.sku])
        for line in request.lines:
            world.stock[line.sku] -= line.quantity
        world.holds[request.order_id] = request.lines
    return catalog.Reservation(
        order_id=request.order_id,
        state=catalog.ReservationState.HELD,
        lines=tuple(
            catalog.HeldLine(
                sku=line.sku,
                name=line.sku.title(),
                quantity=line.quantity,
                unit_price=catalog.Price(cents=world.prices[line.sku]),
            )
            for line in world.holds[request.order_id]
        ),
        expires_at=datetime.now(UTC) + timedelta(minutes=15),
    )


def _release(request: catalog.ReleaseStock, _: Service, world: World) -> None:
    for line in world.holds.pop(request.order_id, ()):
        world.stock[line.sku] += line.quantity
    world.lapsed.add(request.order_id)


def _get_payment(
    request: payments.GetPayment, _: Admin | Service, world: World
) -> payments.Payment | payments.NoSuchPayment:
    if request.order_id not in world.paid:
        return payments.NoSuchPayment(order_id=request.order_id)
    return payments.Payment(
        order_id=request.order_id,
        user_id=ADA,
        amount=Money(cents=1600),
        state=world.paid[request.order_id],
        detail="Your card was declined.",
        updated_at=datetime.now(UTC),
    )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def database(servers: Servers) -> Iterator[TestDatabase]:
    with servers.database(NAME) as made:
        yield made


@pytest.fixture
def deps(world: World, database: TestDatabase, servers: Servers, tmp_path: Path) -> Deps:
    key = tmp_path / "orders.pem"
    key.write_bytes(new_key()[0])
    peers = Peers(
        NAME, PEERS, nowhere("catalog", "payments"), ServiceTokens(NAME, load_private(key))
    )
    holding = [
        catalog.ReserveStock.handled_by(_reserve),
        catalog.ReleaseStock.handled_by(_release),
    ]
    peers.put("catalog", neighbour(catalog, holding, world, believing=NAME))
    get_payment = payments.GetPayment.handled_by(_get_payment)
    peers.put("payments", neighbour(payments, [get_payment], world, believing=NAME))
    return Deps(
        messages=Messages(NAME, Database(database.app_url, service=NAME), servers.valkey.url),
        access=AnyToken(),
        peers=peers,
        order_deadline=timedelta(minutes=2),
    )


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def ada(app: Flask) -> Api:
    return connect(app, user=as_user(ADA))


@pytest.fixture
def bob(app: Flask) -> Api:
    return connect(app, user=as_user(BOB))


@pytest.fixture
def catalog_service(app: Flask) -> Api:
    return connect(app, service=as_service("catalog"))


@pytest.fixture
def published(deps: Deps) -> Callable[[], list[str]]:
    """Reads the names of what was published, in order."""

    def read() -> list[str]:
        with deps.messages.database.transaction() as session:
            return list(session.execute(text("SELECT type FROM feed ORDER BY seq")).scalars())

    return read
