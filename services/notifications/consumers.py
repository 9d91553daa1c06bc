"""Events in; the table of consumers is at the end.

An order has one mail for each final state: the job's key is made of the order, so that neither a
replayed event nor a second one with the same news notes it again.
"""

from __future__ import annotations

from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from libs.messaging import Tx
from services.notifications.deps import Deps
from services.notifications.jobs import MailCancelled, MailConfirmed, MailRefunded, SendWelcome


def welcome(event: users.UserRegistered, tx: Tx, _: Deps) -> None:
    tx.later(SendWelcome(user_id=event.user_id))


def confirmed(event: orders.OrderConfirmed, tx: Tx, _: Deps) -> None:
    job = MailConfirmed(user_id=event.user_id, order_id=event.order_id)
    tx.later(job, key=f"confirmed:{event.order_id}")


def cancelled(event: orders.OrderCancelled, tx: Tx, _: Deps) -> None:
    job = MailCancelled(user_id=event.user_id, order_id=event.order_id)
    tx.later(job, key=f"cancelled:{event.order_id}")


def refunded(event: payments.PaymentRefunded, tx: Tx, _: Deps) -> None:
    job = MailRefunded(user_id=event.user_id, order_id=event.order_id, amount=event.amount)
    tx.later(job, key=f"refunded:{event.order_id}")


consumers = (
    users.UserRegistered.handled_by(welcome),
    orders.OrderConfirmed.handled_by(confirmed),
    orders.OrderCancelled.handled_by(cancelled),
    payments.PaymentRefunded.handled_by(refunded),
)
