"""Compares what customers were told with what the shop keeps, invariant by invariant.

All orders and accounts are judged after each fault, for a later one can bring an old message again;
a sentence that was told once is not told again. Sentences say what to look for and where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.faults.evidence import Account, Kept, Money, Order
from tools.faults.history import History, Registration, Wish
from tools.faults.outcome import Verdict
from tools.faults.shelf import Shelf

_SHOWN = 20

PLACED = "orders.order_placed.v1"
CONFIRMED, CANCELLED = "orders.order_confirmed.v1", "orders.order_cancelled.v1"
REGISTERED = "users.user_registered.v1"
_OURS = "@faults.example"
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
        """I1 to I5. What is counted as checked is new since the last time."""
        kept = case.kept
        orders = len(kept.orders.keys() - self._orders)
        accounts = len(kept.accounts.keys() - self._accounts)
        wishes = sum(1 for _ in case.history.orders())
        verdicts = [
            self._verdict("I1", orders + wishes, _final(case)),
            self._verdict("I2", case.looks, _stock(case)),
            self._verdict("I3", orders, _money(kept)),
            self._verdict("I4", orders + accounts, _mails(case)),
            _rest(case, orders + accounts),
        ]
        self._orders |= kept.orders.keys()
        self._accounts |= kept.accounts.keys()
        return verdicts

    def _verdict(self, claim: str, checked: int, found: Iterator[str]) -> Verdict:
        new = [said for said in dict.fromkeys(found) if (claim, said) not in self._told]
        self._told.update((claim, said) for said in new)
        return _shown(claim, checked, new)


def _shown(claim: str, checked: int, found: Sequence[str]) -> Verdict:
    more = [f"... and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return Verdict(claim, not found, checked, (*found[:_SHOWN], *more))


def _final(case: Case) -> Iterator[str]:
    """I1."""
    kept = case.kept
    for order_id, order in kept.orders.items():
        facts = kept.facts.get(order_id, _NO_FACTS)
        ends = [facts[CONFIRMED], facts[CANCELLED]]
        if order.status not in _HOLD:
            yield f"order {order_id} is {order.status}, which is no final state"
            continue
        if ends != [int(order.status == "confirmed"), int(order.status == "cancelled")]:
            yield (
                f"order {order_id} is {order.status}, but its feed says OrderConfirmed "
                f"{ends[0]} and OrderCancelled {ends[1]} times"
            )
        if facts[PLACED] != 1:
            yield f"order {order_id} has {facts[PLACED]} OrderPlaced, not one"
        hold, wanted = kept.holds.get(order_id), _HOLD[order.status]
        if hold != wanted:
            yield f"order {order_id} is {order.status}, but its stock is {hold}"
    for order_id, hold in kept.holds.items():
        if order_id not in kept.orders and hold != "released":
            yield f"there is no order {order_id}, but its stock is {hold}"
    yield from _facts_of_nobody(kept, "orders.", kept.orders)
    for wish in case.history.wishes.values():
        yield from _told(wish, kept.orders.get(wish.order_id))
    yield from case.history.unreadable


_HOLD = {"confirmed": "committed", "cancelled": "released"}


def _facts_of_nobody(kept: Kept, prefix: str, known: Mapping[str, object]) -> Iterator[str]:
    """Events about an order or account that is not kept."""
    thing = "account" if prefix == "users." else "order"
    for key, facts in kept.facts.items():
        if key not in known:
            for kind, times in facts.items():
                if kind.startswith(prefix):
                    yield f"there is no {thing} {key}, but there are {times} {kind} about it"


def _told(wish: Wish, order: Order | None) -> Iterator[str]:
    """Whether a customer's knowledge of an order is the shop's."""
    about = f"order {wish.order_id} of {wish.email} (key {wish.key})"
    if wish.others:
        others = ", ".join(sorted(set(wish.others)))
        yield f"{about}: one key, and there is also order {others}"
    if order is None:
        if wish.placed:
            yield f"{about} was accepted, and does not exist"
        return
    if wish.said == "failed" or (wish.refused and not wish.placed):
        why = wish.refused or "at the door, each time"
        yield f"{about} was refused ({why}), and exists"
    units: dict[str, int] = {}
    for sku, quantity in wish.lines:
        units[sku] = units.get(sku, 0) + quantity
    if dict(order.units) != units or order.user_id != wish.user_id:
        yield f"{about} is not what was ordered: {dict(order.units)}"
    final = [state for state in wish.seen if state != "pending"]
    if len(final) > 1 or (final and final[0] != order.status):
        yield f"{about} was seen {', '.join(wish.seen)}, and is {order.status} in the end"
    if wish.told_cancelled and order.status != "cancelled":
        yield f"{about} was cancelled for its customer, and is {order.status}"


def _stock(case: Case) -> Iterator[str]:
    """I2: what the sampler saw, and in the end that what is sold was bought."""
    yield from case.watched.values()
    bought: Counter[str] = Counter()
    for order in case.kept.orders.values():
        if order.status == "confirmed":
            bought.update(order.units)
    for sku in sorted({*case.shelf.units, *case.kept.sold, *bought}):
        reserved, sold = case.kept.sold.get(sku, (0, 0))
        if sold != bought[sku] or reserved:
            yield (
                f"{sku}: {sold} sold and {reserved} reserved, but confirmed orders have "
                f"{bought[sku]}"
            )


def _money(kept: Kept) -> Iterator[str]:
    """I3."""
    for order_id, order in kept.orders.items():
        money = kept.money.get(order_id, _NOTHING)
        got, back = len(money.captures), len(money.refunds)
        right = (got, back) == (1, 0) if order.status == "confirmed" else got == back and got <= 1
        if not right:
            yield (
                f"order {order_id} is {order.status} ({order.reason or 'paid'}); it was captured "
                f"{got} times and refunded {back} times; payments says {kept.payments.get(order_id)}"
            )
        elif any(cents != order.cents for cents in (*money.captures, *money.refunds)):
            yield f"order {order_id} costs {order.cents} cents; the ledger says {money}"
    for order_id, money in kept.money.items():
        if order_id not in kept.orders:
            got, back = len(money.captures), len(money.refunds)
            yield (
                f"there is no order {order_id}, but the provider captured {got} times and refunded "
                f"{back} times for it"
            )
    for order_id, state in kept.payments.items():
        if order_id not in kept.orders:
            yield f"there is no order {order_id}, but its payment is {state}"
    yield from _facts_of_nobody(kept, "payments.", kept.orders)


def _mails(case: Case) -> Iterator[str]:
    """I4."""
    kept = case.kept
    for account in kept.accounts.values():
        if account.email.endswith(_OURS):
            yield from _welcomed(kept, account)
    yield from _facts_of_nobody(kept, "users.", kept.accounts)
    emails = {account.user_id: account.email for account in kept.accounts.values()}
    known = set(emails.values())
    for registration in case.history.registrations.values():
        yield from _registered(registration, known)
    asked_for = {(account.email, _welcome(account)) for account in kept.accounts.values()}
    for order_id, order in kept.orders.items():
        to = emails.get(order.user_id, "")
        for subject, wanted in _subjects(order, kept.money.get(order_id, _NOTHING)):
            asked_for.add((to, subject))
            came = kept.mails.get((to, subject), ())
            if len(came) != int(wanted):
                yield (
                    f"{to} has {len(came)} mails '{subject}' {list(came)}, not {int(wanted)}; the "
                    f"order is {order.status}"
                )
    for (to, subject), came in kept.mails.items():
        if (to, subject) not in asked_for:
            yield f"{to} has {len(came)} mails '{subject}' {list(came)}, which are not for them"


def _welcome(account: Account) -> str:
    return f"Welcome, {account.name}"


def _welcomed(kept: Kept, account: Account) -> Iterator[str]:
    events = kept.facts.get(account.user_id, _NO_FACTS)[REGISTERED]
    came = kept.mails.get((account.email, _welcome(account)), ())
    if len(came) != 1 or events != 1:
        yield (
            f"{account.email} ({account.user_id}) has {len(came)} welcomes {list(came)} and "
            f"{events} UserRegistered"
        )


def _subjects(order: Order, money: Money) -> tuple[tuple[str, bool], ...]:
    """What may be mailed about an order, and whether it has to be."""
    return (
        (f"Your order is confirmed: {order.order_id}", order.status == "confirmed"),
        (f"Your order is cancelled: {order.order_id}", order.status == "cancelled"),
        (f"Your refund for order {order.order_id}", bool(money.refunds)),
    )


def _registered(registration: Registration, known: set[str]) -> Iterator[str]:
    if registration.said == "ok" and registration.email not in known:
        yield f"{registration.email} was told of an account that is not there"
    if registration.said == "failed" and registration.email in known:
        yield f"{registration.email} was refused, and has an account"


def _rest(case: Case, checked: int) -> Verdict:
    """I5. What was told before is not in it: it can be gone, and there again in the same words."""
    found = (*case.left.values(), *case.parked.values())
    return _shown("I5", checked, found)
