"""What the orders service promises: an order is placed whole or refused, and ends in one of two
final states."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.core import (
    KEYED,
    SAFE,
    Admin,
    Event,
    OpenEnum,
    Page,
    Problem,
    Request,
    Service,
    User,
    Value,
)
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from contracts.shared.quantities import Quantity
from contracts.shared.time import Timestamp

PaymentMethod = Annotated[
    str, StringConstraints(pattern=r"^pm_[A-Za-z0-9_]{1,60}$"), Field(examples=["pm_card_visa"])
]
"""A token of the payment provider; card numbers never come here."""


class Status(OpenEnum):
    """Where an order stands. `confirmed` and `cancelled` are final."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Reason(OpenEnum):
    """Why an order was cancelled."""

    BY_CUSTOMER = "by_customer"
    PAYMENT_DECLINED = "payment_declined"
    RESERVATION_LOST = "reservation_lost"
    TOOK_TOO_LONG = "took_too_long"
    UNKNOWN = "unknown"


class Line(Value):
    """So many of a product."""

    sku: Sku
    quantity: Quantity


class PricedLine(Value):
    """A line at the price that the catalog had when the order was placed."""

    sku: Sku
    name: str
    quantity: Quantity
    unit_price: Money


class Order(Value):
    """An order as its customer sees it. `reason` and `detail` say why it was cancelled."""

    order_id: OrderId
    user_id: UserId
    status: Status
    lines: tuple[PricedLine, ...]
    total: Money
    placed_at: Timestamp
    reason: Reason | None = None
    detail: str | None = None


class LineUnavailable(Problem, status=409, title="Not enough stock for a line"):
    """Nothing was ordered: all lines or none."""

    sku: Sku
    units_left: int


class UnknownProduct(Problem, status=422, title="A line names no product"):
    """Nothing was ordered."""

    sku: Sku


class TriedTooLate(Problem, status=409, title="This Idempotency-Key came back too late"):
    """Nothing was ordered: what its first request had held was given back long ago. Order again with
    a new key."""


class NoSuchOrder(Problem, status=404, title="No such order"):
    """No order has this number, or it is somebody else's."""

    order_id: OrderId


class PlaceOrder(
    Request[User, Order, LineUnavailable | UnknownProduct | TriedTooLate],
    http="POST /api/v1/orders",
    status=201,
    repeat=KEYED,
    deadline_s=3,
):
    """Hold stock for every line at the catalog's price, then place the order, or refuse it whole.
    Payment follows; the order is `pending` until it is confirmed or cancelled."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
    payment_method: PaymentMethod


class GetOrder(
    Request[User | Admin | Service, Order, NoSuchOrder], http="GET /api/v1/orders/{order_id}"
):
    """One order, for its customer, an admin or a service; for others it does not exist."""

    order_id: OrderId


class BadCursor(Problem, status=400, title="This cursor does not lead on"):
    """Start again without a cursor."""


class ListOrders(Request[User, Page[Order], BadCursor], http="GET /api/v1/orders"):
    """The orders of whoever asks, the latest first."""

    status: Status | None = None
    cursor: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class TooLateToCancel(Problem, status=409, title="The order can no longer be cancelled"):
    """It is confirmed, and on its way."""

    order_id: OrderId


class CancelOrder(
    Request[User, Order, NoSuchOrder | TooLateToCancel],
    http="POST /api/v1/orders/{order_id}/cancellation",
    repeat=SAFE,
):
    """Cancel an order that is pending; again, it stays cancelled. A payment that was already
    captured is refunded."""

    order_id: OrderId


class OrderPlaced(Event, name="orders.order_placed.v1", key="order_id"):
    """Once per placed order, in the transaction that placed it; ordered per order."""

    order_id: OrderId
    user_id: UserId
    total: Money
    payment_method: PaymentMethod


class OrderConfirmed(Event, name="orders.order_confirmed.v1", key="order_id"):
    """Once per confirmed order; final."""

    order_id: OrderId
    user_id: UserId


class OrderCancelled(Event, name="orders.order_cancelled.v1", key="order_id"):
    """Once per cancelled order; final. What was held or captured for it is to be given back."""

    order_id: OrderId
    user_id: UserId
    reason: Reason
