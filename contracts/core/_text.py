"""Path, query and keys: everything is text there, so only what one text can say fits in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from contracts.core._fields import bare, is_collection, is_optional_type, options_of, whole
from contracts.core.errors import DeclarationError

_MANIFOLD = (BaseModel, dict, list, tuple, set, frozenset)


def check_path_field(cls: type, name: str, field: FieldInfo) -> None:
    """Refuse a field that may be absent from its path, or does not fit into one segment."""
    _check_present(cls, name, field, "the path")


def check_key_field(cls: type, name: str, field: FieldInfo) -> None:
    """Refuse a field that may be absent from its event, or is no one thing to order by."""
    _check_present(cls, name, field, "the key")


def _check_present(cls: type, name: str, field: FieldInfo, place: str) -> None:
    if not field.is_required() or is_optional_type(field.annotation):
        raise DeclarationError(cls, f"{name} is in {place}, so it cannot be optional")
    if not _is_simple(field.annotation):
        raise DeclarationError(cls, f"{name} does not fit into {place}; use one text, number or id")


def check_query_field(cls: type, name: str, field: FieldInfo) -> None:
    """Refuse a field that a query cannot say, or that reads differently from what was written."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if is_collection(field.annotation):
        (collection, *more) = options_of(whole(field))
        items = [item for item in get_args(collection) if item is not Ellipsis]
        if more or len(items) != 1 or not _is_simple(items[0]):
            raise DeclarationError(cls, f"{name} does not fit into a query; send it with a POST")
        if field.is_required() or default:
            raise DeclarationError(
                cls, f"{name} may come no times in a query; give it the default ()"
            )
    else:
        parts = [option for option in options_of(field.annotation) if option is not NoneType]
        if len(parts) != 1 or not _is_simple(parts[0]):
            raise DeclarationError(cls, f"{name} does not fit into a query; send it with a POST")
        if is_optional_type(field.annotation) and (field.is_required() or default is not None):
            raise DeclarationError(
                cls, f"{name} cannot say None in a query; give it the default None"
            )


def _is_simple(annotation: Any) -> bool:
    plain = bare(annotation)
    if get_origin(plain) is Literal:
        return all(isinstance(value, str) for value in get_args(plain))
    # Any other class: a text, a number, a moment, an enum; pydantic knows more than we can list.
    return isinstance(plain, type) and not issubclass(plain, _MANIFOLD)


def unspeakable(text: str) -> bool:
    """Whether the text holds what no text column takes: a NUL or half a surrogate pair."""
    if text.isascii():
        return "\0" in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


def no_segment(text: str) -> bool:
    """Whether the text would change the path that it stands in: empty ones vanish, and dots are
    resolved by clients and proxies on the way."""
    return text in ("", ".", "..")


def segment(name: str, text: str) -> str:
    """One segment of a path, percent-encoded. Raises ValueError for what cannot be one."""
    if no_segment(text):
        raise ValueError(f"{name} is {text!r}, which cannot stand in a path")
    return quote(text, safe="")


def pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields as a query; None is said by saying nothing."""
    for name, value in fields.items():
        if value is None:
            continue
        for item in value if isinstance(value, list) else (value,):
            yield name, as_text(item)


def as_text(value: Any) -> str:
    """A value of JSON as text: numbers and booleans as in JSON, strings without quotes."""
    return value if isinstance(value, str) else to_json(value).decode()
