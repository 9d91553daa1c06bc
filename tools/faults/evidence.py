"""Everything that the shop keeps, read once when it has come to rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tools.faults.planting import planted
from tools.faults.world import World


@dataclass(frozen=True)
class Order:
    """A row of orders."""

    order_id: str
    user_id: str
    status: str
    reason: str
    cents: int
    units: Mapping[str, int]


@dataclass(frozen=True)
class Account:
    """A row of users."""

    user_id: str
    email: str
    name: str


@dataclass(frozen=True)
class Money:
    """What the provider's ledger says of one order."""

    captures: tuple[int, ...]
    refunds: tuple[int, ...]


@dataclass(frozen=True)
class Kept:
    """Of all rounds; each keyed by the order or account that it is about."""

    orders: Mapping[str, Order]
    accounts: Mapping[str, Account]
    facts: Mapping[str, Counter[str]]
    """How often the shop published each type of event about an order or account."""
    holds: Mapping[str, str]
    payments: Mapping[str, str]
    money: Mapping[str, Money]
    mails: Mapping[tuple[str, str], tuple[str, ...]]
    """Message-IDs by recipient and subject."""
    sold: Mapping[str, tuple[int, int]]
    """Reserved and sold units by product."""


def gather(world: World) -> Kept:
    """What comes of something is read before it, and each database in one snapshot: what has no
    origin in here has none in the shop, even while that goes on. Raises psycopg.Error when a
    database cannot be asked."""
    mails, ledger = _mails(world.mails()), _money(world.ledger())
    facts: dict[str, Counter[str]] = defaultdict(Counter)
    with _snapshot(world, "catalog") as catalog:
        holds = dict(catalog.execute("SELECT order_id, state FROM reservation"))
        stock = catalog.execute("SELECT sku, reserved, sold FROM stock").fetchall()
    with _snapshot(world, "payments") as payments:
        states = dict(payments.execute("SELECT order_id, state FROM payment"))
        _count_facts(world, payments, facts)
    with _snapshot(world, "orders") as orders:
        placed = orders.execute(_ORDERS).fetchall()
        _count_facts(world, orders, facts)
    with _snapshot(world, "users") as users:
        accounts = users.execute("SELECT user_id, email, name FROM account").fetchall()
        _count_facts(world, users, facts)
    return Kept(
        orders={
            row[0]: Order(row[0], row[1], row[2], row[3] or "", row[4], _units(row[5]))
            for row in placed
        },
        accounts={row[0]: Account(*row) for row in accounts},
        facts=facts,
        holds=holds,
        payments=states,
        money=ledger,
        mails=mails,
        sold={sku: (reserved, sold) for sku, reserved, sold in stock},
    )


_ORDERS = "SELECT order_id, user_id, status, reason, total_cents, lines FROM customer_order"
_FACTS = """
    SELECT key, type, count(*) FROM feed WHERE id::text <> ALL(%(planted)s) GROUP BY key, type"""


@contextmanager
def _snapshot(world: World, service: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with world.connect(service) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            yield connection


def _count_facts(
    world: World, connection: psycopg.Connection[tuple[Any, ...]], facts: dict[str, Counter[str]]
) -> None:
    """Add those of a service, but for what the harness itself has put there."""
    left_out = sorted(planted(world))
    for key, kind, times in connection.execute(_FACTS, {"planted": left_out}):
        facts[key][kind] += times


def _units(lines: Sequence[Mapping[str, Any]]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        units[line["sku"]] += line["quantity"]
    return units


def _money(ledger: Sequence[Mapping[str, Any]]) -> Mapping[str, Money]:
    moved: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in ledger:
        moved[entry["order_id"], entry["kind"]].append(entry["cents"])
    return {
        order_id: Money(tuple(moved[order_id, "capture"]), tuple(moved[order_id, "refund"]))
        for order_id in {order_id for order_id, _ in list(moved)}
    }


def _mails(mails: Sequence[Mapping[str, Any]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mail in mails:
        found[mail["to"], mail["subject"]].append(mail["message_id"])
    return {key: tuple(ids) for key, ids in found.items()}
