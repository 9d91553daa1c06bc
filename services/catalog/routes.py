"""Requests in; the table of routes is at the end."""

from __future__ import annotations

from contracts.catalog import v1 as catalog
from contracts.core import Admin, Anyone, Page, Service
from libs.messaging import feed_route
from libs.operations.context import idempotency_key
from services.catalog import reservations, search, services
from services.catalog.deps import Deps


def list_products(
    request: catalog.ListProducts, _: Anyone, deps: Deps
) -> Page[catalog.Product] | catalog.BadCursor:
    return search.page_of(deps, request)


def list_categories(_: catalog.ListCategories, __: Anyone, deps: Deps) -> catalog.Categories:
    return search.categories(deps)


def get_product(
    request: catalog.GetProduct, _: Anyone, deps: Deps
) -> catalog.Product | catalog.NoSuchProduct:
    return services.find(deps, request.sku)


def put_product(request: catalog.PutProduct, _: Admin, deps: Deps) -> catalog.Product:
    return services.put(deps, request)


def change_stock(
    request: catalog.ChangeStock, caller: Admin, deps: Deps
) -> catalog.Product | catalog.NoSuchProduct | catalog.StockTooLow | catalog.StockTooHigh:
    # One admin's key is nobody else's; and when the chassis has forgotten it, another change of
    # this key is another change.
    key = f"{caller.user_id}:{idempotency_key()}:{request.sku}:{request.units}"
    return services.change_stock(deps, request.sku, request.units, key=key)


def reserve_stock(
    request: catalog.ReserveStock, _: Service, deps: Deps
) -> catalog.Reservation | catalog.ReservationEnded:
    return reservations.reserve(deps, request.order_id, request.lines)


def get_reservation(
    request: catalog.GetReservation, _: Service, deps: Deps
) -> catalog.Reservation | catalog.NoSuchReservation:
    return reservations.find(deps, request.order_id)


def release_stock(
    request: catalog.ReleaseStock, _: Service, deps: Deps
) -> catalog.ReservationEnded | None:
    with deps.messages.transaction() as tx:
        state = reservations.release(tx, request.order_id)
    if state is catalog.ReservationState.COMMITTED:
        return catalog.ReservationEnded(order_id=request.order_id)
    return None


routes = (
    catalog.ListProducts.handled_by(list_products),
    catalog.ListCategories.handled_by(list_categories),
    catalog.GetProduct.handled_by(get_product),
    catalog.PutProduct.handled_by(put_product),
    catalog.ChangeStock.handled_by(change_stock),
    catalog.ReserveStock.handled_by(reserve_stock),
    catalog.GetReservation.handled_by(get_reservation),
    catalog.ReleaseStock.handled_by(release_stock),
    feed_route,
)
