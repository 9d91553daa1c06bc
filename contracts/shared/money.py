"""Money: whole minor units (cents) with their currency. Never a float, never a Decimal."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from contracts.core import Value

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

# Ten billion euros: more than any order, and far from where a 64-bit sum overflows.
MOST_CENTS = 10**12

# ISO 4217's currencies whose minor unit is not the hundredth.
_DECIMALS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0
)
_DECIMALS |= dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)


class Money(Value):
    """An amount in the currency's minor unit; -250 EUR is a refund of 2.50 euros.

    Of many: `sum(amounts, start=Money(cents=0))`.
    """

    cents: Annotated[int, Field(ge=-MOST_CENTS, le=MOST_CENTS)]
    currency: Currency = "EUR"

    def __add__(self, other: Self) -> Self:
        """The sum. Raises ValueError for two currencies, or when it is more than money may be."""
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return type(self)(cents=self.cents + other.cents, currency=self.currency)

    def __mul__(self, quantity: int) -> Self:
        """As much so many times. Raises ValueError when that is more than money may be."""
        return type(self)(cents=self.cents * quantity, currency=self.currency)

    def __str__(self) -> str:
        decimals = _DECIMALS.get(self.currency, 2)
        whole, rest = divmod(abs(self.cents), 10**decimals)
        fraction = f".{rest:0{decimals}}" if decimals else ""
        return f"{'-' if self.cents < 0 else ''}{whole}{fraction} {self.currency}"
