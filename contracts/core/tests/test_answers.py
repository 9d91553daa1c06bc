"""Answers: a value, nothing, a page, or a promise; read with patience for what is newer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from pydantic import ValidationError

from contracts.core import Accepted, Page
from contracts.core.feed import CloudEvent, ReadFeed
from contracts.core.tests import shop

ORDER = shop.Order(
    order_id=shop.OrderId("ord_1"),
    status=shop.State.PAID,
    lines=(),
    placed_at=datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1))),
)
WRITTEN = b'{"order_id":"ord_1","status":"paid","lines":[],"placed_at":"2026-01-31T08:00:00Z"}'


def test_an_answer_arrives_as_it_was_given() -> None:
    wire = shop.GetOrder.__operation__.wire

    assert wire.write_answer(ORDER) == WRITTEN
    assert wire.read_answer(WRITTEN) == ORDER


def test_a_reader_ignores_what_it_does_not_know_and_reads_a_new_value_as_unknown() -> None:
    newer = b"""{"order_id": "ord_1", "status": "shipped", "placed_at": "2026-01-31T08:00:00Z", "new": 1,
                 "lines": [{"sku": "mug", "quantity": 1, "new": {"a": 1}}]}"""

    read = shop.GetOrder.__operation__.wire.read_answer(newer)

    assert read.status is shop.State.UNKNOWN
    assert read.lines == (shop.Line(sku=shop.Sku("mug"), quantity=1),)


def test_an_answer_is_not_bent_into_shape() -> None:
    with pytest.raises(ValidationError):
        shop.GetOrder.__operation__.wire.read_answer(WRITTEN.replace(b'"paid"', b"3"))


def test_a_page_needs_no_parameter_where_it_is_made() -> None:
    wire = shop.ListOrders.__operation__.wire
    named, bare = Page[shop.Order](items=(ORDER,)), Page(items=(ORDER,), next_cursor="2")

    assert wire.write_answer(named) == b'{"items":[%s],"next_cursor":null}' % WRITTEN
    assert wire.read_answer(wire.write_answer(bare)) == bare
    assert wire.read_answer(b'{"items":[]}') == Page[shop.Order](items=())


def test_nothing_is_answered_with_nothing() -> None:
    wire = shop.CancelOrder.__operation__.wire

    assert wire.write_answer(None) == b""
    assert wire.read_answer(b"") is None


@pytest.mark.parametrize(
    "promise",
    [
        Accepted(then=shop.GetOrder(order_id=shop.OrderId("ord_1"))),
        Accepted[shop.GetOrder](then=shop.GetOrder(order_id=shop.OrderId("ord_1"))),
    ],
)
def test_what_was_accepted_says_whom_to_ask(promise: Accepted[shop.GetOrder]) -> None:
    wire = shop.ExportOrders.__operation__.wire

    read = wire.read_answer(wire.write_answer(promise))

    assert read.then == shop.GetOrder(order_id=shop.OrderId("ord_1"))
    assert shop.GetOrder.__operation__.wire.write(read.then).path == "/api/v1/orders/ord_1"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (shop.GetOrder, None),
        (shop.GetOrder, {"order_id": "ord_1"}),
        (shop.GetOrder, shop.Line(sku=shop.Sku("mug"), quantity=1)),
        (shop.GetOrder, Page[shop.Order](items=(ORDER,))),
        (shop.ListOrders, ORDER),
        (shop.ListOrders, (ORDER,)),
        (shop.ListOrders, Page(items=(shop.Line(sku=shop.Sku("mug"), quantity=1),))),
        (shop.ListOrders, Page[shop.Line](items=(shop.Line(sku=shop.Sku("mug"), quantity=1),))),
        (shop.ExportOrders, Accepted(then=shop.GetMe())),
        (shop.CancelOrder, ORDER),
    ],
)
def test_another_answer_than_the_declared_one_is_a_bug(kind: Any, answer: object) -> None:
    with pytest.raises(TypeError, match=f"{kind.__name__} (does not answer|answers nothing)"):
        kind.__operation__.wire.write_answer(answer)


def test_events_come_in_pages_of_cloud_events() -> None:
    event = CloudEvent(
        id="1",
        source="core",
        type="core.order_placed.v1",
        subject="ord_1",
        time=datetime(2026, 1, 31, tzinfo=UTC),
        sequence="41",
        data={"order_id": "ord_1"},
    )
    wire = ReadFeed.__operation__.wire
    asked = ReadFeed(after=40, lane=1, lanes=4, type=("core.order_placed.v1", "core.paid.v1"))

    page = cast(Page[CloudEvent], wire.read_answer(wire.write_answer(Page(items=(event,)))))

    assert wire.read({}, wire.write(asked).query, b"") == asked
    assert page.items == (event,)
    assert page.items[0].position() == 41
