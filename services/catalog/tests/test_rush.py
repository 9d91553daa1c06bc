"""Many at once: exactly what is there is sold, and nobody waits for somebody who waits for them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import text

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.client import Api
from libs.operations.errors import Unavailable
from libs.testing import TestDatabase
from services.catalog.deps import Deps
from services.catalog.tests.conftest import MUG, Balance, an_order, reserve
from services.catalog.tests.rush import all_at_once, deadlocks, rush


@pytest.mark.parametrize("run", range(3))
def test_of_two_hundred_buyers_of_a_hundred_units_a_hundred_get_one(
    deps: Deps,
    buyer: Api,
    stocked: Callable[[Sku, int], None],
    balance: Callable[[Sku], Balance],
    run: int,
) -> None:
    stocked(MUG, 100)
    orders = [reserve(an_order(n), (MUG, 1)) for n in range(200)]

    answers = rush(buyer, orders)

    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {catalog.Reservation: 100, catalog.OutOfStock: 100}
    assert balance(MUG) == Balance(on_hand=0, reserved=100, sold=0)
    assert deadlocks(deps) == 0


def test_reading_then_writing_would_sell_the_same_unit_twice(
    deps: Deps, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 20)
    sold: list[int] = []

    def buy_naively() -> None:
        with deps.messages.database.transaction() as session:
            units = session.execute(text("SELECT on_hand FROM stock")).scalar_one()
            session.execute(text("SELECT pg_sleep(0.05)"))
            if units > 0:
                naive = text("UPDATE stock SET on_hand = :left, reserved = 20 - :left")
                session.execute(naive, {"left": units - 1})
                sold.append(units)

    all_at_once([buy_naively] * 40)

    assert len(sold) > 20 - balance(MUG).on_hand  # more customers than units that are gone
    with deps.messages.database.transaction() as session:
        assert session.execute(text("SELECT sku FROM stock_drift")).scalars().all() == [MUG]
        session.execute(text("UPDATE stock SET on_hand = 20, reserved = 0"))


@pytest.mark.parametrize("run", range(2))
def test_orders_of_the_same_products_in_any_order_do_not_deadlock(
    deps: Deps, buyer: Api, stocked: Callable[[Sku, int], None], run: int
) -> None:
    skus = [Sku(f"thing-{n}") for n in range(6)]
    for sku in skus:
        stocked(sku, 40)
    dice = random.Random(run)
    orders = [
        reserve(an_order(n), *[(sku, dice.randint(1, 2)) for sku in dice.sample(skus, 4)])
        for n in range(90)
    ]

    answers = rush(buyer, orders)

    held = [answer for answer in answers if isinstance(answer, catalog.Reservation)]
    units = Counter(dict.fromkeys(skus, 0))
    for order in held:
        units.update({line.sku: line.quantity for line in order.lines})
    assert len(answers) == 90
    assert all(count <= 40 for count in units.values())
    assert max(units.values()) >= 37  # they went on until something was nearly gone
    assert deadlocks(deps) == 0


def test_orders_that_come_and_go_at_once_do_not_deadlock(
    deps: Deps, buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    skus = [Sku(f"thing-{n}") for n in range(4)]
    for sku in skus:
        stocked(sku, 10)
    dice = random.Random(7)

    def come_and_go(n: int) -> None:
        lines = [(sku, 1) for sku in dice.sample(skus, 3)]
        for _ in range(3):
            try:
                buyer.attempt(reserve(an_order(n), *lines))
                buyer.send(catalog.ReleaseStock(order_id=an_order(n)))
            except Unavailable:
                continue  # told to come back
            return

    all_at_once([lambda n=n: come_and_go(n) for n in range(60)])  # type: ignore[misc]  # one each

    assert all(balance(sku) == Balance(on_hand=10, reserved=0, sold=0) for sku in skus)
    assert deadlocks(deps) == 0


def test_without_the_sorted_locks_such_orders_do_deadlock(
    deps: Deps, stocked: Callable[[Sku, int], None], database: TestDatabase
) -> None:
    skus = [Sku("thing-a"), Sku("thing-b")]
    for sku in skus:
        stocked(sku, 10)
    refused: list[str] = []

    def lock(first: Sku, second: Sku) -> None:
        try:
            with deps.messages.database.transaction() as session:
                for sku in (first, second):
                    naive = text("SELECT FROM stock WHERE sku = :sku FOR UPDATE")
                    session.execute(naive, {"sku": sku})
                    session.execute(text("SELECT pg_sleep(0.2)"))
        except Unavailable as error:
            refused.append(error.why)

    all_at_once([lambda: lock(*skus), lambda: lock(*reversed(skus))])

    assert refused == ["the transaction and another one waited for each other"]


def test_of_one_order_sent_ten_times_at_once_one_hold_is_made(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 100)

    answers = rush(buyer, [reserve(an_order(1), (MUG, 3))] * 10)

    held = {
        answer.model_dump_json() for answer in answers if isinstance(answer, catalog.Reservation)
    }
    assert len(held) == 1
    assert len(answers) == 10
    assert balance(MUG) == Balance(on_hand=97, reserved=3, sold=0)
