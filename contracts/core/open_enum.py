"""Enums to which values may be added while old readers are still running."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from contracts.core._fields import reserved_names
from contracts.core._message import READING_REQUEST
from contracts.core.errors import DeclarationError


class OpenEnum(StrEnum):
    """An enum to which values may be added later. A reader that does not know a value reads
    `UNKNOWN`, which every open enum must list; in a request `UNKNOWN` is refused.

    `reserved` are values that were taken away for good, after the last message with them was read.
    """

    def __init_subclass__(cls, *, reserved: tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        # In a closed enum one says __reserved__ = ("value",).
        setattr(cls, "__reserved__", reserved_names(cls, reserved))  # noqa: B010  # Enum takes no ClassVar
        for member in cls:
            if member.value in reserved:
                raise DeclarationError(cls, f"{member.value} is reserved; call the value otherwise")
        if "UNKNOWN" not in cls.__members__:
            raise DeclarationError(cls, "is open to new values, so it must list UNKNOWN")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        unknown = cls["UNKNOWN"]

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

        return core_schema.with_info_wrap_validator_function(read, handler(source))

    @classmethod
    def known(cls) -> tuple[Self, ...]:
        """Every value but `UNKNOWN`, in the order of the declaration."""
        return tuple(member for member in cls if member.name != "UNKNOWN")
