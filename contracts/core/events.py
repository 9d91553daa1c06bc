"""Events: facts about the past, published in the transaction that made them true."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Generic, Self

from typing_extensions import TypeVar

from contracts.core._text import check_key_field
from contracts.core.errors import DeclarationError, service_of
from contracts.core.values import Value

T = TypeVar("T", contravariant=True)  # the transaction of a consumer
D = TypeVar("D", contravariant=True)  # what the consumer works with


RETENTION = timedelta(days=14)
"""So long each event stays in its feed. A consumer that lags behind by more misses it."""


@dataclass(frozen=True, slots=True)
class EventDeclaration:
    """What an event class says of itself: its name on the wire, the field that orders it, and how long
    it stays in the feed."""

    service: str
    name: str
    key: str
    retention: timedelta


class Event(Value):
    """A fact that others may read from the feed of the service that knows it.

        class OrderPlaced(Event, name="orders.order_placed.v1", key="order_id"):
            order_id: OrderId

    Events with one key are delivered in the order in which they were published; each has its
    effects once in every consumer's database.
    """

    __event__: ClassVar[EventDeclaration]

    def __init_subclass__(
        cls, *, name: str | None = None, key: str | None = None, **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if name is None or key is None:
            raise DeclarationError(cls, 'an event says name="service.fact.v1" and key="field"')
        cls.__event__ = EventDeclaration(service_of(cls.__module__), name, key, RETENTION)

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        event = cls.__event__
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+\.v[1-9][0-9]*", event.name):
            raise DeclarationError(cls, f"{event.name!r} is not of the form service.fact.v1")
        if cls.__module__.startswith("contracts.") and event.name.split(".")[0] != event.service:
            raise DeclarationError(cls, f"{event.name!r} does not begin with {event.service}")
        if event.key not in cls.model_fields:
            raise DeclarationError(cls, f"its key {event.key!r} is no field")
        check_key_field(cls, event.key, cls.model_fields[event.key])

    @classmethod
    def handled_by(cls, handler: Callable[[Self, T, D], None]) -> Consumer[T, D]:
        """This event with the function that takes it in; the type checker ties the two."""
        return Consumer(cls, handler)


@dataclass(frozen=True, slots=True)
class Consumer(Generic[T, D]):
    """A row of a table of consumers: an event class and its handler."""

    event: type[Event]
    handler: Callable[[Any, T, D], None]
