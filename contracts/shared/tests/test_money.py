"""Money: whole minor units that neither round nor overflow, and never two currencies at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.shared.money import MOST_CENTS, Money

CENTS = st.integers(-(10**9), 10**9)


@settings(deadline=None)
@given(st.lists(CENTS, max_size=20))
def test_the_sum_of_amounts_is_the_amount_of_the_sum(cents: list[int]) -> None:
    amounts = [Money(cents=one) for one in cents]

    assert sum(amounts, start=Money(cents=0)) == Money(cents=sum(cents))


@settings(deadline=None)
@given(CENTS, st.integers(0, 99))
def test_so_many_of_one_cost_as_much_as_each_of_them(cents: int, quantity: int) -> None:
    price = Money(cents=cents)

    assert price * quantity == sum([price] * quantity, start=Money(cents=0))


def test_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match="EUR and USD cannot be added"):
        Money(cents=1) + Money(cents=1, currency="USD")


def test_more_than_any_order_costs_is_no_amount() -> None:
    most = Money(cents=MOST_CENTS)

    with pytest.raises(ValueError, match="cents"):
        most + Money(cents=1)
    for quantity in (2, -2, 2**63):
        with pytest.raises(ValueError, match="cents"):
            most * quantity


@pytest.mark.parametrize(
    "wire",
    [
        '{"cents": 1.5}',
        '{"cents": 1.0}',
        '{"cents": "1"}',
        '{"cents": true}',
        '{"cents": 1e3}',
        '{"cents": 1000000000001}',
        '{"cents": null}',
        '{"cents": 1, "currency": "eur"}',
        '{"cents": 1, "currency": "EURO"}',
        '{"cents": 1, "currency": "EUR\\n"}',
        '{"cents": 1, "currency": ""}',
    ],
)
def test_money_on_the_wire_is_whole_and_names_its_currency(wire: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate_json(wire, strict=True)


@pytest.mark.parametrize(
    ("cents", "currency", "said"),
    [
        (0, "EUR", "0.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (123456, "USD", "1234.56 USD"),
        (-123456, "USD", "-1234.56 USD"),
        (500, "JPY", "500 JPY"),
        (-500, "JPY", "-500 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (4, "KWD", "0.004 KWD"),
    ],
)
def test_money_is_said_in_the_decimals_of_its_currency(
    cents: int, currency: str, said: str
) -> None:
    assert str(Money(cents=cents, currency=currency)) == said


def test_money_is_equal_by_amount_and_currency_and_cannot_change() -> None:
    price = Money(cents=1)

    assert {price, Money(cents=1), Money(cents=1, currency="USD")} == {
        Money(cents=1, currency="USD"),
        price,
    }
    with pytest.raises(ValidationError, match="frozen"):
        price.cents = 2  # type: ignore[misc]  # just that is refused
