"""A contract with keyed operations, and a world in which a test decides how they end. It calls
itself `contracts.bank.v1`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from contracts.core import KEYED, Anyone, Problem, Request, Service, User, Value
from contracts.shared.ids import UserId
from libs.operations.context import idempotency_key
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Envelope, Identity, Nobody, Reply
from libs.operations.repeats import Repeats

page = sys.modules[__name__]
__name__ = "contracts.bank.v1"
page.__name__ = __name__
sys.modules[__name__] = page

ADA, BOB = UserId("usr_" + "a" * 26), UserId("usr_" + "b" * 26)


class Receipt(Value):
    number: int
    cents: int


class Broke(Problem, status=409, title="Not enough money"):
    cents_left: int


class LoggedOut(Problem, status=401, title="Log in again"):
    """Not final: who logs in may ask again."""


class TooOften(Problem, status=429, title="Too often"):
    retry_after_s: int


class Pay(
    Request[User | Service, Receipt, Broke | LoggedOut | TooOften],
    http="POST /api/v1/accounts/{account}/payments",
    status=201,
    repeat=KEYED,
):
    """Pay so much."""

    account: Annotated[str, Field(min_length=1, max_length=20)]
    cents: int


class Close(Request[Anyone, None], http="POST /api/v1/closings", repeat=KEYED):
    """Close the bank."""


@dataclass
class Bank:
    """`pays` says how a payment ends; `keys` are those that handlers saw."""

    pays: Callable[[Pay], Receipt | Broke | LoggedOut | TooOften] | None = None
    keys: list[str] = field(default_factory=list)


def pay(request: Pay, _: User | Service, bank: Bank) -> Receipt | Broke | LoggedOut | TooOften:
    bank.keys.append(idempotency_key())
    if bank.pays is not None:
        return bank.pays(request)
    return Receipt(number=len(bank.keys), cents=request.cents)


def close(_: Close, __: Anyone, bank: Bank) -> None:
    bank.keys.append(idempotency_key())


routes = (Pay.handled_by(pay), Close.handled_by(close))


def ask(
    bank: Bank,
    repeats: Repeats | None,
    key: str | None,
    *,
    body: bytes = b'{"cents": 5}',
    account: str = "1",
    identity: Identity = Identity(User(ADA)),  # noqa: B008  # frozen
) -> Reply:
    """Ask the bank for a payment."""
    served = Dispatcher("bank", (page,), routes, bank, Nobody(identity), repeats=repeats)
    return served.dispatch("Pay", {"account": account}, (), body, Envelope(idempotency_key=key))
