"""What a customer can do, and which parts of the shop it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Step:
    """A request at a service's door. `asks` are the neighbours without which it cannot be answered
    well; what it can do without (the overview: orders) is none of them."""

    name: str
    service: str
    asks: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """The units, and the edges between them. Every service stands on PostgreSQL; none needs a
        Valkey to answer."""
        web = f"{self.service}.web"
        neighbours = {"postgres", *(f"{name}.web" for name in self.asks)}
        return frozenset({web, *neighbours, *(f"{web}->{name}" for name in neighbours)})


REGISTER = Step("register", "users")
LOG_IN = Step("log in", "users")
ME = Step("account", "users")
OVERVIEW = Step("overview", "users")
BROWSE = Step("browse", "catalog")
SEARCH = Step("search", "catalog")
PRODUCT = Step("product", "catalog")
ORDER = Step("order", "orders", asks=frozenset({"catalog"}))
CANCEL = Step("cancel", "orders")
LOOK = Step("look at an order", "orders")
ORDERS = Step("list orders", "orders")

STEPS = (REGISTER, LOG_IN, ME, OVERVIEW, BROWSE, SEARCH, PRODUCT, ORDER, CANCEL, LOOK, ORDERS)


def neighbours(service: str) -> frozenset[str]:
    """Whom a service may ask, from its `deps.py`: no step can need anybody else."""
    asked = import_module(f"services.{service}.deps").PEERS
    return frozenset(contract.__name__.split(".")[1] for contract in asked)


@cache
def consumed(service: str) -> Mapping[str, frozenset[str]]:
    """The types of events that a service consumes, by the service that publishes them."""
    try:
        table = import_module(f"services.{service}.consumers").consumers
    except ModuleNotFoundError:
        return {}
    types: dict[str, set[str]] = {}
    for row in table:
        name = row.event.__event__.name
        types.setdefault(name.partition(".")[0], set()).add(name)
    return {producer: frozenset(names) for producer, names in types.items()}
