"""The form as JSON: sorted, without what has its default, broken into lines as a person would.

A type of which only the kind was said is that word (`"str"`), a model `"#Money"`.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

from tools.contracts.form import model

WIDTH = 100

T = TypeVar("T")


def dump(page: model.Page) -> str:
    """The recorded file of the page: what is on the wire and nothing else, so that an edit of a comment
    or docstring changes no byte of it."""
    return "".join(_lines(encode(page, whole=False))) + "\n"


def load(text: str) -> model.Page:
    """The page of a recorded file. Raises ValueError when it is none."""
    try:
        return decode(model.Page, json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no recorded form of a contract: {error!r}") from error


def encode(value: Any, *, whole: bool = True) -> Any:
    """The dataclass as JSON; `whole` with places and texts."""
    if not is_dataclass(value) or isinstance(value, type):
        return [encode(one, whole=whole) for one in value] if isinstance(value, tuple) else value
    said = {
        name: encode(given, whole=whole)
        for name, default, compared in _fields(cast(Any, type(value)))
        if (given := getattr(value, name)) != default and (compared or whole)
    }
    if not isinstance(value, model.Type):
        return said
    if isinstance(value, model.Scalar) and said.keys() == {"kind"}:
        return value.kind
    if isinstance(value, model.Ref) and said.keys() == {"model"}:
        return f"#{value.model}"
    return {"is": type(value).__name__.lower()} | said


def decode(kind: type[T], said: Any) -> T:
    """The dataclass of this kind."""
    decoded: T = _decoder(cast(Any, kind))(said)
    return decoded


_TYPES: dict[str, Any] = {one.__name__.lower(): one for one in model.Type.__subclasses__()}


@cache
def _fields(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
            field.compare,
        )
        for field in sorted(fields(cls), key=lambda field: field.name in _LAST)
    )


# Inherited fields come first in a dataclass, and are the last that a reader asks for.
_LAST = frozenset(field.name for field in fields(model.Type))


@cache
def _decoder(annotation: Any) -> Callable[[Any], Any]:
    if annotation is model.Type:
        return _type
    if is_dataclass(annotation):
        return _dataclass(annotation)
    if typing.get_origin(annotation) is tuple:
        item = _decoder(typing.get_args(annotation)[0])
        return lambda said: tuple(item(one) for one in said)
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        inner = _decoder(
            next(one for one in typing.get_args(annotation) if one is not types.NoneType)
        )
        return lambda said: None if said is None else inner(said)
    return lambda said: said


def _dataclass(cls: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls, vars(model))
    known: dict[str, Callable[[Any], Any]] = {}

    def read(said: dict[str, Any]) -> Any:
        if not known:  # only now: a type may hold itself
            known.update((field.name, _decoder(hints[field.name])) for field in fields(cls))
        # What a newer checker recorded and this one doesn't know is left out, so that it stays readable.
        return cls(**{name: known[name](given) for name, given in said.items() if name in known})

    return read


def _type(said: Any) -> model.Type:
    if isinstance(said, str):
        if said.startswith("#"):
            return model.Ref(model=said[1:])
        return model.Scalar(kind=said)
    cls = _TYPES[said["is"]]
    read: model.Type = _decoder(cls)({name: one for name, one in said.items() if name != "is"})
    return read


def _lines(value: Any, indent: int = 0, used: int = 0) -> Iterator[str]:
    """The value on one line where it fits, else one member a line. `used` columns are taken before it."""
    short = json.dumps(value, ensure_ascii=False)
    if indent + used + len(short) <= WIDTH or not isinstance(value, dict | list) or not value:
        yield short
        return
    pairs: Any = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    yield "{" if isinstance(value, dict) else "["
    for number, (name, one) in enumerate(pairs):
        said = "" if name is None else json.dumps(name, ensure_ascii=False) + ": "
        yield ("," if number else "") + "\n" + " " * (indent + 2) + said
        yield from _lines(one, indent + 2, len(said) + 1)
    yield "\n" + " " * indent + ("}" if isinstance(value, dict) else "]")
