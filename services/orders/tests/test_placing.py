"""Placing an order: whole or not at all, at the catalog's price, once for each key."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from flask import Flask

from contracts.orders import v1 as orders
from contracts.shared.ids import Sku
from libs.client import Api
from libs.operations.errors import Unavailable
from libs.testing import DeadNeighbour, as_user
from services.orders import saga
from services.orders.deps import Deps
from services.orders.tests.conftest import ADA, MUG, PEN, TWO_MUGS, World

PLACED = "orders.order_placed.v1"


def test_an_order_costs_what_the_catalog_says(ada: Api) -> None:
    order = ada.send(TWO_MUGS, key="k")

    assert order.status is orders.Status.PENDING
    assert order.total.cents == 1600
    assert [(line.name, line.unit_price.cents) for line in order.lines] == [("Mug", 800)]


def test_a_customer_cannot_name_a_price(app: Flask) -> None:
    body = {
        "lines": [{"sku": "mug", "quantity": 1, "unit_price": {"cents": 1}}],
        "payment_method": "pm_card_visa",
    }
    headers = {"Authorization": as_user(ADA), "Idempotency-Key": "k"}

    refused = app.test_client().post("/api/v1/orders", json=body, headers=headers)

    assert refused.status_code == 422


def test_an_order_beyond_stock_is_refused_whole(
    ada: Api, world: World, published: Callable[[], list[str]]
) -> None:
    world.stock[MUG] = 1
    mixed = orders.PlaceOrder(
        lines=(orders.Line(sku=PEN, quantity=1), orders.Line(sku=MUG, quantity=2)),
        payment_method="pm_card_visa",
    )

    refused = ada.attempt(mixed, key="k")

    assert refused == orders.LineUnavailable(sku=MUG, units_left=1)
    assert world.stock == {MUG: 1, PEN: 100}
    assert published() == []


def test_a_product_that_nobody_knows_is_refused(ada: Api) -> None:
    unknown = TWO_MUGS.model_copy(update={"lines": (orders.Line(sku=Sku("unicorn"), quantity=1),)})

    assert ada.attempt(unknown, key="k") == orders.UnknownProduct(sku=Sku("unicorn"))


def test_a_placed_order_is_a_fact_once(ada: Api, published: Callable[[], list[str]]) -> None:
    first = ada.send(TWO_MUGS, key="k")
    again = ada.send(TWO_MUGS, key="k")

    assert again == first
    assert published() == [PLACED]


def test_another_key_is_another_order(ada: Api, published: Callable[[], list[str]]) -> None:
    one, two = ada.send(TWO_MUGS, key="one"), ada.send(TWO_MUGS, key="two")

    assert one.order_id != two.order_id
    assert published() == [PLACED, PLACED]


def test_one_key_of_two_customers_is_two_orders(ada: Api, bob: Api) -> None:
    assert ada.send(TWO_MUGS, key="k").order_id != bob.send(TWO_MUGS, key="k").order_id


def test_fifty_repeats_at_once_are_one_order_with_one_answer(
    ada: Api, world: World, published: Callable[[], list[str]]
) -> None:
    answers: list[orders.Order] = []
    together = Barrier(10)

    def customer() -> None:
        together.wait()
        for _ in range(5):
            while True:
                try:
                    answers.append(ada.send(TWO_MUGS, key="k"))
                except Unavailable:
                    continue  # the first one is under way
                break

    threads = [Thread(target=customer) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert len({answer.model_dump_json() for answer in answers}) == 1
    assert published() == [PLACED]
    assert world.stock[MUG] == 8


def test_a_repeat_after_a_crash_between_the_steps_goes_on_with_the_hold(
    ada: Api, deps: Deps, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as during:
        during.setattr(saga, "STEPS", (saga.STEPS[0], saga.Step(crash)))
        with pytest.raises(Crash):
            ada.send(TWO_MUGS, key="k")
    held = dict(world.holds)

    order = saga.place(deps, ADA, "k", TWO_MUGS)

    assert world.holds == held
    assert set(held) == {order.order_id}
    assert world.stock[MUG] == 8


def test_a_repeat_after_the_hold_of_a_request_that_died_has_lapsed_is_refused(
    ada: Api, world: World, published: Callable[[], list[str]]
) -> None:
    world.lapsed.add(saga.order_id_for(ADA, "k"))

    refused = [ada.attempt(TWO_MUGS, key="k") for _ in range(2)]

    assert refused == [orders.TriedTooLate()] * 2
    assert published() == []
    assert ada.send(TWO_MUGS, key="another").status is orders.Status.PENDING


def test_a_repeat_after_the_order_has_ended_answers_as_the_first_time(ada: Api, deps: Deps) -> None:
    first = ada.send(TWO_MUGS, key="k")
    ada.send(orders.CancelOrder(order_id=first.order_id))

    again = saga.place(deps, ADA, "k", TWO_MUGS)  # as if the key had been forgotten

    assert again == first


def test_with_the_catalog_dead_nothing_is_ordered_and_a_repeat_may_work(
    app: Flask, deps: Deps, published: Callable[[], list[str]]
) -> None:
    deps.peers.put("catalog", DeadNeighbour("catalog"))
    headers = {"Authorization": as_user(ADA), "Idempotency-Key": "k"}

    refused = app.test_client().post(
        "/api/v1/orders",
        data=TWO_MUGS.model_dump_json(),
        headers=headers,
        content_type="application/json",
    )

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert published() == []


def test_with_payments_dead_an_order_is_placed_all_the_same(ada: Api, deps: Deps) -> None:
    deps.peers.put("payments", DeadNeighbour("payments"))

    assert ada.send(TWO_MUGS, key="k").status is orders.Status.PENDING
