"""What a service was built from, told to whoever wants to put another beside it."""

from __future__ import annotations

from contracts.core.callers import Service
from contracts.core.requests import Request
from contracts.core.values import Value


class RecordedForm(Value):
    """The wire form of a page, as it is recorded beside it: `page` is contracts.orders.v1, `form` the
    text of contracts/orders/v1.json. `uses` names what the service takes from a neighbour's page;
    absent where that is not known, so that it may be everything."""

    page: str
    form: str
    uses: tuple[str, ...] | None = None


class BuiltFrom(Value):
    """The pages that a service `serves`, and those of its neighbours that it `knows`: it asks them by
    these, or listens to them. Those of the language are in both."""

    service: str
    serves: tuple[RecordedForm, ...]
    knows: tuple[RecordedForm, ...]


class ReadContracts(Request[Service, BuiltFrom], http="GET /contracts"):
    """The contracts in the form in which the service that answers was built with them."""


__all__ = ["BuiltFrom", "ReadContracts", "RecordedForm"]
