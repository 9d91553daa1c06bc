"""What the language costs beside pydantic alone: a body is parsed once, an answer written once."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from contracts.core.tests import shop

MOST_US = 3.0
PLACE = shop.PlaceOrder.__operation__.wire
GET = shop.GetOrder.__operation__.wire
BODY = b'{"lines":[%s],"status":"large"}' % b",".join([b'{"sku":"mug","quantity":2}'] * 5)
ORDER = shop.Order(
    order_id=shop.OrderId("ord_1"),
    status=shop.State.PAID,
    lines=(shop.Line(sku=shop.Sku("mug"), quantity=2),) * 5,
    placed_at=datetime(2026, 1, 31, tzinfo=UTC),
)


def microseconds(do: Callable[[], object]) -> float:
    """The best of many rounds: what it costs when nobody else takes the processor."""
    return min(timeit.repeat(do, number=500, repeat=40)) / 500 * 1e6


def overhead(ours: Callable[[], object], alone: Callable[[], object]) -> float:
    """The least difference of three rounds."""
    return min(microseconds(ours) - microseconds(alone) for _ in range(3))


def test_to_read_a_body_costs_next_to_nothing_beside_pydantic() -> None:
    alone = shop.PlaceOrder.__pydantic_validator__

    cost = overhead(
        lambda: PLACE.read({}, [], BODY), lambda: alone.validate_json(BODY, strict=True)
    )

    assert cost < MOST_US


def test_to_write_and_read_an_answer_costs_next_to_nothing_beside_pydantic() -> None:
    writer, reader = shop.Order.__pydantic_serializer__, shop.Order.__pydantic_validator__
    written = GET.write_answer(ORDER)

    writing = overhead(lambda: GET.write_answer(ORDER), lambda: writer.to_json(ORDER))
    reading = overhead(
        lambda: GET.read_answer(written), lambda: reader.validate_json(written, strict=True)
    )

    assert writing < MOST_US
    assert reading < MOST_US


def test_to_read_a_path_costs_next_to_nothing_beside_pydantic() -> None:
    path = {"order_id": "ord_1"}
    alone = shop.GetOrder.__pydantic_validator__

    assert overhead(lambda: GET.read(path, [], b""), lambda: alone.validate_python(path)) < MOST_US
