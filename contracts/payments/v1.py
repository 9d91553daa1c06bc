"""What the payments service promises: for each order at most one capture, and its refund."""

from __future__ import annotations

from contracts.core import Admin, Event, OpenEnum, Problem, Request, Service, Value
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from contracts.shared.time import Timestamp


class State(OpenEnum):
    """Where a payment stands."""

    REQUESTED = "requested"
    CAPTURED = "captured"
    DECLINED = "declined"
    ABANDONED = "abandoned"  # its order was cancelled before anything was captured
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"


class Payment(Value):
    """The payment of one order."""

    order_id: OrderId
    user_id: UserId
    amount: Money
    state: State
    detail: str | None = None
    updated_at: Timestamp


class NoSuchPayment(Problem, status=404, title="No such payment"):
    """Nothing was asked for this order."""

    order_id: OrderId


class GetPayment(
    Request[Admin | Service, Payment, NoSuchPayment], http="GET /api/v1/payments/{order_id}"
):
    """The payment of an order."""

    order_id: OrderId


class PaymentCaptured(Event, name="payments.payment_captured.v1", key="order_id"):
    """The customer paid; once per order at most."""

    order_id: OrderId
    amount: Money


class PaymentDeclined(Event, name="payments.payment_declined.v1", key="order_id"):
    """The customer's bank refused; nothing was charged, and nothing will be for this order."""

    order_id: OrderId
    reason: str


class PaymentRefunded(Event, name="payments.payment_refunded.v1", key="order_id"):
    """What was captured went back to the customer; once per order at most."""

    order_id: OrderId
    user_id: UserId
    amount: Money
