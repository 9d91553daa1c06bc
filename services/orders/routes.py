"""Requests in; the table of routes is at the end."""

from __future__ import annotations

from contracts.core import Admin, Page, Service, User
from contracts.orders import v1 as orders
from libs.messaging import feed_route
from libs.operations.context import idempotency_key
from services.orders import saga, services
from services.orders.deps import Deps


def place_order(request: orders.PlaceOrder, caller: User, deps: Deps) -> orders.Order:
    return saga.place(deps, caller.user_id, idempotency_key(), request)


def get_order(
    request: orders.GetOrder, caller: User | Admin | Service, deps: Deps
) -> orders.Order | orders.NoSuchOrder:
    if isinstance(caller, User) and not isinstance(caller, Admin):
        return services.find(deps, request.order_id, of=caller.user_id)
    return services.find(deps, request.order_id)


def list_orders(
    request: orders.ListOrders, caller: User, deps: Deps
) -> Page[orders.Order] | orders.BadCursor:
    return services.list_of(deps, caller.user_id, request)


def cancel_order(
    request: orders.CancelOrder, caller: User, deps: Deps
) -> orders.Order | orders.NoSuchOrder | orders.TooLateToCancel:
    return services.cancel_by_customer(deps, caller.user_id, request.order_id)


routes = (
    orders.PlaceOrder.handled_by(place_order),
    orders.GetOrder.handled_by(get_order),
    orders.ListOrders.handled_by(list_orders),
    orders.CancelOrder.handled_by(cancel_order),
    feed_route,
)
