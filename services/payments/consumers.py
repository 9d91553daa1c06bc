"""Events in; the table of consumers is at the end."""

from __future__ import annotations

from contracts.orders import v1 as orders
from libs.messaging import Tx
from services.payments import services
from services.payments.deps import Deps


def request_payment(event: orders.OrderPlaced, tx: Tx, _: Deps) -> None:
    services.request(tx, event)


def call_off(event: orders.OrderCancelled, tx: Tx, _: Deps) -> None:
    services.call_off(tx, event.order_id, event.user_id)


consumers = (
    orders.OrderPlaced.handled_by(request_payment),
    orders.OrderCancelled.handled_by(call_off),
)
