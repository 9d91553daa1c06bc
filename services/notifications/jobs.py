"""Work outside transactions; the table of jobs is at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from contracts.users import v1 as users
from libs.messaging import Job
from libs.telemetry.logs import get_logger
from services.notifications import templates
from services.notifications.deps import Deps
from services.notifications.mailers import Mail

log = get_logger(__name__)


class SendWelcome(Job, name="notifications.send_welcome"):
    """Mail a welcome to a new customer, at the address that the account has by then."""

    user_id: UserId


class MailConfirmed(Job, name="notifications.mail_confirmed"):
    """Tell a customer that their order is paid and on its way."""

    user_id: UserId
    order_id: OrderId


class MailCancelled(Job, name="notifications.mail_cancelled"):
    """Tell a customer that their order will not come, and why."""

    user_id: UserId
    order_id: OrderId


class MailRefunded(Job, name="notifications.mail_refunded"):
    """Tell a customer that they get back what they paid for an order."""

    user_id: UserId
    order_id: OrderId
    amount: Money


def send_welcome(job: SendWelcome, deps: Deps) -> None:
    _send(job, deps, job.user_id, templates.welcome)


def mail_confirmed(job: MailConfirmed, deps: Deps) -> None:
    order = _order(deps, job.order_id)
    _send(job, deps, job.user_id, lambda account: templates.confirmed(account, order))


def mail_cancelled(job: MailCancelled, deps: Deps) -> None:
    order = _order(deps, job.order_id)
    _send(job, deps, job.user_id, lambda account: templates.cancelled(account, order))


def mail_refunded(job: MailRefunded, deps: Deps) -> None:
    order = _order(deps, job.order_id)
    _send(job, deps, job.user_id, lambda account: templates.refunded(account, order, job.amount))


def _send(job: Job, deps: Deps, user_id: UserId, write: Callable[[users.Account], Mail]) -> None:
    """Mail to the address that the account has now, under the job's key."""
    match deps.peers.attempt(users.GetUser(user_id=user_id)):
        case users.Account() as account:
            deps.mailer.send(write(account), key=job.key)
            log.info("mailed", about=job.__job__, user_id=user_id)
        case users.NoSuchUser():
            log.info("nobody to mail", about=job.__job__, user_id=user_id)
        case never:
            assert_never(never)


def _order(deps: Deps, order_id: OrderId) -> orders.Order:
    """The order as it stands. Raises NoSuchOrder: an event spoke of it, so somebody has to look,
    and the job is parked."""
    return deps.peers.send(orders.GetOrder(order_id=order_id))


jobs = (
    SendWelcome.handled_by(send_welcome),
    MailConfirmed.handled_by(mail_confirmed),
    MailCancelled.handled_by(mail_cancelled),
    MailRefunded.handled_by(mail_refunded),
)
