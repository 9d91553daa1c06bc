"""Problems: refusals that are values on the wire and exceptions in the code."""

from __future__ import annotations

import copy
import pickle
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from contracts.core import Problem, chassis
from contracts.core.problems import RESERVED, adapter_of
from contracts.core.tests import shop
from contracts.core.tests.pages import page

SHORT = shop.LineUnavailable(sku=shop.Sku("mug"), units_left=2)


def test_a_problem_is_equal_to_one_that_says_the_same() -> None:
    same = shop.LineUnavailable(sku=shop.Sku("mug"), units_left=2)
    other = shop.LineUnavailable(sku=shop.Sku("mug"), units_left=1)

    assert SHORT == same != other
    assert hash(SHORT) == hash(same)
    assert {SHORT, same, other} == {SHORT, other}
    assert shop.Closed() == shop.Closed()
    others: list[Problem] = [SHORT, shop.NoSuchOrder(order_id=shop.OrderId("ord_1"))]
    assert shop.Closed() not in others


def test_a_problem_is_raised_caught_and_matched() -> None:
    with pytest.raises(shop.LineUnavailable) as caught:
        raise shop.LineUnavailable(sku=shop.Sku("mug"), units_left=2)
    match caught.value:
        case shop.LineUnavailable(sku="mug", units_left=left):
            found = left

    assert found == 2
    assert caught.value == SHORT
    assert caught.value.__traceback__ is not None


@pytest.mark.parametrize("problem", [SHORT, shop.Closed(), chassis.InvalidRequest(errors=())])
def test_a_problem_survives_a_copy_and_a_pickle(problem: Problem) -> None:
    assert copy.copy(problem) == copy.deepcopy(problem) == problem
    assert pickle.loads(pickle.dumps(problem)) == problem


def test_a_problem_tells_its_title_and_its_fields() -> None:
    assert str(SHORT) == "Not enough stock for a line (sku='mug', units_left=2)"
    assert str(shop.Closed()) == "The shop is closed"
    assert repr(SHORT).endswith("LineUnavailable(sku='mug', units_left=2)")
    assert SHORT.fields() == {"sku": "mug", "units_left": 2}


def test_a_problem_hides_what_is_not_to_be_shown() -> None:
    class Refused(Problem, status=403, title="Refused"):
        token: str = Field(repr=False)

    refused = Refused(token="hunter2")

    assert "hunter2" not in str(refused) + repr(refused)
    assert refused.fields() == {"token": "hunter2"}


def test_a_problem_is_read_from_the_wire_with_what_stands_around_it() -> None:
    adapter = adapter_of(shop.LineUnavailable)
    wire = (
        b'{"type":"t","title":"T","status":409,"trace_id":"1","sku":"mug","units_left":2,"new":[1]}'
    )

    assert adapter.validate_json(wire) == SHORT
    assert adapter.dump_json(SHORT) == b'{"sku":"mug","units_left":2}'
    assert adapter_of(shop.LineUnavailable) is adapter


def test_a_problem_reads_a_value_that_is_newer_than_its_reader_as_unknown() -> None:
    class WrongState(Problem, status=409, title="Not now"):
        state: shop.State

    assert adapter_of(WrongState).validate_json(b'{"state": "shipped"}') == WrongState(
        state=shop.State.UNKNOWN
    )


@pytest.mark.parametrize(
    "fields", [{"sku": "", "units_left": 1}, {"sku": "mug", "units_left": 2**63}]
)
def test_a_problem_says_only_what_its_fields_can(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        shop.LineUnavailable(**fields)  # type: ignore[arg-type]  # what is wrong is only known here


def test_an_alias_is_the_name_on_the_wire() -> None:
    class Short(Problem, status=409, title="Short"):
        units_left: Annotated[int, Field(alias="unitsLeft")]

    short = Short(units_left=2)

    assert adapter_of(Short).dump_json(short, by_alias=True) == b'{"unitsLeft":2}'
    assert adapter_of(Short).validate_json(b'{"unitsLeft":2}') == short


def test_the_members_of_rfc_9457_are_the_chassis_own() -> None:
    assert {"type", "title", "status", "instance"} <= RESERVED
    for name, kind in vars(chassis).items():
        if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem:
            assert name == kind.__name__
            assert kind.__problem__.type.startswith("/problems/")
            assert kind.__problem__.type.count("/") == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NoSuchThing", "/problems/shop/no-such-thing"),
        ("SKUGone", "/problems/shop/sku-gone"),
        ("NoHTTP", "/problems/shop/no-http"),
        ("Gone2", "/problems/shop/gone2"),
        ("Level3Only", "/problems/shop/level3-only"),
    ],
)
def test_the_type_of_a_problem_is_its_service_and_its_words(name: str, kind: str) -> None:
    shared = page(f"class {name}(Problem, status=404, title='No'): pass")

    assert getattr(shared, name).__problem__.type == kind
