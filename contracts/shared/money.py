"""Money: whole minor units (cents) with their currency. Never a float, never a Decimal."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from contracts.core import Value

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

# Ten billion euros: more than any order, and far from where a 64-bit sum overflows.
MOST_CENTS = 10**12


class Money(Value):
    """An amount in the currency's minor unit; -250 EUR is a refund of 2.50 euros."""

    cents: Annotated[int, Field(ge=-MOST_CENTS, le=MOST_CENTS)]
    currency: Currency = "EUR"

    def __add__(self, other: Self) -> Self:
        """The sum. Raises ValueError for two currencies, or when it is more than money may be."""
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return type(self)(cents=self.cents + other.cents, currency=self.currency)

    def __mul__(self, quantity: int) -> Self:
        return type(self)(cents=self.cents * quantity, currency=self.currency)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{abs(self.cents) // 100}.{abs(self.cents) % 100:02d} {self.currency}"
