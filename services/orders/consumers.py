"""Events in; the table of consumers is at the end."""

from __future__ import annotations

from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from libs.messaging import Tx
from services.orders import services
from services.orders.deps import Deps


def confirm_paid(event: payments.PaymentCaptured, tx: Tx, _: Deps) -> None:
    # An order that was cancelled in the meantime stays so: payments hears of that, and refunds.
    services.confirm(tx, event.order_id)


def cancel_unpaid(event: payments.PaymentDeclined, tx: Tx, _: Deps) -> None:
    services.cancel(tx, event.order_id, orders.Reason.PAYMENT_DECLINED, event.reason)


consumers = (
    payments.PaymentCaptured.handled_by(confirm_paid),
    payments.PaymentDeclined.handled_by(cancel_unpaid),
)
