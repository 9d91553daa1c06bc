"""Work outside transactions; the table of jobs is at the end.

Each asks the provider between two transactions. Whatever dies in between, the job comes again and
asks under the same key, so the money moves once; the second transaction finds out whether somebody
else (a webhook) has told the outcome before, so it is published once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import assert_never

from contracts.shared.ids import OrderId
from services.payments import services
from services.payments.deps import Deps
from services.payments.errands import Capture, Refund, capture_key, refund_key
from services.payments.models import Payment
from services.payments.providers import Captured, Charge, Declined, Refunded

# Stripe forgets a key after 24 hours; from then on asking again could capture again.
KEY_IS_KNOWN_FOR = timedelta(hours=23)
_NOTHING_TO_PAY = "nothing-to-pay"


class KeyForgotten(Exception):
    """Nobody heard for a day whether the provider has captured, and it must not be asked again: a
    person has to look it up there."""


def capture(job: Capture, deps: Deps) -> None:
    with deps.messages.transaction() as tx:
        payment = services.about_to_capture(tx, job.order_id)
    if payment is None:
        return
    outcome = _capture(payment, deps)
    with deps.messages.transaction() as tx:
        match outcome:
            case Captured(reference):
                services.captured(tx, job.order_id, reference)
            case Declined(reason):
                services.declined(tx, job.order_id, reason)
            case never:
                assert_never(never)


def refund(job: Refund, deps: Deps) -> None:
    with deps.messages.transaction() as tx:
        payment = services.about_to_refund(tx, job.order_id)
    if payment is None:
        return
    refunded = _refund(payment, deps)
    with deps.messages.transaction() as tx:
        services.refunded(tx, job.order_id, refunded.reference)


def _capture(payment: Payment, deps: Deps) -> Captured | Declined:
    if not payment.cents:
        return Captured(_NOTHING_TO_PAY)
    if payment.asked_at and datetime.now(UTC) - payment.asked_at > KEY_IS_KNOWN_FOR:
        raise KeyForgotten(
            f"{payment.order_id}: the provider was first asked at {payment.asked_at:%F %T} UTC. "
            f"Look for {capture_key(OrderId(payment.order_id))} there and refund what it captured"
        )
    return deps.provider.capture(_charge(payment), key=capture_key(OrderId(payment.order_id)))


def _refund(payment: Payment, deps: Deps) -> Refunded:
    if not payment.cents:
        return Refunded(_NOTHING_TO_PAY)
    captured = Captured(payment.capture_reference or "")
    key = refund_key(OrderId(payment.order_id))
    return deps.provider.refund(_charge(payment), captured, key=key)


def _charge(payment: Payment) -> Charge:
    return Charge(OrderId(payment.order_id), payment.amount, payment.payment_method or "")


jobs = (
    Capture.handled_by(capture),
    Refund.handled_by(refund),
)
