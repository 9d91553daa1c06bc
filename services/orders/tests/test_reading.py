"""Who may read which order, and paging through them."""

from __future__ import annotations

from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId
from libs.client import Api
from libs.operations.errors import Misunderstood
from services.orders.tests.conftest import TWO_MUGS


def test_a_strangers_order_does_not_exist(ada: Api, bob: Api) -> None:
    order_id = ada.send(TWO_MUGS, key="k").order_id

    for request in (orders.GetOrder(order_id=order_id), orders.CancelOrder(order_id=order_id)):
        assert bob.attempt(request) == orders.NoSuchOrder(order_id=order_id)


def test_a_service_reads_any_order(ada: Api, catalog_service: Api) -> None:
    order = ada.send(TWO_MUGS, key="k")

    assert catalog_service.send(orders.GetOrder(order_id=order.order_id)) == order


def test_an_order_that_nobody_placed_does_not_exist(ada: Api) -> None:
    missing = OrderId("ord_" + "0" * 26)

    assert ada.attempt(orders.GetOrder(order_id=missing)) == orders.NoSuchOrder(order_id=missing)


def test_pages_hold_each_order_once_the_latest_first(ada: Api, bob: Api) -> None:
    placed = [ada.send(TWO_MUGS, key=f"k{number}").order_id for number in range(4)]
    bob.send(TWO_MUGS, key="k")

    first = ada.send(orders.ListOrders(limit=3))
    rest = ada.send(orders.ListOrders(limit=3, cursor=first.next_cursor))

    seen = [order.order_id for order in (*first.items, *rest.items)]
    assert seen == placed[::-1]
    assert rest.next_cursor is None


def test_a_filter_narrows_the_list(ada: Api) -> None:
    one, two = (ada.send(TWO_MUGS, key=key).order_id for key in ("one", "two"))
    ada.send(orders.CancelOrder(order_id=one))

    pending = ada.send(orders.ListOrders(status=orders.Status.PENDING))

    assert [order.order_id for order in pending.items] == [two]


def test_a_made_up_cursor_is_refused(ada: Api) -> None:
    for cursor in ("x", "AAAA", "MjAyNi0wMS0wMXxv", "\u00e9"):
        assert ada.attempt(orders.ListOrders(cursor=cursor)) == orders.BadCursor()


def test_only_a_user_has_orders_to_list(catalog_service: Api) -> None:
    try:
        catalog_service.attempt(orders.ListOrders())
    except Misunderstood as error:
        assert "403" in str(error)
    else:
        raise AssertionError("a service listed orders")
