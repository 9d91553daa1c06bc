"""Which fields a declaration may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, JsonValue
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from contracts.core.errors import DeclarationError
from contracts.core.json_object import is_json_object

_COLLECTIONS = (list, tuple, set, frozenset)


def check_fields(cls: type, fields: Mapping[str, FieldInfo]) -> None:
    """Refuse what cannot be promised: `Any` in each of its disguises, names that hide what the
    language itself puts on the class, and fields that are written otherwise than read."""
    for name, field in fields.items():
        if field.exclude:
            raise DeclarationError(cls, f"{name} is excluded from the wire; leave it out instead")
        if any(hasattr(base, name) and name not in _fields_of(base) for base in cls.__bases__):
            raise DeclarationError(cls, f"{name} hides a name of the language; choose another name")
        names = read_names(cls, name, field)
        if written_name(name, field) not in names:
            raise DeclarationError(
                cls, f"{name} is written as {written_name(name, field)!r}, but read as {names}"
            )
        for part in parts_of(whole(field)):
            if fault := _fault(part):
                raise DeclarationError(cls, f"{name} {fault}")
            if field.repr and _hides(part):
                raise DeclarationError(
                    cls,
                    f"{name} says repr=False inside its type, which hides nothing; say it of {name}",
                )


def reserved_names(cls: type, said: object) -> frozenset[str]:
    """The names of `reserved=("old_name",)`. Raises DeclarationError for anything else."""
    if not isinstance(said, tuple) or not all(isinstance(name, str) and name for name in said):
        raise DeclarationError(cls, f'reserved={said!r} is no tuple of names; say ("old_name",)')
    return frozenset(said)


def check_reserved(cls: type, fields: Mapping[str, FieldInfo], reserved: frozenset[str]) -> None:
    """Refuse a field under a name that was given up: somebody still reads or sends it as it was."""
    for name, field in fields.items():
        if taken := reserved & {written_name(name, field), *read_names(cls, name, field)}:
            raise DeclarationError(cls, f"{min(taken)} is reserved; call the field otherwise")


def _fault(part: Any) -> str | None:
    """Why this part of an annotation cannot be promised, and what to say instead."""
    if part in (Any, object) or part in (dict, Mapping, *_COLLECTIONS) or _open_generic(part):
        return "is Any, or may hold it; declare its type, or JsonObject for free-form JSON"
    if part is JsonValue:
        return "is JSON without bounds; declare JsonObject"
    if isinstance(part, type) and (
        is_typeddict(part)
        or is_dataclass(part)
        or hasattr(part, "_fields")
        or (issubclass(part, BaseModel) and not hasattr(part, "__tags__"))
    ):
        return f"is a {part.__name__}, which is no Value; derive that from Value"
    return None


def _hides(part: Any) -> bool:
    said = part.__metadata__ if get_origin(part) is Annotated else ()
    return any(isinstance(one, FieldInfo) and not one.repr for one in said)


def _open_generic(part: Any) -> bool:
    metadata = getattr(part, "__pydantic_generic_metadata__", None)
    return bool(metadata and metadata["parameters"] and not metadata["args"])


def whole(field: FieldInfo) -> Any:
    """The field's annotation as it was written; pydantic takes the outermost Annotated apart."""
    said = tuple(field.metadata)
    return Annotated[(field.annotation, *said)] if said else field.annotation


def bare(annotation: Any) -> Any:
    """The type behind NewType, Annotated and named aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__") and not isinstance(annotation, type):
            annotation = annotation.__value__
        else:
            return annotation


def parts_of(annotation: Any) -> Iterator[Any]:
    """The annotation and everything that it is made of; a JsonObject counts as one part."""
    yield annotation
    if is_json_object(annotation) or annotation is JsonValue:
        return
    inner = bare(annotation) if get_args(annotation) == () else annotation
    if inner is not annotation:
        yield from parts_of(inner)
        return
    if get_origin(annotation) is Annotated:
        yield from parts_of(annotation.__origin__)
        return
    for part in get_args(annotation):
        if part is not Ellipsis:
            yield from parts_of(part)


def options_of(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the type alone; each bare."""
    plain = bare(annotation)
    if get_origin(plain) not in (Union, UnionType):
        return (plain,)
    return tuple(option for part in get_args(plain) for option in options_of(part))


def is_optional_type(annotation: Any) -> bool:
    """Whether None is among the values."""
    return any(option in (None, NoneType) for option in options_of(annotation))


def is_collection(annotation: Any) -> bool:
    """Whether the values are lists, tuples or sets."""
    return any((get_origin(option) or option) in _COLLECTIONS for option in options_of(annotation))


def read_names(cls: type, name: str, field: FieldInfo) -> tuple[str, ...]:
    """The names on the wire under which the field is read."""
    said = field.validation_alias
    choices = said.choices if isinstance(said, AliasChoices) else [said or field.alias or name]
    if not all(isinstance(choice, str) for choice in choices):
        raise DeclarationError(cls, f"{name} reaches into its neighbours by an AliasPath")
    return tuple(str(choice) for choice in choices)


def written_name(name: str, field: FieldInfo) -> str:
    """The name on the wire under which the field is written."""
    return field.serialization_alias or field.alias or name


def _fields_of(base: type) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(base, "__pydantic_fields__", {})
    return fields
