"""Requests: an operation of a service, in one class.

    class GetOrder(Request[User | Admin, Order, NoSuchOrder], http="GET /api/v1/orders/{order_id}"):
        order_id: OrderId

says who may ask, what they get, and how they may be refused. Every way a call can end is a type.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Generic, Literal, Never, Self, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import TypeVar

from contracts.core import _wire
from contracts.core._fields import check_fields, is_optional_type
from contracts.core.callers import Admin, Anyone, Service, User
from contracts.core.errors import DeclarationError, service_of
from contracts.core.problems import Problem
from contracts.core.values import WIRE, Page, Value

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Repeat(Enum):
    """What happens when a request arrives twice."""

    SAFE = "safe"  # by nature: the second one changes nothing
    KEYED = "keyed"  # by an Idempotency-Key: the second one gets the first one's answer
    ONCE = "once"  # it does it again, so nobody sends it twice by himself


SAFE, KEYED, ONCE = Repeat.SAFE, Repeat.KEYED, Repeat.ONCE

# W: who asks. R: the answer. P: the problems. D: what the handler works with.
W = TypeVar("W", contravariant=True)
R = TypeVar("R", covariant=True)
P = TypeVar("P", bound=Problem, default=Never, covariant=True)
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request class declares, as data: for routes, clients, documents and checks."""

    service: str
    name: str
    method: Method
    path: str
    status: int
    callers: tuple[type[Anyone], ...]
    answer: Any
    problems: tuple[type[Problem], ...]
    repeat: Repeat
    deadline_s: float
    wire: _wire.Wire


class Request(BaseModel, Generic[W, R, P]):
    """An operation of a service: `Request[Caller, Answer]` or `Request[Caller, Answer, Problems]`.

    Fields named in the path travel there, those of GET and DELETE in the query, all others in a
    JSON body. `repeat` is SAFE for GET, PUT and DELETE and ONCE for the rest unless it is said.
    """

    model_config = WIRE
    __operation__: ClassVar[Operation]
    __declared__: ClassVar[tuple[str, int | None, Repeat | None, float] | None] = None

    def __init_subclass__(
        cls,
        *,
        http: str | None = None,
        status: int | None = None,
        repeat: Repeat | None = None,
        deadline_s: float = 2.0,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        # Without `http` this is pydantic's own step from Request to Request[W, R, P].
        cls.__declared__ = None if http is None else (http, status, repeat, deadline_s)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return _wire.bound_integers(handler(source))

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if cls.__declared__ is not None:
            check_fields(cls, cls.model_fields)
            cls.__operation__ = _operation(cls, *cls.__declared__)
        elif not cls.__pydantic_generic_metadata__["args"] and cls is not Request:
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


def _operation(
    cls: type[Request[Any, Any, Any]],
    http: str,
    status: int | None,
    repeat: Repeat | None,
    deadline_s: float,
) -> Operation:
    method, path = _http(cls, http)
    placeholders = tuple(re.findall(r"\{(\w+)\}", path))
    fields = cls.model_fields
    for name in placeholders:
        if name not in fields:
            raise DeclarationError(cls, f"{{{name}}} of the path is no field; declare it")
        if not fields[name].is_required() or is_optional_type(fields[name].annotation):
            raise DeclarationError(cls, f"{name} stands in the path, so it cannot be optional")
    rest = tuple(name for name in fields if name not in placeholders)
    in_query = method in ("GET", "DELETE")
    if in_query:
        for name in rest:
            _check_query_field(cls, name, fields[name])
    caller, answer, problems = _parameters(cls)
    if deadline_s <= 0:
        raise DeclarationError(cls, f"a deadline of {deadline_s} s has always passed")
    if method == "GET" and repeat not in (None, SAFE):
        raise DeclarationError(cls, "a GET is safe to repeat")
    default = SAFE if method in ("GET", "PUT", "DELETE") else ONCE
    return Operation(
        service=service_of(cls.__module__),
        name=cls.__name__,
        method=method,
        path=path,
        status=_status(cls, answer, status),
        callers=caller,
        answer=answer,
        problems=problems,
        repeat=repeat or default,
        deadline_s=deadline_s,
        wire=_wire.Wire(
            cls,
            path=path,
            placeholders=placeholders,
            query=rest if in_query else (),
            body=() if in_query else rest,
            answer=answer,
        ),
    )


def _http(cls: type, http: str) -> tuple[Method, str]:
    method, _, path = http.partition(" ")
    if method not in get_args(Method):
        raise DeclarationError(cls, f"{http!r} begins with no method of {get_args(Method)}")
    segments = path.split("/")
    if segments[0] != "" or len(segments) < 2 or "" in segments[1:]:
        raise DeclarationError(cls, f"{path!r} is no path; write it whole, as /api/v1/orders")
    placeholders = []
    for segment in segments[1:]:
        if match := re.fullmatch(r"\{([a-z_][a-z0-9_]*)\}", segment):
            placeholders.append(match[1])
        elif not re.fullmatch(r"[a-z0-9._-]+", segment):
            raise DeclarationError(
                cls,
                f"{segment!r} in the path is neither lower-case words nor one {{field}}",
            )
    if len(placeholders) != len(set(placeholders)):
        raise DeclarationError(cls, "a field stands twice in the path")
    return method, path  # type: ignore[return-value]  # checked above


def _parameters(
    cls: type[Request[Any, Any, Any]],
) -> tuple[tuple[type[Anyone], ...], Any, tuple[type[Problem], ...]]:
    given: tuple[Any, ...] = next(
        (a for base in cls.__mro__ if (a := _generic_arguments(base))), ()
    )
    if len(given) < 2:
        raise DeclarationError(cls, "derive from Request[Caller, Answer] or [..., Problems]")
    caller, answer, refusals = (*given, Never)[:3]
    callers = _members(caller)
    for kind in callers:
        if kind not in (Anyone, User, Admin, Service):
            raise DeclarationError(cls, f"{kind!r} is no caller; say Anyone, User, Admin, Service")
    problems = () if refusals is Never else _members(refusals)
    for problem in problems:
        if not (isinstance(problem, type) and issubclass(problem, Problem)):
            raise DeclarationError(cls, f"{problem!r} is no problem")
    types = [problem.__problem__.type for problem in problems]
    if len(types) != len(set(types)):
        raise DeclarationError(cls, "two of its problems have one name")
    return callers, _answer(cls, answer), problems


def _generic_arguments(base: type) -> tuple[Any, ...]:
    metadata = getattr(base, "__pydantic_generic_metadata__", None) or {}
    arguments: tuple[Any, ...] = metadata.get("args", ())
    return arguments


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) or (annotation,)


def _answer(cls: type, answer: Any) -> Any:
    if answer is None or answer is type(None):
        return None
    if isinstance(answer, type) and issubclass(answer, Value):
        return answer
    raise DeclarationError(cls, f"{answer!r} is no answer; a Value, None, Page[...], Accepted[...]")


def _status(cls: type, answer: Any, said: int | None) -> int:
    accepted = isinstance(answer, type) and issubclass(answer, Accepted)
    only = 204 if answer is None else 202 if accepted else None
    status = said or only or 200
    if (only and status != only) or (not only and status not in (200, 201)):
        raise DeclarationError(cls, f"status {status} does not go with its answer {answer!r}")
    return status


def _check_query_field(cls: type, name: str, field: FieldInfo) -> None:
    for part in (field.annotation, *get_args(field.annotation)):
        if get_origin(part) is dict or (isinstance(part, type) and issubclass(part, BaseModel)):
            raise DeclarationError(cls, f"{name} does not fit into a query; send it with a POST")


A = TypeVar("A", bound=Request[Any, Any, Any])


class Accepted(Value, Generic[A]):
    """Taken on, not done yet (202): ask `then` until it is. Its path is the Location header."""

    then: A


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
