"""May a build be put beside what runs?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.contracts.deploy.matrix import May, Row, Way, row
from tools.contracts.deploy.running import Built
from tools.contracts.form.model import (
    Answer,
    Choice,
    Default,
    Event,
    Field,
    Model,
    Operation,
    Page,
    Problem,
    Ref,
    Scalar,
)

ORDERS = "contracts.orders.v1"


def field(name: str, **more: object) -> Field:
    said = {"name": name, "type": Scalar(kind="str"), "reads": (name,), "writes": name, **more}
    return Field(**said)  # type: ignore[arg-type]  # as they are named


PAGE = Page(
    service="orders",
    version="v1",
    operations=(
        Operation(
            name="GetOrder",
            method="GET",
            path="/orders/{order_id}",
            model="GetOrder",
            placeholders=("order_id",),
            in_path=("order_id",),
            answers=(Answer(status=200, type=Ref(model="Order")),),
            repeat="safe",
            callers=("Service",),
        ),
    ),
    events=(
        Event(
            name="OrderPlaced", type="orders.order_placed.v1", key="order_id", model="OrderPlaced"
        ),
    ),
    models=(
        Model(name="GetOrder", fields=(field("order_id"),)),
        Model(name="Order", fields=(field("order_id"), field("total"))),
        Model(
            name="OrderPlaced",
            fields=(field("order_id"), field("how", type=Choice(values=("card", "invoice")))),
        ),
    ),
)


def changed(model: str, *fields: Field) -> Page:
    models = tuple(replace(one, fields=fields) if one.name == model else one for one in PAGE.models)
    return replace(PAGE, models=models)


SAME = PAGE
NOTE_ADDED = changed("GetOrder", field("order_id"), field("note", default=Default(value="")))
ANSWERED_MORE = changed(
    "Order", field("order_id"), field("total"), field("note", default=Default())
)
RENAMED = changed("Order", field("order_id"), field("amount"))
PAID_OTHERWISE = changed(
    "OrderPlaced", field("order_id"), field("how", type=Choice(values=("card", "invoice", "gift")))
)
REFUSED_MORE = replace(
    PAGE,
    operations=(replace(PAGE.operations[0], problems=("/problems/orders/gone",)),),
    problems=(
        Problem(name="Gone", type="/problems/orders/gone", status=410, title="", model="Gone"),
    ),
    models=(*PAGE.models, Model(name="Gone", fields=())),
)


def orders(page: Page) -> Built:
    return Built(service="orders", serves={ORDERS: page}, knows={}, uses={})


def payments(page: Page, *names: str) -> Built:
    used = frozenset(names) if names else None
    return Built(service="payments", serves={}, knows={ORDERS: page}, uses={ORDERS: used})


def may(found: Row) -> dict[Way, May]:
    return {way: cell.may for way, cell in found.cells.items()}


# What the newer page changes; may orders be deployed first, may payments?
CASES = {
    "nothing": (SAME, {}, {}),
    "an answer says more": (ANSWERED_MORE, {}, {}),
    "a request may say more": (NOTE_ADDED, {}, {Way.OUR_REQUESTS: May.THEY_FIRST}),
    "a refusal": (REFUSED_MORE, {Way.ITS_REQUESTS: May.THEY_FIRST}, {}),
    "a value in an event": (PAID_OTHERWISE, {Way.OUR_EVENTS: May.THEY_FIRST}, {}),
    "a name in an answer": (
        RENAMED,
        {Way.ITS_REQUESTS: May.NO},
        {Way.OUR_REQUESTS: May.NO},
    ),
}


@pytest.mark.parametrize(("new", "as_server", "as_client"), CASES.values(), ids=CASES)
def test_each_way_is_judged_for_whoever_is_to_be_deployed(
    new: Page, as_server: dict[Way, May], as_client: dict[Way, May]
) -> None:
    server = row(orders(new), payments(PAGE))
    client = row(payments(new), orders(PAGE))

    assert may(server) == {Way.ITS_REQUESTS: May.YES, Way.OUR_EVENTS: May.YES, **as_server}
    assert may(client) == {Way.OUR_REQUESTS: May.YES, Way.ITS_EVENTS: May.YES, **as_client}


def test_a_no_carries_what_forbids_it() -> None:
    cell = row(orders(RENAMED), payments(PAGE)).cells[Way.ITS_REQUESTS]

    assert {finding.subject for finding in cell.findings} == {"Order"}


def test_what_a_neighbour_does_not_use_does_not_stop_it() -> None:
    listens = row(orders(RENAMED), payments(PAGE, "OrderPlaced"))
    asks = row(orders(PAID_OTHERWISE), payments(PAGE, "GetOrder"))

    assert may(listens) == {Way.OUR_EVENTS: May.YES}
    assert may(asks) == {Way.ITS_REQUESTS: May.YES}


def test_an_old_build_may_come_back_where_what_runs_still_understands_it() -> None:
    """The refusal is in what runs; the build that is to come back doesn't know it."""
    back = row(payments(PAGE), orders(REFUSED_MORE), newer=[ORDERS])
    without = row(payments(PAGE), orders(NOTE_ADDED), newer=[ORDERS])

    assert may(back)[Way.OUR_REQUESTS] is May.NO
    assert may(without)[Way.OUR_REQUESTS] is May.YES


def test_services_that_do_not_know_each_other_have_nothing_to_say() -> None:
    stranger = Built(service="mail", serves={}, knows={}, uses={})

    assert row(orders(PAGE), stranger).cells == {}
