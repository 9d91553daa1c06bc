"""How a request can be refused: RFC 9457 problems that are also exceptions, on both sides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Self, dataclass_transform

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from contracts.core._fields import check_fields, check_reserved, read_names, reserved_names
from contracts.core._message import UNKNOWN_TYPE
from contracts.core._schema import bounded
from contracts.core.errors import DeclarationError, service_of

# Members of the wire form that the chassis fills in.
RESERVED = frozenset({"type", "title", "status", "instance", "trace_id"})
_TOLERANT = ConfigDict(
    extra="ignore",
    allow_inf_nan=False,
    hide_input_in_errors=True,
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
)


@dataclass(frozen=True, slots=True)
class ProblemDeclaration:
    """What a problem says of itself: its type on the wire, its HTTP status, its title."""

    type: str
    status: int
    title: str


@dataclass_transform(kw_only_default=True, eq_default=True, field_specifiers=(Field,))
class Problem(Exception):
    """A refusal that a contract promises. Return it, or raise it from deep inside.

    Declare it with its status and title, and its fields like those of a value:

        class LineUnavailable(Problem, status=409, title="Not enough stock for a line"):
            sku: Sku
            units_left: int

    A field `retry_after_s` also becomes the Retry-After header.
    """

    __problem__: ClassVar[ProblemDeclaration]

    __reserved__: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(
        cls,
        *,
        status: int = 0,
        title: str = "",
        reserved: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if status not in {s.value for s in HTTPStatus if 400 <= s.value <= 599}:
            raise DeclarationError(cls, f"status {status} is no HTTP error; say status=4xx")
        if not title:
            raise DeclarationError(cls, 'a problem says title="..."')
        # Not frozen: an exception's traceback is set while it travels.
        pydantic_dataclass(cls, kw_only=True, config=_TOLERANT)
        if not getattr(cls, "__pydantic_complete__", False):
            raise DeclarationError(cls, UNKNOWN_TYPE)
        fields: Mapping[str, FieldInfo] = getattr(cls, "__pydantic_fields__")  # noqa: B009
        check_fields(cls, fields)
        cls.__reserved__ |= reserved_names(cls, reserved)
        check_reserved(cls, fields, cls.__reserved__)
        names = {wire for name in fields for wire in (name, *read_names(cls, name, fields[name]))}
        if taken := RESERVED & names:
            raise DeclarationError(cls, f"{sorted(taken)} mean something else in RFC 9457")
        cls.__problem__ = ProblemDeclaration(_wire_type(cls), status, title)
        setattr(cls, "__hash__", _hash)  # noqa: B010  # a dataclass that compares drops it

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return bounded(handler(source))

    def __str__(self) -> str:
        title, fields = self.__problem__.title, self._shown()
        return f"{title} ({fields})" if fields else title

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        # An exception is copied from its positional arguments, which a problem has none of.
        return _rebuilt, (type(self), self.fields())

    def fields(self) -> dict[str, Any]:
        """The declared fields by name, as Python values."""
        declared: Mapping[str, Any] = getattr(self, "__dataclass_fields__", {})
        return {name: getattr(self, name) for name in declared}

    def _shown(self) -> str:
        declared: Mapping[str, FieldInfo] = getattr(self, "__pydantic_fields__")  # noqa: B009
        return ", ".join(f"{n}={getattr(self, n)!r}" for n, field in declared.items() if field.repr)


def _hash(problem: Problem) -> int:
    return hash(type(problem))


def _rebuilt(kind: type[Any], fields: dict[str, Any]) -> Any:
    return kind(**fields)


def _wire_type(cls: type) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()
    place = service_of(cls.__module__)
    return f"/problems/{'' if place == 'core' else place.rpartition('.')[2] + '/'}{words}"


def adapter_of(problem: type[Problem]) -> TypeAdapter[Any]:
    """Reads and writes the fields of a problem; made once for each class."""
    adapter = _ADAPTERS.get(problem)
    if adapter is None:
        adapter = _ADAPTERS[problem] = TypeAdapter(problem)
    return adapter


_ADAPTERS: dict[type[Problem], TypeAdapter[Any]] = {}
