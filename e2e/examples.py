"""A request for each operation of each service that is right in every way, in a world where what it
names is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from contracts.catalog import v1 as catalog
from contracts.core import Operation, Request
from contracts.core.feed import ReadFeed
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.address import EmailAddress
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.users import v1 as users
from e2e.customer import Customer, stock
from e2e.shop import SERVICES, Shop
from libs.db.ids import new_id

AnyRequest = Request[Any, Any, Any]


def operations() -> list[tuple[str, Operation, type[AnyRequest]]]:
    """What each service serves, from its table of routes."""
    tables = {
        name: getattr(import_module(f"services.{name}.routes"), "routes")  # noqa: B009  # no stubs
        for name in SERVICES
        if name != "notifications"  # it only listens
    }
    return [
        (name, binding.request.__operation__, binding.request)
        for name, table in tables.items()
        for binding in table
    ]


@dataclass(frozen=True)
class World:
    """What requests name: things of user A, and a product."""

    shop: Shop
    a: Customer
    b: Customer
    bought: OrderId
    declined: OrderId
    sku: Sku

    def example(self, kind: type[AnyRequest]) -> AnyRequest:
        """A request that is right in every way; a new one each time."""
        return _EXAMPLES[kind](self)


def open_world(shop: Shop, admin: Customer, *, a: Customer | None = None) -> World:
    """User A with an order that was paid and one that was declined, and a stranger."""
    a, b, sku = a or Customer(shop), Customer(shop), stock(shop, admin, 5000)
    bought, declined = a.order(sku), a.order(sku, card="pm_card_chargeDeclined")
    a.wait_for_end(bought)
    a.wait_for_end(declined)
    return World(shop, a, b, OrderId(bought), OrderId(declined), Sku(sku))


def _order_id() -> OrderId:
    return OrderId(new_id("ord"))


_EXAMPLES: Mapping[type[AnyRequest], Callable[[World], AnyRequest]] = {
    ReadFeed: lambda _: ReadFeed(limit=1),
    users.RegisterUser: lambda _: users.RegisterUser(
        email=EmailAddress(f"{new_id('somebody')}@example.com"),
        password="a long password",
        name="Somebody",
    ),
    users.LogIn: lambda w: users.LogIn(email=EmailAddress(w.a.email), password=w.a.password),
    users.GetMe: lambda _: users.GetMe(),
    users.GetMyOverview: lambda _: users.GetMyOverview(),
    users.GetUser: lambda w: users.GetUser(user_id=UserId(w.a.user_id)),
    catalog.ListProducts: lambda _: catalog.ListProducts(limit=1),
    catalog.ListCategories: lambda _: catalog.ListCategories(),
    catalog.GetProduct: lambda w: catalog.GetProduct(sku=w.sku),
    catalog.PutProduct: lambda _: catalog.PutProduct(
        sku=Sku("of-the-matrix"),
        name="Of the matrix",
        category="things",
        price=catalog.Price(cents=100),
        attributes={},
    ),
    catalog.ChangeStock: lambda w: catalog.ChangeStock(sku=w.sku, units=1),
    catalog.ReserveStock: lambda w: catalog.ReserveStock(
        order_id=_order_id(), lines=(catalog.Line(sku=w.sku, quantity=1),)
    ),
    catalog.GetReservation: lambda w: catalog.GetReservation(order_id=w.bought),
    catalog.ReleaseStock: lambda _: catalog.ReleaseStock(order_id=_order_id()),
    orders.PlaceOrder: lambda w: orders.PlaceOrder(
        lines=(orders.Line(sku=w.sku, quantity=1),), payment_method="pm_card_visa"
    ),
    orders.GetOrder: lambda w: orders.GetOrder(order_id=w.bought),
    orders.ListOrders: lambda _: orders.ListOrders(limit=1),
    # Safe to repeat: it stays cancelled.
    orders.CancelOrder: lambda w: orders.CancelOrder(order_id=w.declined),
    payments.GetPayment: lambda w: payments.GetPayment(order_id=w.bought),
}
