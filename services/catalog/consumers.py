"""Events in; the table of consumers is at the end."""

from __future__ import annotations

from contracts.catalog import v1 as catalog
from contracts.orders import v1 as orders
from libs.messaging import Tx
from services.catalog import reservations
from services.catalog.deps import Deps


def sell(event: orders.OrderConfirmed, tx: Tx, _: Deps) -> None:
    reservations.commit(tx, event.order_id)


def give_back(event: orders.OrderCancelled, tx: Tx, _: Deps) -> None:
    state = reservations.release(tx, event.order_id)
    if state is catalog.ReservationState.COMMITTED:
        raise reservations.HoldIsGone(
            f"{event.order_id} is cancelled and was sold before: put its units back by hand"
        )


consumers = (
    orders.OrderConfirmed.handled_by(sell),
    orders.OrderCancelled.handled_by(give_back),
)
