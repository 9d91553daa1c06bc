"""Compares what customers were told with what the shop keeps, invariant by invariant.

A check gives names and sentences: the name keeps one finding from being told again after the next
fault, the sentence says what to look for and where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tools.faults.evidence import Account, Kept, Money, Order
from tools.faults.history import History, Registration, Wish
from tools.faults.outcome import Verdict
from tools.faults.shelf import Shelf

Finding = tuple[str, str]
_SHOWN = 20

PLACED = "orders.order_placed.v1"
CONFIRMED, CANCELLED = "orders.order_confirmed.v1", "orders.order_cancelled.v1"
REGISTERED = "users.user_registered.v1"
_NOTHING = Money((), ())
_NO_FACTS: Counter[str] = Counter()


@dataclass(frozen=True)
class Case:
    """All that is judged at the end of a round. `watched` are the sampler's looks and what it saw,
    `left` what had not come to rest, `parked` what was given up and not planted."""

    history: History
    kept: Kept
    shelf: Shelf
    looks: int
    watched: Mapping[str, str]
    left: Mapping[str, str]
    parked: Mapping[str, str]


class Checker:
    """Of one run; what it has told once it does not tell again."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()
        self._orders: set[str] = set()
        self._accounts: set[str] = set()

    def judge(self, case: Case) -> list[Verdict]:
        """I1 to I5."""
        kept = case.kept
        orders = {k: o for k, o in kept.orders.items() if k not in self._orders}
        accounts = {k: a for k, a in kept.accounts.items() if k not in self._accounts}
        wishes = list(case.history.orders())
        verdicts = [
            self._verdict("I1", len(orders) + len(wishes), lambda: _final(case, orders, wishes)),
            self._verdict("I2", case.looks, lambda: _stock(case)),
            self._verdict("I3", len(orders), lambda: _money(kept, orders)),
            self._verdict(
                "I4", len(orders) + len(accounts), lambda: _mails(case, orders, accounts)
            ),
            self._verdict("I5", len(orders) + len(accounts), lambda: _rest(case)),
        ]
        self._orders |= kept.orders.keys()
        self._accounts |= kept.accounts.keys()
        return verdicts

    def _verdict(self, claim: str, checked: int, check: Callable[[], Iterator[Finding]]) -> Verdict:
        new: list[str] = []
        for name, sentence in check():
            if (claim, name) not in self._told:
                self._told.add((claim, name))
                new.append(sentence)
        more = [f"... and {len(new) - _SHOWN} more"] if len(new) > _SHOWN else []
        return Verdict(claim, not new, checked, (*new[:_SHOWN], *more))


def _final(case: Case, orders: Mapping[str, Order], wishes: list[Wish]) -> Iterator[Finding]:
    """I1."""
    kept = case.kept
    for order_id, order in orders.items():
        facts = kept.facts.get(order_id, _NO_FACTS)
        ends = [facts[CONFIRMED], facts[CANCELLED]]
        if order.status not in ("confirmed", "cancelled"):
            yield order_id, f"order {order_id} is {order.status}, which is no final state"
            continue
        if ends != [int(order.status == "confirmed"), int(order.status == "cancelled")]:
            yield (
                order_id,
                f"order {order_id} is {order.status}, but its feed says OrderConfirmed "
                f"{ends[0]} and OrderCancelled {ends[1]} times",
            )
        if facts[PLACED] != 1:
            yield (
                f"{order_id}+",
                f"order {order_id} has {facts[PLACED]} OrderPlaced, not one",
            )
        hold, wanted = kept.holds.get(order_id), _HOLD[order.status]
        if hold != wanted:
            yield f"{order_id}/", f"order {order_id} is {order.status}, but its stock is {hold}"
    for order_id, hold in kept.holds.items():
        if order_id not in kept.orders and hold != "released":
            yield order_id, f"there is no order {order_id}, but its stock is {hold}"
    for wish in wishes:
        yield from _told(wish, kept.orders.get(wish.order_id))


_HOLD = {"confirmed": "committed", "cancelled": "released"}


def _told(wish: Wish, order: Order | None) -> Iterator[Finding]:
    """Whether a customer's knowledge of an order is the shop's."""
    about = f"order {wish.order_id} of {wish.email} (key {wish.key})"
    if wish.others:
        others = ", ".join(sorted(set(wish.others)))
        yield f"{wish.order_id}?", f"{about}: one key, and there is also order {others}"
    if order is None:
        if wish.placed:
            yield f"{wish.order_id}?", f"{about} was accepted, and does not exist"
        return
    if wish.said == "failed" or (wish.refused and not wish.placed):
        why = wish.refused or "certainly not heard"
        yield f"{wish.order_id}?", f"{about} was refused ({why}), and exists"
    units: dict[str, int] = {}
    for sku, quantity in wish.lines:
        units[sku] = units.get(sku, 0) + quantity
    if dict(order.units) != units or order.user_id != wish.user_id:
        yield f"{wish.order_id}!", f"{about} is not what was ordered: {dict(order.units)}"
    final = [state for state in wish.seen if state != "pending"]
    if len(final) > 1 or (final and final[0] != order.status):
        yield (
            f"{wish.order_id}>",
            f"{about} was seen {', '.join(wish.seen)}, and is {order.status} in the end",
        )
    if wish.told_cancelled and order.status != "cancelled":
        yield f"{wish.order_id}<", f"{about} was cancelled for its customer, and is {order.status}"


def _stock(case: Case) -> Iterator[Finding]:
    """I2: what the sampler saw, and in the end that what is sold was bought."""
    yield from case.watched.items()
    bought = dict.fromkeys(case.shelf.units, 0)
    for order in case.kept.orders.values():
        if order.status == "confirmed":
            for sku, units in order.units.items():
                if sku in bought:
                    bought[sku] += units
    for sku, units in bought.items():
        reserved, sold = case.kept.sold.get(sku, (0, 0))
        if sold != units or reserved:
            yield (
                f"{sku} sold",
                f"{sku}: {sold} sold and {reserved} reserved, but confirmed orders have {units}",
            )


def _money(kept: Kept, orders: Mapping[str, Order]) -> Iterator[Finding]:
    """I3."""
    for order_id, order in orders.items():
        money = kept.money.get(order_id, _NOTHING)
        got, back = len(money.captures), len(money.refunds)
        right = (got, back) == (1, 0) if order.status == "confirmed" else got == back and got <= 1
        if not right:
            yield (
                order_id,
                f"order {order_id} is {order.status} ({order.reason or 'paid'}); it was captured "
                f"{got} times and refunded {back} times; payments says {kept.payments.get(order_id)}",
            )
        elif any(cents != order.cents for cents in (*money.captures, *money.refunds)):
            yield order_id, f"order {order_id} costs {order.cents} cents; the ledger says {money}"
    for order_id, money in kept.money.items():
        if order_id not in kept.orders and len(money.captures) != len(money.refunds):
            yield order_id, f"there is no order {order_id}, but the provider captured for it"


def _mails(
    case: Case, orders: Mapping[str, Order], accounts: Mapping[str, Account]
) -> Iterator[Finding]:
    """I4. The subjects name the order; a welcome is told by its recipient."""
    kept = case.kept
    for account in accounts.values():
        if not account.email.endswith("@faults.example"):
            continue
        events = kept.facts.get(account.user_id, _NO_FACTS)[REGISTERED]
        came = kept.mails.get((account.email, f"Welcome, {account.name}"), ())
        if len(came) != 1 or events != 1:
            yield (
                account.user_id,
                f"{account.email} ({account.user_id}) has {len(came)} welcomes {list(came)} and "
                f"{events} UserRegistered",
            )
    known = {account.email for account in kept.accounts.values()}
    for registration in case.history.accounts():
        yield from _registered(registration, known)
    emails = {account.user_id: account.email for account in kept.accounts.values()}
    for order_id, order in orders.items():
        to = emails.get(order.user_id, "")
        subjects = {
            f"Your order is confirmed: {order_id}": order.status == "confirmed",
            f"Your order is cancelled: {order_id}": order.status == "cancelled",
            f"Your refund for order {order_id}": bool(kept.money.get(order_id, _NOTHING).refunds),
        }
        for subject, wanted in subjects.items():
            came = kept.mails.get((to, subject), ())
            if len(came) != int(wanted):
                yield (
                    f"{order_id} {subject}",
                    f"{to} has {len(came)} mails '{subject}' {list(came)}, not {int(wanted)}; the "
                    f"order is {order.status}",
                )


def _registered(registration: Registration, known: set[str]) -> Iterator[Finding]:
    if registration.said == "ok" and registration.email not in known:
        yield registration.email, f"{registration.email} was told of an account that is not there"
    if registration.said == "failed" and registration.email in known:
        yield registration.email, f"{registration.email} was refused, and has an account"


def _rest(case: Case) -> Iterator[Finding]:
    """I5."""
    yield from case.left.items()
    yield from case.parked.items()
