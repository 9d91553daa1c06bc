"""The overview: the account with its latest orders, and in time without them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from contracts.core import Page, User
from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from contracts.users import v1 as users
from libs.client import Api, Call, HttpNeighbour
from libs.operations.envelope import Reply
from libs.testing import neighbour
from services.users.deps import NAME, Deps

STRANGER = UserId("usr_" + "z" * 26)
DEADLINE_S = users.GetMyOverview.__operation__.deadline_s


@dataclass
class Orders:
    """What orders knows: who placed what, the latest first; and who asked on whose behalf."""

    placed: dict[UserId, list[orders.Order]] = field(default_factory=dict)
    asked: list[tuple[UserId, int]] = field(default_factory=list)


def list_orders(request: orders.ListOrders, caller: User, world: Orders) -> Page[orders.Order]:
    world.asked.append((caller.user_id, request.limit))
    return Page[orders.Order](items=tuple(world.placed.get(caller.user_id, ())[: request.limit]))


def an_order(
    user_id: UserId, number: int, status: orders.Status = orders.Status.CONFIRMED
) -> orders.Order:
    price = Money(cents=100 * number)
    mug = orders.PricedLine(sku=Sku("mug"), name="Mug", quantity=1, unit_price=price)
    return orders.Order(
        order_id=OrderId(f"ord_{number:026}"),
        user_id=user_id,
        status=status,
        lines=(mug,),
        total=price,
        placed_at=datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=number),
    )


@pytest.fixture
def shop(deps: Deps) -> Orders:
    """Orders is up, and knows what the test puts into its world."""
    world = Orders()
    routes = [orders.ListOrders.handled_by(list_orders)]
    deps.peers.put("orders", neighbour(orders, routes, world, believing=NAME))
    return world


def test_the_overview_has_the_account_and_its_latest_orders(
    shop: Orders, user: Callable[[UserId], Api], ada: users.Account
) -> None:
    shop.placed[ada.user_id] = [an_order(ada.user_id, number) for number in range(1, 9)]
    shop.placed[STRANGER] = [an_order(STRANGER, 99)]

    overview = user(ada.user_id).send(users.GetMyOverview())

    assert (overview.account, overview.missing) == (ada, ())
    assert overview.orders is not None
    assert [order.total.cents for order in overview.orders] == [100, 200, 300, 400, 500]
    assert shop.asked == [(ada.user_id, 5)]


@pytest.mark.parametrize("status", list(orders.Status))
def test_an_order_stands_in_the_overview_as_it_stands_in_orders(
    shop: Orders, user: Callable[[UserId], Api], ada: users.Account, status: orders.Status
) -> None:
    shop.placed[ada.user_id] = [an_order(ada.user_id, 1, status)]

    overview = user(ada.user_id).send(users.GetMyOverview())

    assert overview.orders is not None
    assert overview.orders[0].status.value == status.value


def test_no_orders_are_not_missing_orders(
    shop: Orders, user: Callable[[UserId], Api], ada: users.Account
) -> None:
    overview = user(ada.user_id).send(users.GetMyOverview())

    assert (overview.orders, overview.missing) == ((), ())


def test_with_orders_dead_the_account_is_shown_and_the_orders_said_to_be_missing(
    user: Callable[[UserId], Api], ada: users.Account
) -> None:
    overview = user(ada.user_id).send(users.GetMyOverview())

    assert overview == users.Overview(account=ada, orders=None, missing=(users.Part.ORDERS,))


def test_with_orders_slow_the_overview_is_there_before_its_deadline(
    deps: Deps, user: Callable[[UserId], Api], ada: users.Account
) -> None:
    with silence() as address:
        deps.peers.put("orders", HttpNeighbour("users", "orders", address))
        began = time.monotonic()
        overview = user(ada.user_id).send(users.GetMyOverview())
        took_s = time.monotonic() - began

    assert (overview.account, overview.orders) == (ada, None)
    assert took_s < DEADLINE_S - 0.3


def test_after_a_few_silences_nobody_waits_for_orders(
    deps: Deps, user: Callable[[UserId], Api], ada: users.Account
) -> None:
    with silence() as address:
        deps.peers.put("orders", HttpNeighbour("users", "orders", address))
        together = [
            Thread(target=lambda: user(ada.user_id).send(users.GetMyOverview())) for _ in range(5)
        ]
        for one in together:
            one.start()
        for one in together:
            one.join()
        began = time.monotonic()
        overview = user(ada.user_id).send(users.GetMyOverview())
        took_s = time.monotonic() - began

    assert overview.missing == (users.Part.ORDERS,)
    assert took_s < 0.1


def test_orders_of_another_version_is_as_good_as_none(
    deps: Deps, user: Callable[[UserId], Api], ada: users.Account
) -> None:
    class OfYesterday:
        def exchange(self, call: Call) -> Reply:
            return Reply(404, b"{}")

    deps.peers.put("orders", OfYesterday())

    overview = user(ada.user_id).send(users.GetMyOverview())

    assert overview.missing == (users.Part.ORDERS,)


def test_an_account_that_is_gone_has_no_overview(
    shop: Orders, user: Callable[[UserId], Api]
) -> None:
    assert user(STRANGER).attempt(users.GetMyOverview()) == users.NoSuchUser(user_id=STRANGER)
    assert shop.asked == []


@contextmanager
def silence() -> Iterator[str]:
    """An address where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
