"""What crosses the wire: frozen values, open enums, pages, free-form JSON within bounds."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, Generic, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    JsonValue,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, to_json
from typing_extensions import TypeVar

from contracts.core._bounds import bound_integers
from contracts.core._fields import check_fields

# Passed as validation context while a request is read: strangers must not send UNKNOWN.
READING_REQUEST = "request"

WIRE = ConfigDict(
    frozen=True,
    extra="ignore",
    allow_inf_nan=False,
    ser_json_inf_nan="constants",
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
    protected_namespaces=(),
)


class Value(BaseModel):
    """Data that crosses the wire. Frozen; unknown fields are ignored in answers and events, and
    refused in requests, where they are somebody's mistake."""

    model_config = WIRE

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # PostgreSQL's bigint, JavaScript's readers and our indexes all end before Python's int does.
        return bound_integers(handler(source))

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        check_fields(cls, cls.model_fields)


T = TypeVar("T")


class Page(Value, Generic[T]):
    """One page of a longer list. `next_cursor` asks for the next; it is absent on the last."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class OpenEnum(StrEnum):
    """An enum to which values may be added later. A reader that does not know a value reads
    `UNKNOWN`, which every open enum must list; in a request `UNKNOWN` is refused."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        known = handler(source)
        unknown = cls.__members__.get("UNKNOWN")
        if unknown is None:
            raise TypeError(f"{cls.__name__} is open, so it must list UNKNOWN")

        def read(
            raw: Any,
            inner: core_schema.ValidatorFunctionWrapHandler,
            info: core_schema.ValidationInfo,
        ) -> OpenEnum:
            if info.context == READING_REQUEST or not isinstance(raw, str):
                member: OpenEnum = inner(raw)
                if member is unknown and info.context == READING_REQUEST:
                    raise PydanticCustomError("enum", "This value cannot be sent")
                return member
            try:
                return cls(raw)
            except ValueError:
                return unknown

        return core_schema.with_info_wrap_validator_function(read, known)

    @classmethod
    def known(cls) -> tuple[Self, ...]:
        """Every value but `UNKNOWN`, in the order of the declaration."""
        return tuple(member for member in cls if member.name != "UNKNOWN")


JSON_OBJECT_DEPTH = 8
JSON_OBJECT_BYTES = 16_384


def _bounded(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > JSON_OBJECT_DEPTH + 1:
            raise PydanticCustomError(
                "json_object_depth",
                "JSON may be nested {depth} levels deep",
                {"depth": JSON_OBJECT_DEPTH},
            )
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, float) and not math.isfinite(item):
                raise PydanticCustomError("finite_number", "Numbers must be finite")
        level = below
    if len(to_json(value)) > JSON_OBJECT_BYTES:
        raise PydanticCustomError(
            "json_object_size",
            "JSON may be {bytes} bytes long",
            {"bytes": JSON_OBJECT_BYTES},
        )
    return value


JsonObject = Annotated[dict[str, JsonValue], AfterValidator(_bounded)]
"""Free-form JSON: an object of at most 8 levels and 16 kB, numbers finite."""
