"""Placing an order, from the first step to its end, and what undoes each step.

    step                     where      undone by
    ----------------------   --------   ------------------------------------------------------
    1 hold stock             here       give the hold back (else it lapses after a while)
    2 record the order       here       its transaction rolls back; afterwards: cancel
    3 capture the payment    payments   refund, when it hears OrderCancelled
    4 confirm or cancel      here       nothing: both are final
    5 commit the hold        catalog    it is released instead, when it hears OrderCancelled
    6 mail                   notifications

Steps 1 and 2 are the list below. The others follow from facts: payments reads OrderPlaced and states
PaymentCaptured or PaymentDeclined; `consumers.py` takes those to step 4. Whatever dies in between, the
job CheckOrder looks at the order when its deadline has passed and ends it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from contracts.catalog import v1 as catalog
from contracts.core import Problem
from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from services.orders.deps import Deps
from services.orders.jobs import CheckOrder
from services.orders.models import Order

log = get_logger(__name__)


@dataclass
class Placing:
    """An order on its way through the steps."""

    order_id: OrderId
    user_id: UserId
    request: orders.PlaceOrder
    held: tuple[catalog.HeldLine, ...] = ()
    order: Order | None = field(default=None)


def _hold_stock(placing: Placing, deps: Deps) -> None:
    lines = tuple(
        catalog.Line(sku=line.sku, quantity=line.quantity) for line in placing.request.lines
    )
    match deps.peers.attempt(catalog.ReserveStock(order_id=placing.order_id, lines=lines)):
        case catalog.Reservation() as reservation:
            placing.held = reservation.lines
        case catalog.OutOfStock() as short:
            raise orders.LineUnavailable(sku=short.sku, units_left=short.units_left)
        case catalog.UnknownLine() as unknown:
            raise orders.UnknownProduct(sku=unknown.sku)
        case catalog.ReservationEnded():
            # The order was cancelled before, and recording finds it; or the first request died
            # right after this step, and nobody came back until the hold had lapsed.
            return
        case never:
            assert_never(never)


def _give_stock_back(placing: Placing, deps: Deps) -> None:
    if placing.held:
        deps.peers.attempt(catalog.ReleaseStock(order_id=placing.order_id))


def _record_order(placing: Placing, deps: Deps) -> None:
    with deps.messages.transaction() as tx:
        known = tx.session.get(Order, placing.order_id)
        if known is None:
            known = _new_order(placing, deps)
            tx.session.add(known)
            tx.session.flush()
            tx.publish(
                orders.OrderPlaced(
                    order_id=placing.order_id,
                    user_id=placing.user_id,
                    total=known.total,
                    payment_method=known.payment_method,
                )
            )
            tx.later(
                CheckOrder(order_id=placing.order_id),
                key=f"check:{placing.order_id}",
                delay=deps.order_deadline,
            )
        placing.order = known


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done, and what takes it back."""

    do: Callable[[Placing, Deps], None]
    undo: Callable[[Placing, Deps], None] | None = None


STEPS = (
    Step(_hold_stock, undo=_give_stock_back),
    Step(_record_order),
)


def place(deps: Deps, user_id: UserId, key: str, request: orders.PlaceOrder) -> orders.Order:
    """The order that this request placed, now or the first time it came with this key. Raises the
    problem that kept it from being placed, Unavailable when a step could not be done."""
    placing = Placing(order_id_for(user_id, key), user_id, request)
    done: list[Step] = []
    for step in STEPS:
        try:
            step.do(placing, deps)
        except Problem:
            _undo(done, placing, deps)
            raise
        # Anything else leaves open what was done: a repeat with the same key goes on from there,
        # and without one the hold lapses.
        done.append(step)
    assert placing.order is not None
    return placing.order.as_placed()


def order_id_for(user_id: UserId, key: str) -> OrderId:
    """The same for the same customer and key, so that a repeat meets what the first one left."""
    digest = hashlib.sha256(f"{user_id}\0{key}".encode()).digest()
    number = int.from_bytes(digest, "big")
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return OrderId("ord_" + "".join(digits[(number // 36**place) % 36] for place in range(26)))


def _undo(done: list[Step], placing: Placing, deps: Deps) -> None:
    for step in reversed(done):
        if step.undo is None:
            continue
        try:
            step.undo(placing, deps)
        except Unavailable as error:
            log.warning("not undone", order_id=placing.order_id, why=error.why)


def _new_order(placing: Placing, deps: Deps) -> Order:
    if not placing.held:
        raise orders.TriedTooLate
    lines = [
        orders.PricedLine(
            sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price
        )
        for line in placing.held
    ]
    nothing = Money(cents=0, currency=lines[0].unit_price.currency)
    now = datetime.now(UTC)
    total = sum((line.unit_price * line.quantity for line in lines), start=nothing)
    return Order(
        order_id=placing.order_id,
        user_id=placing.user_id,
        lines=[line.model_dump(mode="json") for line in lines],
        total_cents=total.cents,
        currency=total.currency,
        payment_method=placing.request.payment_method,
        placed_at=now,
        deadline_at=now + deps.order_deadline,
    )
