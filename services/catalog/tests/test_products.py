"""Products and their stock: who may write them, and what repeats do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contracts.catalog import v1 as catalog
from contracts.core import JsonObject
from contracts.shared.ids import Sku
from libs.client import Api
from libs.operations.errors import Misunderstood
from libs.testing import as_user, connect
from services.catalog.app import create_app
from services.catalog.deps import Deps
from services.catalog.tests.conftest import ADA, MUG, Balance, a_product, an_order, reserve


def test_a_product_is_found_as_it_was_put(admin: Api, anyone: Api) -> None:
    put = admin.send(a_product(MUG, "Blue mug", cents=900, attributes={"capacity_ml": 350}))

    found = anyone.send(catalog.GetProduct(sku=MUG))

    assert found == put
    assert (found.name, found.price.cents, found.units_left) == ("Blue mug", 900, 0)
    assert found.attributes == {"capacity_ml": 350}


def test_what_was_never_put_is_no_such_product(anyone: Api) -> None:
    refused = anyone.attempt(catalog.GetProduct(sku=MUG))

    assert refused == catalog.NoSuchProduct(sku=MUG)


def test_putting_a_product_again_leaves_its_stock(
    admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 7)

    changed = admin.send(a_product(MUG, "Bluer mug"))

    assert (changed.name, changed.units_left) == ("Bluer mug", 7)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"sizes": [1, 2.5, {"deep": ["er", None, True]}]},
        {"large": 2**63 - 1, "small": -(2**63), "tiny": 1e-300, "huge": 1e300},
        {"Größe": "½ l", "emoji": "🫖", "quote": "\"'\\"},
    ],
)
def test_whatever_describes_a_product_comes_back(admin: Api, attributes: JsonObject) -> None:
    put = admin.send(a_product(MUG, attributes=attributes))

    assert put.attributes == attributes


@pytest.mark.parametrize(
    "request_",
    [a_product(MUG), catalog.ChangeStock(sku=MUG, units=1)],
    ids=["put", "change stock"],
)
def test_only_admins_write(
    app: Flask, anyone: Api, buyer: Api, request_: catalog.PutProduct | catalog.ChangeStock
) -> None:
    customer = connect(app, user=as_user(ADA))

    for api in (anyone, buyer, customer):
        with pytest.raises(Misunderstood, match=r"40[13]"):
            api.send(request_, key="k")


def test_stock_comes_in_and_goes(admin: Api, stocked: Callable[[Sku, int], None]) -> None:
    stocked(MUG, 10)

    left = admin.send(catalog.ChangeStock(sku=MUG, units=-4), key="broken in the warehouse")

    assert left.units_left == 6


def test_more_than_is_there_cannot_be_taken_away(
    admin: Api, buyer: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 10)
    buyer.send(reserve(an_order(1), (MUG, 8)))

    refused = admin.attempt(catalog.ChangeStock(sku=MUG, units=-3), key="too many")

    assert refused == catalog.StockTooLow(sku=MUG, units_left=2)


def test_stock_has_an_upper_end(admin: Api, stocked: Callable[[Sku, int], None]) -> None:
    stocked(MUG, 1_000_000)

    refused = admin.attempt(catalog.ChangeStock(sku=MUG, units=1), key="one more")

    assert refused == catalog.StockTooHigh(sku=MUG, units_left=1_000_000)


def test_stock_of_no_product_cannot_change(admin: Api) -> None:
    refused = admin.attempt(catalog.ChangeStock(sku=MUG, units=1), key="k")

    assert refused == catalog.NoSuchProduct(sku=MUG)


def test_a_delivery_that_is_told_twice_came_once(
    admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 0)
    delivery = catalog.ChangeStock(sku=MUG, units=5)

    answers = [admin.send(delivery, key="delivery 17") for _ in range(3)]

    assert [answer.units_left for answer in answers] == [5, 5, 5]


def test_a_delivery_came_once_even_if_its_answer_was_lost_in_a_crash(
    deps: Deps, admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 0)
    delivery = catalog.ChangeStock(sku=MUG, units=5)
    admin.send(delivery, key="delivery 17")
    with deps.messages.database.transaction() as session:
        session.execute(text("DELETE FROM keyed_request"))

    again = admin.send(delivery, key="delivery 17")

    assert again.units_left == 5


def test_a_refused_change_may_be_tried_again_when_there_is_stock(
    deps: Deps, admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 1)
    taken = catalog.ChangeStock(sku=MUG, units=-3)
    assert isinstance(admin.attempt(taken, key="first"), catalog.StockTooLow)
    admin.send(catalog.ChangeStock(sku=MUG, units=5), key="delivery")

    left = admin.send(taken, key="second")

    assert left.units_left == 3


def test_one_admins_key_is_nobody_elses(
    app: Flask, admin: Api, stocked: Callable[[Sku, int], None]
) -> None:
    stocked(MUG, 0)
    delivery = catalog.ChangeStock(sku=MUG, units=5)
    other = connect(app, user=as_user(ADA, admin=True))

    admin.send(delivery, key="1")

    assert other.send(delivery, key="1").units_left == 10


def test_taking_the_last_units_away_is_a_fact(
    admin: Api,
    stocked: Callable[[Sku, int], None],
    published: Callable[[], list[tuple[str, str]]],
) -> None:
    stocked(MUG, 3)

    admin.send(catalog.ChangeStock(sku=MUG, units=-2), key="a")
    admin.send(catalog.ChangeStock(sku=MUG, units=-1), key="b")

    assert published() == [("catalog.stock_ran_out.v1", MUG)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock SET on_hand = on_hand - 11, reserved = reserved + 11",
        "UPDATE stock SET on_hand = on_hand - 1",
        "UPDATE stock SET sold = sold + 1",
        "UPDATE stock SET reserved = -1, sold = 1",
    ],
)
def test_the_database_refuses_stock_that_does_not_add_up(
    deps: Deps, stocked: Callable[[Sku, int], None], statement: str
) -> None:
    stocked(MUG, 10)

    with pytest.raises(IntegrityError), deps.messages.database.transaction() as session:
        session.execute(text(statement))


def test_the_service_is_ready_once_its_tables_are_there(deps: Deps) -> None:
    assert create_app(deps).test_client().get("/readyz").status_code == 200


def test_what_is_held_is_not_for_sale(
    anyone: Api,
    buyer: Api,
    stocked: Callable[[Sku, int], None],
    balance: Callable[[Sku], Balance],
) -> None:
    stocked(MUG, 5)

    buyer.send(reserve(an_order(1), (MUG, 2)))

    assert anyone.send(catalog.GetProduct(sku=MUG)).units_left == 3
    assert balance(MUG) == Balance(on_hand=3, reserved=2, sold=0)
