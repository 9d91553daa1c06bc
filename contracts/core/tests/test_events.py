"""Events: facts with a name and a key, read with patience for what is newer."""

from __future__ import annotations

from contracts.core import Consumer
from contracts.core.tests import shop
from contracts.core.tests.pages import page


def test_an_event_knows_its_service_its_name_and_what_orders_it() -> None:
    declared = shop.OrderPlaced.__event__

    assert (declared.service, declared.name, declared.key) == (
        "core",
        "core.order_placed.v1",
        "order_id",
    )


def test_a_reader_of_an_event_ignores_what_it_does_not_know() -> None:
    newer = '{"order_id": "ord_1", "status": "shipped", "total_cents": 1, "new": {"a": [1]}}'

    read = shop.OrderPlaced.model_validate_json(newer, strict=True)

    assert read == shop.OrderPlaced(
        order_id=shop.OrderId("ord_1"), status=shop.State.UNKNOWN, total_cents=1
    )


def test_a_consumer_is_a_row_of_event_and_handler() -> None:
    def note(event: shop.OrderPlaced, tx: list[str], deps: None) -> None:
        tx.append(event.order_id)

    row = shop.OrderPlaced.handled_by(note)

    assert row == Consumer(shop.OrderPlaced, note)


def test_names_that_mean_something_to_the_language_are_free_for_an_event() -> None:
    shared = page(
        """
class Sold(Event, name="shop.sold.v1", key="key"):
    name: str
    key: str
    status: str
    type: str
    data: JsonObject
"""
    )
    sold = shared.Sold(name="n", key="k", status="s", type="t", data={})

    assert shared.Sold.model_validate_json(sold.model_dump_json()) == sold
    assert shared.Sold.__event__.key == "key"
