"""What the orders service does with orders that are placed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import assert_never

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from contracts.core import Page
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.ids import OrderId, UserId
from libs.messaging import Tx
from libs.telemetry.logs import get_logger
from services.orders.deps import Deps
from services.orders.models import Order

log = get_logger(__name__)


def confirm(tx: Tx, order_id: OrderId) -> bool:
    """Confirm an order that is pending; whether this call did."""
    ended = _end(tx.session, order_id, status=orders.Status.CONFIRMED)
    if ended is not None:
        tx.publish(orders.OrderConfirmed(order_id=order_id, user_id=UserId(ended.user_id)))
    return ended is not None


def cancel(tx: Tx, order_id: OrderId, reason: orders.Reason, detail: str | None = None) -> bool:
    """Cancel an order that is pending; whether this call did. What was held or captured for it is
    given back by those who read OrderCancelled."""
    ended = _end(tx.session, order_id, status=orders.Status.CANCELLED, reason=reason, detail=detail)
    if ended is not None:
        tx.publish(
            orders.OrderCancelled(order_id=order_id, user_id=UserId(ended.user_id), reason=reason)
        )
    return ended is not None


def cancel_by_customer(
    deps: Deps, user_id: UserId, order_id: OrderId
) -> orders.Order | orders.NoSuchOrder | orders.TooLateToCancel:
    """The order, cancelled now or before; a stranger's does not exist."""
    with deps.messages.transaction() as tx:
        order = tx.session.get(Order, order_id, with_for_update=True)
        if order is None or order.user_id != user_id:
            return orders.NoSuchOrder(order_id=order_id)
        if order.status == orders.Status.CONFIRMED:
            return orders.TooLateToCancel(order_id=order_id)
        cancel(tx, order_id, orders.Reason.BY_CUSTOMER)
        tx.session.refresh(order)
        return order.view()


def find(
    deps: Deps, order_id: OrderId, *, of: UserId | None = None
) -> orders.Order | orders.NoSuchOrder:
    """The order as it stands; with `of`, only if it is this customer's."""
    with deps.messages.database.transaction() as session:
        order = session.get(Order, order_id)
    if order is None or (of is not None and order.user_id != of):
        return orders.NoSuchOrder(order_id=order_id)
    return order.view()


def list_of(
    deps: Deps, user_id: UserId, request: orders.ListOrders
) -> Page[orders.Order] | orders.BadCursor:
    """A customer's orders, the latest first."""
    chosen = select(Order).where(Order.user_id == user_id)
    if request.status is not None:
        chosen = chosen.where(Order.status == request.status.value)
    if request.cursor is not None:
        if (after := _after(request.cursor)) is None:
            return orders.BadCursor()
        chosen = chosen.where(tuple_(Order.placed_at, Order.order_id) < after)
    chosen = chosen.order_by(Order.placed_at.desc(), Order.order_id.desc())
    with deps.messages.database.transaction() as session:
        found = session.scalars(chosen.limit(request.limit + 1)).all()
    page = found[: request.limit]
    return Page[orders.Order](
        items=tuple(order.view() for order in page),
        next_cursor=_cursor(page[-1]) if len(found) > request.limit else None,
    )


def reconcile(deps: Deps, order_id: OrderId) -> None:
    """End an order whose deadline has passed, by what payments knows. Raises Unavailable when
    payments does not say; safe to repeat."""
    order = find(deps, order_id)
    if isinstance(order, orders.NoSuchOrder) or order.status is not orders.Status.PENDING:
        return
    answer = deps.peers.attempt(payments.GetPayment(order_id=order_id))
    with deps.messages.transaction() as tx:
        match answer:
            case payments.Payment(state=payments.State.CAPTURED):
                confirm(tx, order_id)
            case payments.Payment(state=payments.State.DECLINED, detail=detail):
                cancel(tx, order_id, orders.Reason.PAYMENT_DECLINED, detail)
            case payments.Payment() | payments.NoSuchPayment():
                cancel(tx, order_id, orders.Reason.TOOK_TOO_LONG)
            case never:
                assert_never(never)
    log.info("reconciled", order_id=order_id)


def _end(
    session: Session,
    order_id: OrderId,
    *,
    status: orders.Status,
    reason: orders.Reason | None = None,
    detail: str | None = None,
) -> Order | None:
    """The one place where an order ends: from pending, once. None when it had ended before."""
    return session.scalar(
        update(Order)
        .where(Order.order_id == order_id, Order.status == orders.Status.PENDING.value)
        .values(
            status=status.value,
            reason=reason.value if reason else None,
            detail=detail,
            ended_at=datetime.now(UTC),
        )
        .returning(Order)
    )


def _cursor(last: Order) -> str:
    place = f"{last.placed_at.isoformat()}|{last.order_id}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(cursor: str) -> tuple[datetime, str] | None:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, _, order_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        placed_at = datetime.fromisoformat(moment)
    except ValueError:  # of base64, of UTF-8, or of a date
        return None
    return None if placed_at.tzinfo is None or "\0" in order_id else (placed_at, order_id)
