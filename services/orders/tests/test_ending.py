"""How an order ends: confirmed or cancelled, once, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.ids import OrderId
from contracts.shared.money import Money
from libs.client import Api
from libs.messaging import Tx
from libs.operations.errors import Unavailable
from libs.testing import DeadNeighbour
from services.orders.consumers import cancel_unpaid, confirm_paid
from services.orders.deps import Deps
from services.orders.jobs import CheckOrder, check_order
from services.orders.tests.conftest import TWO_MUGS, World

PLACED, CONFIRMED, CANCELLED = (
    f"orders.order_{fact}.v1" for fact in ("placed", "confirmed", "cancelled")
)


@pytest.fixture
def order_id(ada: Api) -> OrderId:
    return ada.send(TWO_MUGS, key="k").order_id


def captured(deps: Deps, order_id: OrderId) -> None:
    event = payments.PaymentCaptured(order_id=order_id, amount=Money(cents=1600))
    with deps.messages.database.transaction() as session:
        confirm_paid(event, Tx(session, event_id="captured"), deps)


def declined(deps: Deps, order_id: OrderId) -> None:
    event = payments.PaymentDeclined(order_id=order_id, reason="Your card was declined.")
    with deps.messages.database.transaction() as session:
        cancel_unpaid(event, Tx(session, event_id="declined"), deps)


def test_a_paid_order_is_confirmed_once(
    ada: Api, deps: Deps, order_id: OrderId, published: Callable[[], list[str]]
) -> None:
    captured(deps, order_id)
    captured(deps, order_id)

    assert ada.send(orders.GetOrder(order_id=order_id)).status is orders.Status.CONFIRMED
    assert published() == [PLACED, CONFIRMED]


def test_a_declined_order_is_cancelled_and_says_why(
    ada: Api, deps: Deps, order_id: OrderId, published: Callable[[], list[str]]
) -> None:
    declined(deps, order_id)
    declined(deps, order_id)

    order = ada.send(orders.GetOrder(order_id=order_id))
    assert (order.status, order.reason) == (
        orders.Status.CANCELLED,
        orders.Reason.PAYMENT_DECLINED,
    )
    assert order.detail == "Your card was declined."
    assert published() == [PLACED, CANCELLED]


def test_a_payment_that_comes_after_the_cancellation_confirms_nothing(
    ada: Api, deps: Deps, order_id: OrderId, published: Callable[[], list[str]]
) -> None:
    ada.send(orders.CancelOrder(order_id=order_id))

    captured(deps, order_id)

    assert ada.send(orders.GetOrder(order_id=order_id)).status is orders.Status.CANCELLED
    assert published() == [PLACED, CANCELLED]


def test_cancelling_twice_is_cancelling_once(
    ada: Api, order_id: OrderId, published: Callable[[], list[str]]
) -> None:
    first = ada.send(orders.CancelOrder(order_id=order_id))
    again = ada.send(orders.CancelOrder(order_id=order_id))

    assert again == first
    assert first.reason is orders.Reason.BY_CUSTOMER
    assert published() == [PLACED, CANCELLED]


def test_a_confirmed_order_cannot_be_cancelled(ada: Api, deps: Deps, order_id: OrderId) -> None:
    captured(deps, order_id)

    refused = ada.attempt(orders.CancelOrder(order_id=order_id))

    assert refused == orders.TooLateToCancel(order_id=order_id)


@pytest.mark.parametrize(
    ("known", "status", "reason"),
    [
        (payments.State.CAPTURED, orders.Status.CONFIRMED, None),
        (payments.State.DECLINED, orders.Status.CANCELLED, orders.Reason.PAYMENT_DECLINED),
        (payments.State.REQUESTED, orders.Status.CANCELLED, orders.Reason.TOOK_TOO_LONG),
        (None, orders.Status.CANCELLED, orders.Reason.TOOK_TOO_LONG),
    ],
)
def test_an_order_whose_deadline_has_passed_ends_by_what_payments_knows(
    ada: Api,
    deps: Deps,
    world: World,
    order_id: OrderId,
    known: payments.State | None,
    status: orders.Status,
    reason: orders.Reason | None,
) -> None:
    if known:
        world.paid[order_id] = known

    check_order(CheckOrder(order_id=order_id), deps)
    check_order(CheckOrder(order_id=order_id), deps)

    order = ada.send(orders.GetOrder(order_id=order_id))
    assert (order.status, order.reason) == (status, reason)


def test_with_payments_dead_the_check_waits(ada: Api, deps: Deps, order_id: OrderId) -> None:
    deps.peers.put("payments", DeadNeighbour("payments"))

    with pytest.raises(Unavailable):
        check_order(CheckOrder(order_id=order_id), deps)

    assert ada.send(orders.GetOrder(order_id=order_id)).status is orders.Status.PENDING


@pytest.mark.usefixtures("order_id")
def test_each_order_has_a_check_noted_for_its_deadline(deps: Deps) -> None:
    with deps.messages.database.transaction() as session:
        ((name, minutes),) = session.execute(
            text("SELECT name, extract(epoch FROM due_at - now()) / 60 FROM job")
        ).all()

    assert name == "orders.check_order"
    assert 1 < minutes <= 2


@pytest.mark.parametrize("status", ["pending", "cancelled", "nonsense"])
def test_the_database_itself_refuses_a_second_end(
    deps: Deps, order_id: OrderId, status: str
) -> None:
    captured(deps, order_id)

    with pytest.raises(DBAPIError), deps.messages.database.transaction() as session:
        session.execute(
            text("UPDATE customer_order SET status = :status, reason = :reason, ended_at = now()"),
            {"status": status, "reason": "by_customer" if status == "cancelled" else None},
        )
