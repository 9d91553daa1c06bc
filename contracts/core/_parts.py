"""Reads a class in parts: its path by one set of rules, its body by another, then the whole.

Each field is validated once, by the class's own rules, in the part in which it travels; what the
class checks across its fields runs once, on the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema


class Part:
    """Some of a class's fields."""

    def __init__(self, cls: type[BaseModel], names: Iterable[str]) -> None:
        schema: Any = cls.__pydantic_core_schema__
        fields, config = _fields_of(schema)
        part = {**fields, "fields": {name: fields["fields"][name] for name in names}}
        if schema["type"] == "definitions":
            part = {**schema, "schema": part}
        self._validator = SchemaValidator(part, config)

    def validate_json(self, body: bytes, **options: Any) -> dict[str, Any]:
        """The fields that are set in the body, by name."""
        return _set(self._validator.validate_json(body, **options))

    def validate_python(self, text: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The fields that are set in the text, by name."""
        return _set(self._validator.validate_python(text, **options))


def whole(cls: type[BaseModel]) -> SchemaValidator:
    """Makes an instance of fields that were validated in parts."""
    # Without the flag, pydantic takes the class's own validator for any schema of this class.
    return SchemaValidator(_rebuilt(cls.__pydantic_core_schema__, _unchecked), _use_prebuilt=False)


def _fields_of(schema: Any) -> tuple[Any, Any]:
    """The schema of the class's fields, and the configuration under which they are read."""
    config = None
    while schema["type"] != "model-fields":
        config = schema.get("config", config)
        schema = schema["schema"]
    return schema, config


def _rebuilt(schema: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of the schema in which the fields are changed, and nothing around them."""
    if schema["type"] == "model-fields":
        return change(schema)
    return {**schema, "schema": _rebuilt(schema["schema"], change)}


def _unchecked(fields: Any) -> Any:
    def without_checks(field: Any) -> Any:
        inner = field["schema"]
        any_value = core_schema.any_schema()
        if inner["type"] == "default":
            return {**field, "schema": {**inner, "schema": any_value}}
        return {**field, "schema": any_value}

    return {**fields, "fields": {n: without_checks(f) for n, f in fields["fields"].items()}}


def _set(read: tuple[dict[str, Any], Any, set[str]]) -> dict[str, Any]:
    values, _, names = read
    return {name: values[name] for name in names}
