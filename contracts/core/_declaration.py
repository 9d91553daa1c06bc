"""Reads the declaration of a request class, and refuses what would not work."""

from __future__ import annotations

import math
import re
from datetime import date
from types import NoneType
from typing import Any, Never, get_args

from pydantic import BaseModel

from contracts.core._text import check_path_field, check_query_field
from contracts.core._wire import Wire
from contracts.core.callers import Admin, Anyone, Service, User
from contracts.core.errors import DeclarationError, service_of
from contracts.core.operation import ONCE, SAFE, Method, Operation, Repeat
from contracts.core.problems import Problem
from contracts.core.values import Value


def operation(
    cls: type[BaseModel],
    http: str,
    status: int | None,
    repeat: Repeat | None,
    deadline_s: float,
    deprecated: bool,
    sunset: date | None,
) -> Operation:
    """The operation that the class declares. Raises DeclarationError."""
    method, path, placeholders = _http(cls, http)
    in_query = method in ("GET", "DELETE")
    rest = tuple(name for name in cls.model_fields if name not in placeholders)
    for name in placeholders:
        if name not in cls.model_fields:
            raise DeclarationError(cls, f"{{{name}}} of the path is no field; declare it")
        check_path_field(cls, name, cls.model_fields[name])
    for name in rest if in_query else ():
        check_query_field(cls, name, cls.model_fields[name])
    callers, answer, problems = _parameters(cls)
    if not 0 < deadline_s < math.inf:
        raise DeclarationError(cls, f"a deadline of {deadline_s} s is none; say when to give up")
    if sunset is not None and type(sunset) is not date:
        raise DeclarationError(cls, f"sunset={sunset!r} is no day; say sunset=date(2027, 1, 31)")
    if method == "GET" and repeat not in (None, SAFE):
        raise DeclarationError(cls, "a GET is safe to repeat")
    return Operation(
        service=service_of(cls.__module__),
        name=cls.__name__,
        method=method,
        path=path,
        status=_status(cls, answer, status),
        callers=callers,
        answer=answer,
        problems=problems,
        repeat=repeat or (SAFE if method in ("GET", "PUT", "DELETE") else ONCE),
        deadline_s=deadline_s,
        deprecated=deprecated or sunset is not None,
        sunset=sunset,
        wire=Wire(
            cls,
            path=path,
            placeholders=placeholders,
            query=rest if in_query else (),
            body=() if in_query else rest,
            answer=answer,
        ),
    )


def _http(cls: type, http: str) -> tuple[Method, str, tuple[str, ...]]:
    method, _, path = http.partition(" ")
    if method not in get_args(Method):
        raise DeclarationError(cls, f"{http!r} begins with no method of {get_args(Method)}")
    root, *segments = path.split("/")
    if root or not segments or "" in segments:
        raise DeclarationError(cls, f"{path!r} is no path; write it whole, as /api/v1/orders")
    placeholders = []
    for segment in segments:
        if match := re.fullmatch(r"\{([a-z_][a-z0-9_]*)\}", segment):
            placeholders.append(match[1])
        elif not re.fullmatch(r"[a-z0-9._-]+", segment) or segment in (".", ".."):
            raise DeclarationError(
                cls, f"{segment!r} in the path is neither lower-case words nor one {{field}}"
            )
    if len(placeholders) != len(set(placeholders)):
        raise DeclarationError(cls, "a field stands twice in the path")
    return method, path, tuple(placeholders)  # type: ignore[return-value]  # checked above


def _parameters(
    cls: type[BaseModel],
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
        if problem is Problem:
            raise DeclarationError(cls, "Problem is any problem; name those that it can have")
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
    if answer in (None, NoneType):
        return None
    if isinstance(answer, type) and issubclass(answer, Value):
        if answer.__pydantic_generic_metadata__["parameters"]:
            raise DeclarationError(cls, f"{answer.__name__} of what? Say {answer.__name__}[...]")
        return answer
    raise DeclarationError(cls, f"{answer!r} is no answer; a Value, None, Page[...], Accepted[...]")


def _status(cls: type, answer: Any, said: int | None) -> int:
    only = 204 if answer is None else answer.__status__
    status = said or only or 200
    if (only and status != only) or (not only and status not in (200, 201)):
        raise DeclarationError(cls, f"status {status} does not go with its answer {answer!r}")
    return status
