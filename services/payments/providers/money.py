"""The port: what is asked of a payment provider, and how that can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from contracts.shared.ids import OrderId
from contracts.shared.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What an order costs, and from where it is to be taken."""

    order_id: OrderId
    amount: Money
    payment_method: str


@dataclass(frozen=True, slots=True)
class Captured:
    """The money is ours. `reference` is the provider's name for it; a refund needs it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was taken, and nothing will be under this key. `reason` is for the customer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money is the customer's again. `reference` is the provider's name for the refund."""

    reference: str


class ProviderRefused(Exception):
    """The provider will not do this however often it is asked: our account, our key or our request
    is wrong. A person has to look."""


class Provider(Protocol):
    """Asks one payment provider. The same `key` is the same wish: however often it is asked, the
    money moves once, and the answer is the first one.

    Both raise Unavailable when nobody knows whether the money moved (no answer, 5xx, too many
    requests), so that the same is asked again; and ProviderRefused.
    """

    def capture(self, charge: Charge, *, key: str) -> Captured | Declined:
        """Take the money."""
        ...

    def refund(self, charge: Charge, captured: Captured, *, key: str) -> Refunded:
        """Give all of it back. What was given back before counts as given back."""
        ...
