"""What an operation does to the things of a service, as far as its path and its answer tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args

from contracts.core import Operation, Page
from contracts.core.feed import ReadFeed


class Shape(Enum):
    """The generic shapes of the language."""

    MAKE = "make"  # POST /orders
    LIST = "list"  # GET /orders, a Page
    LOOK = "look"  # GET /orders/{order_id}
    PUT = "put"  # PUT or PATCH /orders/{order_id}
    REMOVE = "remove"  # DELETE /orders/{order_id}
    ACT = "act"  # POST /orders/{order_id}/cancellation
    FEED = "feed"  # GET /feed
    ALONE = "alone"  # whatever names no thing: POST /sessions, GET /users/me


@dataclass(frozen=True)
class Kind:
    """A kind of thing: the answer that shows it, and the field that names one."""

    model: type[Any]
    id_field: str


@dataclass(frozen=True)
class Role:
    """An operation's shape, and the kind of thing that it is about, if any."""

    shape: Shape
    kind: Kind | None = None


def roles_of(operations: Iterable[Operation]) -> dict[str, Role]:
    """The role of each operation by its name."""
    operations = tuple(operations)
    kinds = _kinds(operations)
    return {operation.name: _role(operation, kinds) for operation in operations}


def _kinds(operations: tuple[Operation, ...]) -> dict[str, Kind]:
    """By collection path: `/api/v1/orders`. Whatever can be looked at or put by its name is a thing."""
    kinds: dict[str, Kind] = {}
    for operation in sorted(operations, key=lambda op: op.method != "GET"):
        collection, name, rest = _parts(operation)
        is_shown = operation.method in ("GET", "PUT") and operation.answer is not None
        if name and not rest and is_shown and name in operation.answer.model_fields:
            kinds.setdefault(collection, Kind(operation.answer, name))
    return kinds


def _role(operation: Operation, kinds: dict[str, Kind]) -> Role:
    if operation.wire.request is ReadFeed:
        return Role(Shape.FEED)
    collection, name, rest = _parts(operation)
    kind = kinds.get(collection)
    if not name:
        paged = _paged(operation.answer)
        if operation.method == "GET" and paged is not None:
            return Role(Shape.LIST, kind if kind and kind.model is paged else Kind(paged, ""))
        if operation.method == "POST" and kind is not None and operation.answer is kind.model:
            return Role(Shape.MAKE, kind)
        mine = next((each for each in kinds.values() if each.model is operation.answer), None)
        return Role(Shape.ALONE, mine)
    if rest:
        return Role(Shape.ACT, kind) if kind else Role(Shape.ALONE)
    if kind is None:
        return Role(Shape.ALONE)
    match operation.method:
        case "GET":
            return Role(Shape.LOOK, kind)
        case "DELETE":
            return Role(Shape.REMOVE, kind)
        case "POST":
            return Role(Shape.ACT, kind)
    return Role(Shape.PUT, kind)


def _parts(operation: Operation) -> tuple[str, str, str]:
    """`/api/v1/orders`, `order_id` and `cancellation` of a path."""
    collection, _, rest = operation.path.partition("/{")
    name, _, further = rest.partition("}")
    return collection, name, further.strip("/")


def _paged(answer: Any) -> type[Any] | None:
    """What a page is made of."""
    generic = getattr(answer, "__pydantic_generic_metadata__", None) or {}
    if generic.get("origin") is not Page:
        return None
    (item,) = generic["args"] or get_args(answer)
    return item if isinstance(item, type) else None
