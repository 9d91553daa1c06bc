"""The words of each mail, from the templates in words/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.orders import v1 as orders
from contracts.shared.money import Money
from contracts.users import v1 as users
from services.notifications.mailers import Mail


def welcome(account: users.Account) -> Mail:
    """For somebody who has just registered."""
    return _mail("welcome", account, subject=f"Welcome, {account.name}")


def confirmed(account: users.Account, order: orders.Order) -> Mail:
    """For somebody whose order is paid."""
    return _mail(
        "order_confirmed",
        account,
        subject=f"Your order is confirmed: {order.order_id}",
        order=order,
    )


def cancelled(account: users.Account, order: orders.Order) -> Mail:
    """For somebody whose order will not come."""
    return _mail(
        "order_cancelled",
        account,
        subject=f"Your order is cancelled: {order.order_id}",
        order=order,
        why=_why(order),
        was_declined=order.reason is orders.Reason.PAYMENT_DECLINED,
    )


def refunded(account: users.Account, order: orders.Order, amount: Money) -> Mail:
    """For somebody who gets back what they paid."""
    return _mail(
        "order_refunded",
        account,
        subject=f"Your refund for order {order.order_id}",
        order=order,
        amount=amount,
    )


def _why(order: orders.Order) -> str:
    if order.reason is orders.Reason.PAYMENT_DECLINED and order.detail:
        return f"The payment was declined: {order.detail.rstrip('.')}."
    return _WHY[order.reason or orders.Reason.UNKNOWN]


_WHY = {
    orders.Reason.BY_CUSTOMER: "You asked us to cancel it.",
    orders.Reason.PAYMENT_DECLINED: "The payment was declined.",
    orders.Reason.RESERVATION_LOST: "What you ordered was sold before your payment reached us.",
    orders.Reason.TOOK_TOO_LONG: "The payment took too long.",
    orders.Reason.UNKNOWN: "It could not be completed.",
}


def _mail(template: str, account: users.Account, *, subject: str, **more: object) -> Mail:
    words = {"subject": subject, "account": account, **more}
    return Mail(
        to=account.email,
        subject=subject,
        text=_environment().get_template(f"{template}.txt.jinja").render(words),
        html=_environment().get_template(f"{template}.html.jinja").render(words),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "words"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
