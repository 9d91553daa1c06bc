"""The form as JSON: sorted, without what has its default, a field on a line where it fits.

    "Order": {"fields": {
      "order_id": {"is": "str", "pattern": "^ord_[0-9a-z]{26}$"},
      "total": "#shared.money.Money",
      "detail": {"type": "str?", "default": null}

A type is a word where one says all of it: `"str"`, a model `"#Line"`, with null too `"str?"`. A field is
its type where it is read and written under its own name, and required.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
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


def digest(page: model.Page) -> str:
    """Sixteen hexadecimal digits that are equal for pages that are equal on the wire."""
    return hashlib.sha256(dump(page).encode()).hexdigest()[:16]


def encode(value: Any, *, whole: bool = True) -> Any:
    """The dataclass as JSON; `whole` with places and texts."""
    if isinstance(value, tuple):
        return _members(value, whole)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    said = {
        name: encode(given, whole=whole)
        for name, default, compared in _fields(cast(Any, type(value)))
        if (given := getattr(value, name)) != default and (compared or whole)
    }
    if isinstance(value, model.Type):
        return _short_type(value, said)
    if isinstance(value, model.Field):
        return _short_field(value, said)
    if isinstance(value, model.Model):
        said["fields"] = said["fields"] or {}
    return said


def _members(values: tuple[Any, ...], whole: bool) -> Any:
    key = _KEYS.get(type(values[0])) if values else None
    said = [encode(one, whole=whole) for one in values]
    if key is None:
        return said
    return {getattr(one, key): _without(key, text) for one, text in zip(values, said, strict=True)}


def decode(kind: type[T], said: Any) -> T:
    """The dataclass of this kind."""
    decoded: T = _decoder(cast(Any, kind))(said)
    return decoded


# What has a name of its own stands under it.
_KEYS: dict[type, str] = {
    model.Operation: "name",
    model.Problem: "type",
    model.Event: "type",
    model.Model: "name",
    model.Field: "name",
}
_TYPES: dict[str, Any] = {one.__name__.lower(): one for one in model.Type.__subclasses__()}
_KINDS: dict[str, Any] = {
    "list": model.Many,
    "set": model.Many,
    "any": model.Free,
    "object": model.Free,
}
# Inherited fields come first in a dataclass, and are the last that a reader asks for.
_LAST = frozenset(field.name for field in fields(model.Type))


def _without(key: str, said: Any) -> Any:
    if isinstance(said, dict) and "is" not in said:
        said.pop(key, None)
    return said


def _short_type(value: model.Type, said: dict[str, Any]) -> Any:
    if isinstance(value, model.Ref) and said.keys() == {"model"}:
        return f"#{value.model}"
    if isinstance(value, model.Nullable) and said.keys() == {"inner"}:
        inner = said["inner"]
        return f"{inner}?" if isinstance(inner, str) else inner | {"is": inner["is"] + "?"}
    kind = said.pop("kind", type(value).__name__.lower())
    return {"is": kind} | said.pop("constraints", {}) | said if said else kind


def _short_field(value: model.Field, said: dict[str, Any]) -> Any:
    del said["name"]
    if value.reads == (value.name,):
        said.pop("reads", None)
    elif not value.computed:
        said["reads"] = list(value.reads)
    if value.writes == value.name:
        said.pop("writes", None)
    else:
        said["writes"] = value.writes
    if value.default is not None and value.default.factory is None:
        said["default"] = value.default.value
    elif value.default is not None:
        said["default_factory"] = value.default.factory
        del said["default"]
    return said["type"] if said.keys() == {"type"} else said


def _long_field(name: str, said: Any) -> dict[str, Any]:
    if not isinstance(said, dict) or "is" in said:
        said = {"type": said}
    whole: dict[str, Any] = {"name": name, "writes": name} | said
    if not said.get("computed"):
        whole.setdefault("reads", [name])
    if "default" in said:
        whole["default"] = {"value": said["default"]}
    elif "default_factory" in said:
        whole["default"] = {"factory": said["default_factory"]}
    return whole


@cache
def _fields(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
            field.compare,
        )
        for field in sorted(fields(cast(Any, cls)), key=lambda field: field.name in _LAST)
    )


@cache
def _decoder(annotation: Any) -> Callable[[Any], Any]:
    if annotation is model.Type:
        return _type
    if is_dataclass(annotation):
        return _dataclass(annotation)
    if typing.get_origin(annotation) is tuple:
        return _tuple(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        inner = _decoder(
            next(one for one in typing.get_args(annotation) if one is not types.NoneType)
        )
        return lambda said: None if said is None else inner(said)
    return lambda said: said


def _tuple(of: Any) -> Callable[[Any], Any]:
    item, key = _decoder(of), _KEYS.get(of)

    def read(said: Any) -> tuple[Any, ...]:
        if isinstance(said, dict) and of is model.Field:
            said = [_long_field(name, one) for name, one in said.items()]
        elif isinstance(said, dict) and key is not None:
            said = [{key: name, **one} for name, one in said.items()]
        return tuple(item(one) for one in said)

    return read


def _dataclass(cls: Any) -> Callable[[Any], Any]:
    known: dict[str, Callable[[Any], Any]] = {}

    def read(said: Mapping[str, Any]) -> Any:
        if not known:  # only now: a type may hold itself
            hints = typing.get_type_hints(cls, vars(model))
            known.update((field.name, _decoder(hints[field.name])) for field in fields(cls))
        # What a newer checker recorded and this one doesn't know is left out: it stays readable.
        return cls(**{name: known[name](given) for name, given in said.items() if name in known})

    return read


def _type(said: Any) -> model.Type:
    if isinstance(said, str):
        if said.startswith("#") and not said.endswith("?"):
            return model.Ref(model=said[1:])
        said = {"is": said}
    kind: str = said["is"]
    if kind.endswith("?"):
        rest = said | {"is": kind[:-1]}
        return model.Nullable(inner=_type(rest if len(rest) > 1 else kind[:-1]))
    rest = {name: one for name, one in said.items() if name != "is"}
    if kind in _TYPES:
        cls = _TYPES[kind]
    else:
        rest["kind"] = kind
        cls = _KINDS.get(kind, model.Scalar)
    if cls is model.Scalar:
        own = {field.name for field in fields(model.Scalar)}
        constraints = {name: rest.pop(name) for name in list(rest) if name not in own}
        rest["constraints"] = constraints
    read: model.Type = _decoder(cls)(rest)
    return read


def _lines(value: Any, indent: int = 0, used: int = 0) -> Iterator[str]:
    """The value on one line where it fits, else one member a line. `used` columns are taken before it."""
    short = json.dumps(value, ensure_ascii=False)
    fits = indent + used + len(short) <= WIDTH and not (indent < 4 and _is_long(value))
    if fits or not isinstance(value, dict | list) or not value:
        yield short
        return
    pairs: Any = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    yield "{" if isinstance(value, dict) else "["
    for number, (name, one) in enumerate(pairs):
        said = "" if name is None else json.dumps(name, ensure_ascii=False) + ": "
        yield ("," if number else "") + "\n" + " " * (indent + 2) + said
        yield from _lines(one, indent + 2, len(said) + 1)
    yield "\n" + " " * indent + ("}" if isinstance(value, dict) else "]")


def _is_long(value: Any) -> bool:
    """Whether the page's own sections and models are broken even where they would fit on a line."""
    return isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
