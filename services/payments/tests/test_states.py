"""No payment can be written into a state that it may not have."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contracts.payments.v1 import State
from services.payments.models import TRANSITIONS, Payment
from services.payments.tests.conftest import PLACED, Payments

STATES = State.known()
_DRESSED = """
    UPDATE payment SET state = '{state}',
        capture_reference = CASE WHEN '{state}' IN ('captured', 'refunding', 'refunded') THEN 'c' END,
        refund_reference = CASE WHEN '{state}' = 'refunded' THEN 'r' END,
        detail = CASE WHEN '{state}' = 'declined' THEN 'no' END"""


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(STATES, 2)))
def test_the_database_takes_exactly_the_changes_that_are_listed(
    shop: Payments, old: State, new: State
) -> None:
    shop.hear(PLACED)
    for step in _way_to(old):
        shop.sql(_DRESSED.format(state=step.value))

    if new in TRANSITIONS[old]:
        shop.sql(_DRESSED.format(state=new.value))
        assert shop.state() == new
    else:
        with pytest.raises(IntegrityError):
            shop.sql(_DRESSED.format(state=new.value))
        assert shop.state() == old


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.REQUESTED])
def test_no_payment_begins_in_the_middle(shop: Payments, state: State) -> None:
    statement = text(
        "INSERT INTO payment (order_id, user_id, state, created_at, updated_at, cents, currency,"
        " payment_method, capture_reference, refund_reference, detail) VALUES"
        f" ('o', 'u', '{state.value}', now(), now(), 1, 'EUR', 'pm', 'c', 'r', 'd')"
    )

    with pytest.raises(IntegrityError):
        with shop.deps.messages.database.transaction() as session:
            session.execute(statement)


@pytest.mark.parametrize(
    "change", ["cents = 1", "currency = 'USD'", "payment_method = 'pm_x'", "order_id = 'ord_2'"]
)
def test_what_a_payment_is_for_never_changes(shop: Payments, change: str) -> None:
    shop.hear(PLACED)

    with pytest.raises(IntegrityError):
        shop.sql(f"UPDATE payment SET {change}")


def test_code_that_would_write_an_illegal_change_fails_before_it_does(shop: Payments) -> None:
    shop.hear(PLACED)
    with shop.deps.messages.database.transaction() as session:
        payment = session.get_one(Payment, PLACED.order_id)

    with pytest.raises(ValueError, match="requested"):
        payment.become(State.REFUNDED)


def _way_to(state: State) -> list[State]:
    return {
        State.REQUESTED: [],
        State.CAPTURED: [State.CAPTURED],
        State.DECLINED: [State.DECLINED],
        State.ABANDONED: [State.ABANDONED],
        State.REFUNDING: [State.CAPTURED, State.REFUNDING],
        State.REFUNDED: [State.CAPTURED, State.REFUNDING, State.REFUNDED],
    }[state]
