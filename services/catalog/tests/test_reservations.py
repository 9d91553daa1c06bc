"""Holds: all lines or none, ended once, whatever is repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.client import Api
from libs.operations.errors import Misunderstood
from libs.testing import as_user, connect
from services.catalog.deps import Deps
from services.catalog.tests.conftest import (
    ADA,
    MUG,
    NOTEBOOK,
    TEAPOT,
    Balance,
    a_product,
    an_order,
    reserve,
)

ORDER = an_order(1)


def test_a_hold_says_what_is_held_at_which_price_and_until_when(
    buyer: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 5)
    stocked(TEAPOT, 5)

    held = buyer.send(reserve(ORDER, (TEAPOT, 1), (MUG, 2)))

    assert held.state is catalog.ReservationState.HELD
    assert [(line.sku, line.quantity) for line in held.lines] == [(TEAPOT, 1), (MUG, 2)]
    assert all(line.unit_price.cents == 1_250 for line in held.lines)
    assert all(line.name == "A thing" for line in held.lines)
    left = held.expires_at - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_an_order_with_one_line_short_holds_nothing(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5)
    stocked(TEAPOT, 1)

    refused = buyer.attempt(reserve(ORDER, (MUG, 1), (TEAPOT, 2)))

    assert refused == catalog.OutOfStock(sku=TEAPOT, units_left=1)
    assert balance(MUG) == Balance(on_hand=5, reserved=0, sold=0)
    assert balance(TEAPOT) == Balance(on_hand=1, reserved=0, sold=0)


def test_an_order_of_something_unknown_holds_nothing(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5)

    refused = buyer.attempt(reserve(ORDER, (MUG, 1), (TEAPOT, 1)))

    assert refused == catalog.UnknownLine(sku=TEAPOT)
    assert balance(MUG) == Balance(on_hand=5, reserved=0, sold=0)


def test_a_refused_order_may_try_again_when_there_is_stock(
    buyer: Api, stocked: Callable[[Sku, int], None], admin: Api
) -> None:
    stocked(MUG, 1)
    assert isinstance(buyer.attempt(reserve(ORDER, (MUG, 2))), catalog.OutOfStock)
    admin.send(catalog.ChangeStock(sku=MUG, units=1), key="delivery")

    held = buyer.attempt(reserve(ORDER, (MUG, 2)))

    assert isinstance(held, catalog.Reservation)


def test_two_lines_of_one_product_need_the_stock_of_both(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5)

    refused = buyer.attempt(reserve(an_order(1), (MUG, 3), (MUG, 3)))
    held = buyer.send(reserve(an_order(2), (MUG, 3), (MUG, 2)))

    assert refused == catalog.OutOfStock(sku=MUG, units_left=5)
    assert sum(line.quantity for line in held.lines) == 5
    assert balance(MUG) == Balance(on_hand=0, reserved=5, sold=0)


def test_fifty_lines_of_ninety_nine_are_one_order(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5_000)

    held = buyer.send(reserve(ORDER, *[(MUG, 99)] * 50))

    assert len(held.lines) == 50
    assert balance(MUG) == Balance(on_hand=50, reserved=4_950, sold=0)


def test_repeating_a_hold_gives_the_same_hold(
    buyer: Api,
    admin: Api,
    stocked: Callable[[Sku, int], None],
    balance: Callable[[Sku], Balance],
) -> None:
    stocked(MUG, 5)
    first = buyer.send(reserve(ORDER, (MUG, 2)))
    admin.send(a_product(MUG, "Dearer mug", cents=9_900))

    again = [buyer.send(reserve(ORDER, (MUG, 2))) for _ in range(3)]

    assert again == [first, first, first]
    assert balance(MUG).reserved == 2
    assert buyer.send(catalog.GetReservation(order_id=ORDER)) == first


def test_released_stock_is_for_sale_again_and_the_order_over(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5)
    buyer.send(reserve(ORDER, (MUG, 2), (MUG, 1)))

    for _ in range(2):
        buyer.send(catalog.ReleaseStock(order_id=ORDER))

    assert balance(MUG) == Balance(on_hand=5, reserved=0, sold=0)
    assert buyer.attempt(reserve(ORDER, (MUG, 2))) == catalog.ReservationEnded(order_id=ORDER)
    assert (
        buyer.send(catalog.GetReservation(order_id=ORDER)).state
        is catalog.ReservationState.RELEASED
    )


def test_what_was_released_before_it_was_held_is_not_held_any_more(
    buyer: Api, stocked: Callable[[Sku, int], None], balance: Callable[[Sku], Balance]
) -> None:
    stocked(MUG, 5)
    buyer.send(catalog.ReleaseStock(order_id=ORDER))

    late = buyer.attempt(reserve(ORDER, (MUG, 2)))

    assert late == catalog.ReservationEnded(order_id=ORDER)
    assert balance(MUG).on_hand == 5


def test_nothing_is_held_for_an_order_that_nobody_knows(buyer: Api) -> None:
    refused = buyer.attempt(catalog.GetReservation(order_id=ORDER))

    assert refused == catalog.NoSuchReservation(order_id=ORDER)


def test_the_last_unit_held_is_a_fact_and_the_others_are_none(
    buyer: Api,
    stocked: Callable[[Sku, int], None],
    published: Callable[[], list[tuple[str, str]]],
) -> None:
    stocked(MUG, 3)
    stocked(NOTEBOOK, 9)

    buyer.send(reserve(an_order(1), (MUG, 2), (NOTEBOOK, 1)))
    before = published()
    buyer.send(reserve(an_order(2), (MUG, 1), (NOTEBOOK, 1)))

    assert before == []
    assert published() == [("catalog.stock_ran_out.v1", MUG)]


def test_only_services_hold_stock(app: Flask, anyone: Api, admin: Api) -> None:
    customer = connect(app, user=as_user(ADA))

    for api in (anyone, customer, admin):
        for request in (
            reserve(ORDER, (MUG, 1)),
            catalog.GetReservation(order_id=ORDER),
            catalog.ReleaseStock(order_id=ORDER),
        ):
            with pytest.raises(Misunderstood, match=r"40[13]"):
                api.attempt(request)


def test_a_hold_that_has_ended_cannot_be_opened_again_even_in_sql(
    deps: Deps, buyer: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 5)
    buyer.send(reserve(ORDER, (MUG, 2)))
    buyer.send(catalog.ReleaseStock(order_id=ORDER))

    with pytest.raises(IntegrityError), deps.messages.database.transaction() as session:
        session.execute(text("UPDATE reservation SET state = 'held', ended_at = NULL"))
