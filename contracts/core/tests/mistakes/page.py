"""A contract page and its dependencies, right in every line; the mistakes are in the others."""

from typing import Annotated, NewType

from pydantic import StringConstraints

from contracts.core import Admin, Anyone, Event, Page, Problem, Request, Service, User, Value

UserId = NewType("UserId", Annotated[str, StringConstraints(pattern="^usr_")])
OrderId = NewType("OrderId", Annotated[str, StringConstraints(pattern="^ord_")])


class Order(Value):
    order_id: OrderId
    owner: UserId
    total_cents: int


class NoSuchOrder(Problem, status=404, title="No such order"):
    order_id: OrderId


class TooLate(Problem, status=409, title="Too late"):
    minutes: int


class PlaceOrder(Request[User, Order, TooLate], http="POST /orders", status=201):
    units: int
    note: str | None = None


class GetOrder(Request[User | Service, Order, NoSuchOrder], http="GET /orders/{order_id}"):
    order_id: OrderId


class CancelOrder(
    Request[User, None, NoSuchOrder | TooLate], http="POST /orders/{order_id}/cancel"
):
    order_id: OrderId


class ListOrders(Request[Admin, Page[Order]], http="GET /orders"):
    owner: UserId | None = None


class Search(Request[Anyone, Page[Order]], http="GET /search"):
    words: str = ""


class OrderPlaced(Event, name="core.order_placed.v1", key="order_id"):
    order_id: OrderId


class OrderCancelled(Event, name="core.order_cancelled.v1", key="order_id"):
    order_id: OrderId


class Deps:
    def order(self, order_id: OrderId) -> Order | None: ...


class Tx: ...


ORDER_ID, USER_ID = OrderId("ord_1"), UserId("usr_1")
ORDER = Order(order_id=ORDER_ID, owner=USER_ID, total_cents=1)
