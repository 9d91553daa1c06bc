"""What crosses the wire inside requests, answers, problems and events."""

from __future__ import annotations

from typing import ClassVar, Generic

from typing_extensions import TypeVar

from contracts.core._message import Message
from contracts.core.json_object import JsonObject
from contracts.core.open_enum import OpenEnum


class Value(Message):
    """Data that crosses the wire. Frozen; unknown fields are ignored in answers and events, and
    refused in requests, where they are somebody's mistake."""

    # The HTTP status that an answer of this kind always has, if it does.
    __status__: ClassVar[int | None] = None


T = TypeVar("T")


class Page(Value, Generic[T]):
    """One page of a longer list. `next_cursor` asks for the next; it is absent on the last."""

    items: tuple[T, ...]
    next_cursor: str | None = None


__all__ = ["JsonObject", "OpenEnum", "Page", "Value"]
