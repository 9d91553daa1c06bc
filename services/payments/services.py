"""How a payment goes from one state to the next. Each step is one transaction, states its fact in
it, and does nothing when it comes a second time or too late."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert

from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.payments.v1 import State
from contracts.shared.ids import OrderId, UserId
from libs.messaging import Tx
from libs.telemetry.logs import get_logger
from services.payments.deps import Deps
from services.payments.errands import Capture, Refund, capture_key, refund_key
from services.payments.models import Payment
from services.payments.webhooks import Notice

log = get_logger(__name__)

_LONGEST_REASON = 300


def request(tx: Tx, placed: orders.OrderPlaced) -> None:
    """An order was placed: note what it costs, and that it is to be captured."""
    now = datetime.now(UTC)
    what = {
        "cents": placed.total.cents,
        "currency": placed.total.currency,
        "payment_method": placed.payment_method,
    }
    new = insert(Payment).values(
        order_id=placed.order_id,
        user_id=placed.user_id,
        state=State.REQUESTED.value,
        created_at=now,
        updated_at=now,
        **what,
    )
    # An order whose cancellation came first (its OrderPlaced was parked, and requeued later) stays
    # abandoned: it learns its amount, and nothing is captured.
    new = new.on_conflict_do_update(
        index_elements=["order_id"], set_=what, where=Payment.cents.is_(None)
    )
    if tx.session.scalar(new.returning(Payment.state)) == State.REQUESTED:
        tx.later(Capture(order_id=placed.order_id), key=capture_key(placed.order_id))


def call_off(tx: Tx, order_id: OrderId, user_id: UserId) -> None:
    """An order was cancelled: capture nothing, or give back what was captured."""
    now = datetime.now(UTC)
    first = insert(Payment).values(
        order_id=order_id,
        user_id=user_id,
        state=State.ABANDONED.value,
        created_at=now,
        updated_at=now,
    )
    tx.session.execute(first.on_conflict_do_nothing())
    payment = _locked(tx, order_id)
    if payment is None:
        return
    match State(payment.state):
        case State.REQUESTED:
            payment.become(State.ABANDONED)
        case State.CAPTURED:
            _give_back(tx, payment)


def about_to_capture(tx: Tx, order_id: OrderId) -> Payment | None:
    """The payment that the provider is to be asked for, with the fact that it is being asked; None
    when it is settled, or was called off before anybody asked.

    One that was called off after the provider had been asked is asked for again, under the same
    key: only the provider knows whether it has captured."""
    payment = _locked(tx, order_id)
    if payment is None:
        return None
    if payment.state == State.REQUESTED:
        payment.asked_at = payment.asked_at or datetime.now(UTC)
        return payment
    in_doubt = payment.state == State.ABANDONED and payment.asked_at is not None
    return payment if in_doubt else None


def captured(tx: Tx, order_id: OrderId, reference: str) -> None:
    """The provider has captured. What nobody wants any more is given back."""
    payment = _locked(tx, order_id)
    if payment is None or payment.asked_at is None:
        return
    match State(payment.state):
        case State.REQUESTED:
            payment.capture_reference = reference
            payment.become(State.CAPTURED)
            tx.publish(payments.PaymentCaptured(order_id=order_id, amount=payment.amount))
            log.info("captured", order_id=order_id)
        case State.ABANDONED:
            payment.capture_reference = reference
            _give_back(tx, payment)
            log.info("captured in vain", order_id=order_id)


def declined(tx: Tx, order_id: OrderId, reason: str) -> None:
    """The customer's bank has refused."""
    payment = _locked(tx, order_id)
    if payment is not None and payment.state == State.REQUESTED:
        payment.detail = reason.replace("\0", "")[:_LONGEST_REASON] or "The bank gave no reason."
        payment.become(State.DECLINED)
        tx.publish(payments.PaymentDeclined(order_id=order_id, reason=payment.detail))
        log.info("declined", order_id=order_id)


def about_to_refund(tx: Tx, order_id: OrderId) -> Payment | None:
    """The payment to give back; None when that is done, or not to be done."""
    payment = _locked(tx, order_id)
    return payment if payment is not None and payment.state == State.REFUNDING else None


def refunded(tx: Tx, order_id: OrderId, reference: str) -> None:
    """The provider has given the money back."""
    payment = _locked(tx, order_id)
    if payment is not None and payment.state == State.REFUNDING:
        payment.refund_reference = reference
        payment.become(State.REFUNDED)
        tx.publish(
            payments.PaymentRefunded(
                order_id=order_id, user_id=UserId(payment.user_id), amount=payment.amount
            )
        )
        log.info("refunded", order_id=order_id)


def take_notice(tx: Tx, notice: Notice) -> None:
    """A webhook may come before the answer that it is about, after it, twice, or not at all: it
    takes the same steps as the answer, and a step that was taken is not taken again."""
    payment = _locked(tx, notice.order_id)
    if payment is None:
        log.warning("webhook for no payment", order_id=notice.order_id)
        return
    if (payment.cents, payment.currency) != (notice.cents, notice.currency):
        log.error("webhook with another amount", order_id=notice.order_id, cents=notice.cents)
        return
    match notice.what:
        case "captured":
            captured(tx, notice.order_id, notice.reference)
        case "declined":
            declined(tx, notice.order_id, notice.reason)
        case "refunded":
            refunded(tx, notice.order_id, notice.reference)


def payment_of(deps: Deps, order_id: OrderId) -> payments.Payment | payments.NoSuchPayment:
    """The payment of an order; one of which only the cancellation is known has none."""
    with deps.messages.database.transaction() as session:
        payment = session.get(Payment, order_id)
    if payment is None or payment.cents is None:
        return payments.NoSuchPayment(order_id=order_id)
    return payment.view()


def _give_back(tx: Tx, payment: Payment) -> None:
    payment.become(State.REFUNDING)
    order_id = OrderId(payment.order_id)
    tx.later(Refund(order_id=order_id), key=refund_key(order_id))


def _locked(tx: Tx, order_id: OrderId) -> Payment | None:
    return tx.session.get(Payment, order_id, with_for_update=True)
