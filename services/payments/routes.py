"""Requests in; the table of routes is at the end."""

from __future__ import annotations

from contracts.core import Admin, Service
from contracts.payments import v1 as payments
from libs.messaging import feed_route
from services.payments import services
from services.payments.deps import Deps


def get_payment(
    request: payments.GetPayment, _: Admin | Service, deps: Deps
) -> payments.Payment | payments.NoSuchPayment:
    return services.payment_of(deps, request.order_id)


routes = (
    payments.GetPayment.handled_by(get_payment),
    feed_route,
)
