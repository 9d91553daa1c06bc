"""One of some values, or of some types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from tools.contracts.form import model
from tools.contracts.form.reader import Reader, check
from tools.contracts.form.text import encode


def literal(_: Reader, node: Any) -> model.Type:
    """A Literal."""
    return _choice(node["expected"])


def enum(reader: Reader, node: Any) -> model.Type:
    """An enum; open when it is an OpenEnum."""
    cls = node["cls"]
    is_open = any(base.__name__ == "OpenEnum" for base in cls.__mro__)
    members = sorted(
        (one for one in node["members"] if not (is_open and one.name == "UNKNOWN")),
        key=lambda one: _order(to_jsonable_python(one.value)),
    )
    # Not every version of pydantic says in its schema that there is one.
    missing = cls._missing_ if cls._missing_.__func__ is not Enum._missing_.__func__ else None  # type: ignore[attr-defined]  # a bound method
    return model.Choice(
        values=tuple(to_jsonable_python(one.value) for one in members),
        names=tuple(one.name for one in members),
        open=is_open,
        reserved=tuple(sorted(getattr(cls, "__reserved__", ()), key=_order)),
        enum=f"{cls.__module__}.{cls.__qualname__}",
        strict=reader.strict(node),
        checks=() if missing is None else (check("missing", missing),),
    )


def union(reader: Reader, node: Any) -> model.Type:
    types: list[model.Type] = []
    null = False
    for choice in node["choices"]:
        said = reader.read(choice[0] if isinstance(choice, tuple) else choice)
        if isinstance(said, model.Nullable) and not said.checks and not said.writer:
            null, said = True, said.inner
        if isinstance(said, model.Union) and said == model.Union(variants=said.variants):
            types += [one.type for one in said.variants]
        elif said == model.Scalar(kind="null"):
            null = True
        else:
            types.append(said)
    left = node.get("mode") == "left_to_right"
    literals = [
        one
        for one in types
        if isinstance(one, model.Choice) and one == model.Choice(values=one.values) and not one.enum
    ]
    if len(literals) > 1:  # Literal["a"] | Literal["b"] is Literal["a", "b"]
        merged = _choice(value for one in literals for value in one.values)
        types = [one for one in types if one not in literals] + [merged]
    variants = list(
        {json.dumps(encode(one, whole=False)): model.Variant(type=one) for one in types}.items()
    )
    if not left:
        variants.sort(key=lambda pair: pair[0])
    plain = tuple(variant for _, variant in variants)
    union = plain[0].type if len(plain) == 1 else model.Union(variants=plain, left_to_right=left)
    return or_null(union) if null else union


def tagged(reader: Reader, node: Any) -> model.Type:
    variants = []
    for tag, choice in node["choices"].items():
        tag = tag.value if isinstance(tag, Enum) else tag
        said = reader.read(choice)
        if isinstance(said, model.Union) and said.discriminator is not None:
            # A union inside a union: the inner one's variant of this tag.
            said = next((one.type for one in said.variants if one.tag == tag), said)
        variants.append(model.Variant(type=said, tag=to_jsonable_python(tag)))
    variants.sort(key=lambda one: _order(one.tag))
    by = node["discriminator"]
    if not callable(by):
        return model.Union(variants=tuple(variants), discriminator=_path(by))
    default = _default_tag(by, {one.tag for one in variants})
    return model.Union(variants=tuple(variants), chooser=check("chooser", by), default_tag=default)


def _path(by: Any) -> str:
    if isinstance(by, str):
        return by
    return "|".join(sorted("/".join(map(str, path)) for path in by))


def _default_tag(by: Callable[[Any], Any], tags: set[Any]) -> Any:
    """The tag that the function gives to an object that it has never seen."""
    try:
        tag = by({"of a kind that nobody knows": True})
    except Exception:  # it looks for what is not there: it has no default
        return None
    return tag if tag in tags else None


def or_null(inner: model.Type) -> model.Type:
    return inner if isinstance(inner, model.Nullable) else model.Nullable(inner=inner)


def _choice(values: Iterable[Any], **options: Any) -> model.Type:
    """A Choice of these values, each once and in order; null among them makes it nullable."""
    plain = [to_jsonable_python(one) for one in values]
    rest = sorted({json.dumps(one): one for one in plain if one is not None}.values(), key=_order)
    if not rest:
        return model.Scalar(kind="null")
    choice = model.Choice(values=tuple(rest), **options)
    return model.Nullable(inner=choice) if None in plain else choice


def _order(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value
