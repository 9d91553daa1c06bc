"""Which fields a declaration may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, get_args

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from contracts.core.errors import DeclarationError


def check_fields(cls: type, fields: Mapping[str, FieldInfo]) -> None:
    """Refuse `Any`, and names that hide what the language itself puts on the class."""
    for name, field in fields.items():
        if field.exclude:
            raise DeclarationError(cls, f"{name} is excluded from the wire; leave it out instead")
        if any(hasattr(base, name) and name not in _fields_of(base) for base in cls.__bases__):
            raise DeclarationError(cls, f"{name} hides a name of the language; choose another name")
        for part in parts_of(field.annotation):
            if part in (Any, object):
                raise DeclarationError(
                    cls,
                    f"{name} is Any; declare its type, or JsonObject for free-form JSON",
                )


def parts_of(annotation: Any) -> Iterator[Any]:
    """The annotation and everything that it is made of; free-form JSON counts as one part."""
    yield annotation
    if annotation is JsonValue:
        return
    for part in get_args(annotation):
        yield from parts_of(part)


def is_optional_type(annotation: Any) -> bool:
    """Whether None is among the values."""
    return annotation is None or annotation is NoneType or NoneType in get_args(annotation)


def _fields_of(base: type) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(base, "__pydantic_fields__", {})
    return fields
