"""Open enums and free-form JSON: the two places where a contract does not say it all."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.core import JsonObject
from contracts.core.tests import shop


def test_an_open_enum_lists_what_it_knows() -> None:
    assert shop.State.known() == (shop.State.PENDING, shop.State.PAID)
    assert f"{shop.State.PAID}" == "paid"


def nested(levels: int) -> dict[str, object]:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return {"a": value}


FREE = TypeAdapter(JsonObject)


@pytest.mark.parametrize(
    "value",
    [{}, nested(7), {"a": [None, True, 1.5, "ü", -(2**63), {"b": {}}]}, {"a": "x" * 16_000}],
)
def test_json_within_bounds_is_free(value: dict[str, object]) -> None:
    assert FREE.validate_json(json.dumps(value)) == FREE.validate_python(value) == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (nested(8), "8 levels deep"),
        ({"a": "x" * 17_000}, "16384 bytes"),
        ({"a": "ü" * 9_000}, "16384 bytes"),
        ({"a": float("nan")}, "finite"),
        ({"a": [float("-inf")]}, "finite"),
        ({"a": 2**63}, "64 bits"),
        ([], "dictionary|object"),
    ],
)
def test_json_beyond_bounds_is_refused(value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        FREE.validate_json(json.dumps(value))
    with pytest.raises(ValidationError, match=why):
        FREE.validate_python(value)
