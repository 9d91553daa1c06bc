"""What is asked of the provider later, outside the transaction that wants it."""

from __future__ import annotations

from contracts.shared.ids import OrderId
from libs.messaging import Job


class Capture(Job, name="payments.capture"):
    """Take the customer's money for an order."""

    order_id: OrderId


class Refund(Job, name="payments.refund"):
    """Give it back."""

    order_id: OrderId


def capture_key(order_id: OrderId) -> str:
    """The key of an order's only capture, as a job and at the provider."""
    return f"capture:{order_id}"


def refund_key(order_id: OrderId) -> str:
    """The key of an order's only refund, as a job and at the provider."""
    return f"refund:{order_id}"
