"""The world of the payments service: a provider that keeps to its port, a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from contracts.core import Event
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Api, Peers
from libs.db import Database
from libs.messaging import Messages, Tx
from libs.operations.errors import Unavailable
from libs.testing import AnyToken, Servers, TestDatabase, as_service, connect, nowhere
from libs.testing.fixtures import servers
from services.payments import consumers
from services.payments.app import create_app
from services.payments.deps import NAME, PEERS, Deps
from services.payments.errands import Capture, Refund, capture_key, refund_key
from services.payments.jobs import capture, refund
from services.payments.providers import Captured, Charge, Declined, Refunded

__all__ = ["servers"]

ORDER = OrderId("ord_" + "1" * 26)
ADA = UserId("usr_" + "a" * 26)
PRICE = Money(cents=1250)
SECRETS = ("whsec_new_0000000000", "whsec_old_0000000000")

PLACED = orders.OrderPlaced(order_id=ORDER, user_id=ADA, total=PRICE, payment_method="pm_card_visa")
CANCELLED = orders.OrderCancelled(order_id=ORDER, user_id=ADA, reason=orders.Reason.BY_CUSTOMER)
CAPTURE = Capture(order_id=ORDER).keyed(capture_key(ORDER))
REFUND = Refund(order_id=ORDER).keyed(refund_key(ORDER))


class Died(BaseException):
    """The process ended here."""


@dataclass
class World:
    """A payment provider, as its port promises: a key moves money once. `meanwhile` happens while
    it is being asked, `is_up` says whether it answers, `dies_after` kills us once it has acted."""

    moved: dict[str, tuple[str, Charge]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    declines: str = ""
    is_up: bool = True
    dies_after: bool = False
    meanwhile: Callable[[], None] = lambda: None

    def capture(self, charge: Charge, *, key: str) -> Captured | Declined:
        self._hear(key)
        if self.declines:
            return Declined(self.declines)
        return Captured(self._move("capture", charge, key))

    def refund(self, charge: Charge, captured: Captured, *, key: str) -> Refunded:
        self._hear(key)
        assert any(name == captured.reference for name, _ in self.moved.values())
        return Refunded(self._move("refund", charge, key))

    def _hear(self, key: str) -> None:
        self.asked.append(key)
        if not self.is_up:
            raise Unavailable("the provider", "the test stopped it")
        self.meanwhile()

    def _move(self, what: str, charge: Charge, key: str) -> str:
        reference, first = self.moved.setdefault(key, (f"{what}-{len(self.moved)}", charge))
        assert first == charge
        if self.dies_after:
            raise Died
        return reference


@dataclass
class Payments:
    """The service in hand: events in, jobs run, facts and state out."""

    deps: Deps
    app: Flask

    def hear(self, event: Event, *, event_id: str = "") -> None:
        """Hand it to the consumer, as the worker does."""
        handler = {row.event: row.handler for row in consumers.consumers}[type(event)]
        with self.deps.messages.database.transaction() as session:
            handler(event, Tx(session, event_id=event_id or type(event).__name__), self.deps)

    def do_jobs(self) -> None:
        """Run every job that is noted, as the worker does, once."""
        for name in self.jobs():
            self.do_capture() if name == "payments.capture" else self.do_refund()

    def do_capture(self) -> None:
        capture(CAPTURE, self.deps)

    def do_refund(self) -> None:
        refund(REFUND, self.deps)

    def jobs(self) -> list[str]:
        """The names of the jobs that were noted, in order."""
        return self._column("SELECT name FROM job ORDER BY created_at")

    def facts(self) -> list[str]:
        """What was published, in order."""
        return [name.split(".")[1] for name in self._column("SELECT type FROM feed ORDER BY seq")]

    def state(self) -> str:
        (state,) = self._column("SELECT state FROM payment")
        return state

    def sql(self, statement: str) -> None:
        with self.deps.messages.database.transaction() as session:
            session.execute(text(statement))

    def _column(self, statement: str) -> list[str]:
        with self.deps.messages.database.transaction() as session:
            return list(session.execute(text(statement)).scalars())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def database(servers: Servers) -> Iterator[TestDatabase]:
    with servers.database(NAME) as made:
        yield made


@pytest.fixture
def deps(world: World, database: TestDatabase, servers: Servers, tmp_path: Path) -> Deps:
    key = tmp_path / "payments.pem"
    key.write_bytes(new_key()[0])
    return Deps(
        messages=Messages(NAME, Database(database.app_url, service=NAME), servers.valkey.url),
        access=AnyToken(),
        peers=Peers(NAME, PEERS, nowhere("orders"), ServiceTokens(NAME, load_private(key))),
        provider=world,
        webhook_secrets=SECRETS,
    )


@pytest.fixture
def shop(deps: Deps) -> Payments:
    return Payments(deps, create_app(deps))


@pytest.fixture
def service(shop: Payments) -> Api:
    return connect(shop.app, service=as_service("orders"))


def captured_once(world: World) -> bool:
    """Whether the money was taken once, and not given back."""
    return [key.partition(":")[0] for key in world.moved] == ["capture"]


def refunded_once(world: World) -> bool:
    """Whether the money was taken once and given back once."""
    return sorted(key.partition(":")[0] for key in world.moved) == ["capture", "refund"]


VIEW = payments.GetPayment(order_id=ORDER)
