"""What the catalog promises about names, prices, quantities and repeats."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.catalog import v1 as catalog
from contracts.core import KEYED, SAFE
from contracts.shared.ids import OrderId, Sku

MUG = Sku("mug")


def product(**said: Any) -> catalog.PutProduct:
    fields = {"sku": MUG, "name": "Mug", "category": "tableware", "price": {"cents": 900}}
    return catalog.PutProduct.model_validate(fields | said)


@pytest.mark.parametrize(
    "name", ["Mug", "Crème brûlée dishes, set of four", "急須", "½ l", "x" * 200]
)
def test_products_have_the_names_that_they_have(name: str) -> None:
    assert product(name=f"  {name} ").name == name


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "a\u2028b", "\u202eguM", "x" * 201])
def test_a_name_breaks_no_line_and_turns_no_text(name: str) -> None:
    with pytest.raises(ValidationError):
        product(name=name)


@pytest.mark.parametrize("cents", [-1, 100_000_001])
def test_a_price_is_neither_negative_nor_absurd(cents: int) -> None:
    with pytest.raises(ValidationError):
        product(price={"cents": cents})


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_a_line_asks_for_one_to_ninety_nine(quantity: int) -> None:
    with pytest.raises(ValidationError):
        catalog.Line(sku=MUG, quantity=quantity)


def test_an_order_holds_at_least_one_line() -> None:
    with pytest.raises(ValidationError):
        catalog.ReserveStock(order_id=OrderId("ord_" + "0" * 26), lines=())


def test_what_may_be_repeated_is_said() -> None:
    assert catalog.ReserveStock.__operation__.repeat is SAFE
    assert catalog.ReleaseStock.__operation__.repeat is SAFE
    assert catalog.PutProduct.__operation__.repeat is SAFE
    assert catalog.ChangeStock.__operation__.repeat is KEYED
