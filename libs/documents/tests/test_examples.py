"""Examples follow the rules of the contract that they illustrate."""

from __future__ import annotations

import json
import operator
import re
from functools import partial
from typing import Any

import pytest

from contracts.core import Event, Operation, Problem, Value
from contracts.core.problems import adapter_of
from contracts.shared.ids import OrderId, Sku
from contracts.shared.money import Money
from libs.documents import Schemas, problems_of
from libs.documents.patterns import text_for
from libs.operations.dispatch import operations_of
from libs.testing import shop

OPERATIONS = operations_of(shop.page)
SCHEMAS = Schemas(OPERATIONS, problems_of(OPERATIONS))
SEEDS = [str(seed) for seed in range(20)]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_service_takes_the_example_of_a_request(operation: Operation) -> None:
    for seed in SEEDS:
        example = SCHEMAS.example(SCHEMAS.request(operation), seed)

        wire = operation.wire
        path = {name: str(example[name]) for name in wire.placeholders}
        body = json.dumps({n: v for n, v in example.items() if n in wire.body}).encode()
        read = wire.read(path, [], body if wire.body else b"")

        assert isinstance(read, wire.request)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_client_reads_the_example_of_an_answer(operation: Operation) -> None:
    if operation.answer is None:
        return
    for seed in SEEDS:
        example = SCHEMAS.example(SCHEMAS.answer(operation), seed)

        read = operation.wire.read_answer(json.dumps(example).encode())

        assert json.loads(operation.wire.write_answer(read)).keys() == example.keys()


@pytest.mark.parametrize("problem", problems_of(OPERATIONS), ids=lambda problem: problem.__name__)
def test_a_client_reads_the_example_of_a_problem(problem: type[Problem]) -> None:
    example = SCHEMAS.example(SCHEMAS.problem(problem), "seed")

    assert isinstance(adapter_of(problem).validate_python(example), problem)
    assert (example["type"], example["status"]) == (
        problem.__problem__.type,
        problem.__problem__.status,
    )


def test_the_same_seed_gives_the_same_example_and_another_one_another() -> None:
    schema = SCHEMAS.answer(next(op for op in OPERATIONS if op.name == "GetThing"))

    first, again = SCHEMAS.example(schema, "one"), SCHEMAS.example(schema, "one")
    others = [SCHEMAS.example(schema, seed) for seed in SEEDS]

    assert first == again
    assert any(other != first for other in others)


def test_an_open_enum_is_never_shown_with_the_value_that_nobody_sends() -> None:
    schema = SCHEMAS.answer(next(op for op in OPERATIONS if op.name == "GetThing"))

    states = {SCHEMAS.example(schema, seed)["state"] for seed in SEEDS}

    assert states == {"sold"}


@pytest.mark.parametrize(
    "pattern",
    [
        r"^ord_[0-9a-z]{26}$",
        r"^[a-z0-9][a-z0-9-]{0,62}$",
        r"^[A-Z]{3}$",
        r"^(red|blue)-\d{2,4}$",
        r"^[^\x00-\x1f\x7f]*$",
        r"^\w+@[a-z]+\.example$",
        r"^a?b*c+.\S$",
    ],
)
def test_text_for_a_pattern_is_taken_in_by_it(pattern: str) -> None:
    texts = [text_for(pattern, partial(operator.mod, start)) for start in range(50)]

    assert [text for text in texts if not re.search(pattern, text)] == []


class Line(Value):
    sku: Sku
    quantity: int
    unit_price: Money


class Bought(Event, name="tests.bought.v1", key="order_id"):
    order_id: OrderId
    lines: tuple[Line, ...]
    total: Money


def test_a_total_is_the_sum_of_its_lines() -> None:
    schemas = Schemas(events=[Bought])

    for seed in SEEDS:
        example: Any = schemas.example(schemas.event(Bought), seed)

        lines = [line["unit_price"]["cents"] * line["quantity"] for line in example["lines"]]
        assert example["total"]["cents"] == sum(lines) > 0
