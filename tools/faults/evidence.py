"""Everything that the shop keeps, read once when it has come to rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    """How often each type of event was published about an order or account."""
    holds: Mapping[str, str]
    payments: Mapping[str, str]
    money: Mapping[str, Money]
    mails: Mapping[tuple[str, str], tuple[str, ...]]
    """Message-IDs by recipient and subject."""
    sold: Mapping[str, tuple[int, int]]
    """Reserved and sold units by product."""


def gather(world: World) -> Kept:
    """Raises psycopg.Error when a database cannot be asked."""
    orders = {
        row[0]: Order(row[0], row[1], row[2], row[3] or "", row[4], _units(row[5]))
        for row in world.rows(
            "orders",
            "SELECT order_id, user_id, status, reason, total_cents, lines FROM customer_order",
        )
    }
    accounts = {
        row[0]: Account(*row)
        for row in world.rows("users", "SELECT user_id, email, name FROM account")
    }
    facts: dict[str, Counter[str]] = defaultdict(Counter)
    for service in ("users", "orders", "payments"):
        for key, kind, times in world.rows(
            service, "SELECT key, type, count(*) FROM feed GROUP BY key, type"
        ):
            facts[key][kind] += times
    return Kept(
        orders=orders,
        accounts=accounts,
        facts=facts,
        holds=dict(world.rows("catalog", "SELECT order_id, state FROM reservation")),
        payments=dict(world.rows("payments", "SELECT order_id, state FROM payment")),
        money=_money(world.ledger()),
        mails=_mails(world.mails()),
        sold={
            sku: (reserved, sold)
            for sku, reserved, sold in world.rows(
                "catalog", "SELECT sku, reserved, sold FROM stock"
            )
        },
    )


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
