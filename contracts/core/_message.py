"""What every message has in common: values, events and requests."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import CoreSchema

from contracts.core._fields import check_fields, check_reserved, reserved_names
from contracts.core._schema import bounded
from contracts.core.errors import DeclarationError

# Passed as validation context while a request is read: strangers must not send UNKNOWN.
READING_REQUEST = "request"

UNKNOWN_TYPE = "a field names a type that is unknown here; declare it above"


class Message(BaseModel):
    """Frozen, finite, bounded to what a database holds, and silent about its values in errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        # A password in a traceback is a password in a log.
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
    )
    __tags__: ClassVar[frozenset[str]] = frozenset()
    # Names on the wire that were given up: with another meaning they must not come back.
    __reserved__: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, reserved: tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__reserved__ |= reserved_names(cls, reserved)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        try:
            return bounded(handler(source))
        except PydanticUndefinedAnnotation:
            raise  # pydantic tries again later; check_fields says what is wrong if it never works
        except PydanticUserError as error:
            raise DeclarationError(cls, str(error).partition("\n")[0]) from error

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if not cls.__pydantic_complete__:
            raise DeclarationError(cls, UNKNOWN_TYPE)
        check_fields(cls, cls.model_fields)
        check_reserved(cls, cls.model_fields, cls.__reserved__)

    def _tags_travel(self, context: Any) -> None:
        # Only what was set is sent, and a union cannot be read without its tag.
        self.__pydantic_fields_set__.update(self.__tags__)
        self.model_post_init(context)
