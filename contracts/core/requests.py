"""Requests: an operation of a service, in one class.

    class GetOrder(Request[User | Admin, Order, NoSuchOrder], http="GET /api/v1/orders/{order_id}"):
        order_id: OrderId

says who may ask, what they get, and how they may be refused. Every way a call can end is a type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Never, Self

from typing_extensions import TypeVar

from contracts.core._declaration import operation
from contracts.core._message import Message
from contracts.core.errors import DeclarationError
from contracts.core.operation import KEYED, ONCE, SAFE, Method, Operation, Repeat
from contracts.core.problems import Problem
from contracts.core.values import Page, Value

# W: who asks. R: the answer. P: the problems. D: what the handler works with.
W = TypeVar("W", contravariant=True)
R = TypeVar("R", covariant=True)
P = TypeVar("P", bound=Problem, default=Never, covariant=True)
D = TypeVar("D", contravariant=True)


class Request(Message, Generic[W, R, P]):
    """An operation of a service: `Request[Caller, Answer]` or `Request[Caller, Answer, Problems]`.

    Fields named in the path travel there, those of GET and DELETE in the query, all others in a
    JSON body. `repeat` is SAFE for GET, PUT and DELETE and ONCE for the rest unless it is said.
    `deprecated` tells that something better exists; `sunset=date(...)` also until when it stays.
    """

    __operation__: ClassVar[Operation]
    __declared__: ClassVar[tuple[Any, ...] | None] = None

    def __init_subclass__(
        cls,
        *,
        http: str | None = None,
        status: int | None = None,
        repeat: Repeat | None = None,
        deadline_s: float = 2.0,
        deprecated: bool = False,
        sunset: date | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        # Without `http` this is pydantic's own step from Request to Request[W, R, P].
        said = (http, status, repeat, deadline_s, deprecated, sunset)
        cls.__declared__ = None if http is None else said

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        if cls.__declared__ is not None:
            cls.__operation__ = operation(cls, *cls.__declared__)
        elif not cls.__pydantic_generic_metadata__["args"]:
            raise DeclarationError(cls, 'a request says http="METHOD /path"')

    @classmethod
    def handled_by(cls, handler: Callable[[Self, W, D], R | P]) -> Binding[D]:
        """This request with the function that answers it; the type checker ties the two."""
        return Binding(cls, handler)


@dataclass(frozen=True, slots=True)
class Binding(Generic[D]):
    """A row of a table of routes: a request class and its handler."""

    request: type[Request[Any, Any, Any]]
    handler: Callable[[Any, Any, D], Any]


if TYPE_CHECKING:
    A = TypeVar("A", bound=Request[Any, Any, Any])
else:
    # pydantic would read an Accepted(then=...) of this bound, and lose the request's fields.
    A = TypeVar("A")


class Accepted(Value, Generic[A]):
    """Taken on, not done yet (202): ask `then` until it is. Its path is the Location header."""

    __status__: ClassVar[int | None] = 202
    then: A

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        for polled in cls.__pydantic_generic_metadata__["args"]:
            if not isinstance(polled, TypeVar) and not hasattr(polled, "__operation__"):
                raise DeclarationError(cls, f"{polled!r} is no request; name the one to ask later")


__all__ = [
    "KEYED",
    "ONCE",
    "SAFE",
    "Accepted",
    "Binding",
    "Method",
    "Operation",
    "Page",
    "Repeat",
    "Request",
]
