"""How a request can be refused: RFC 9457 problems that are also exceptions, on both sides."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as pydantic_dataclass

from contracts.core._fields import check_fields
from contracts.core.errors import DeclarationError, service_of

# Members of the wire form that the chassis fills in.
RESERVED = frozenset({"type", "title", "status", "instance", "trace_id"})
_TOLERANT = ConfigDict(extra="ignore", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class ProblemDeclaration:
    """What a problem says of itself: its type on the wire, its HTTP status, its title."""

    type: str
    status: int
    title: str


@dataclass_transform(kw_only_default=True, eq_default=True)
class Problem(Exception):
    """A refusal that a contract promises. Return it, or raise it from deep inside.

    Declare it with its status and title, and its fields like those of a value:

        class LineUnavailable(Problem, status=409, title="Not enough stock for a line"):
            sku: Sku
            units_left: int

    A field `retry_after_s` also becomes the Retry-After header.
    """

    __problem__: ClassVar[ProblemDeclaration]

    def __init_subclass__(cls, *, status: int, title: str, **options: Any) -> None:
        super().__init_subclass__(**options)
        if status not in {s.value for s in HTTPStatus if 400 <= s.value <= 599}:
            raise DeclarationError(cls, f"status {status} is no HTTP error")
        if not title:
            raise DeclarationError(cls, "a problem needs a title")
        if taken := RESERVED & set(inspect.get_annotations(cls)):
            raise DeclarationError(cls, f"{sorted(taken)} mean something else in RFC 9457")
        # Not frozen: an exception's traceback is set while it travels.
        pydantic_dataclass(cls, kw_only=True, config=_TOLERANT)
        check_fields(cls, getattr(cls, "__pydantic_fields__"))  # noqa: B009
        cls.__problem__ = ProblemDeclaration(_wire_type(cls), status, title)
        setattr(cls, "__hash__", _hash)  # noqa: B010  # a dataclass that compares drops it

    def __str__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields().items())
        return f"{self.__problem__.title} ({fields})" if fields else self.__problem__.title

    def fields(self) -> dict[str, Any]:
        """The declared fields by name, as Python values."""
        declared: Mapping[str, Any] = getattr(self, "__dataclass_fields__", {})
        return {name: getattr(self, name) for name in declared}


def _hash(problem: Problem) -> int:
    return hash(type(problem))


def _wire_type(cls: type) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
    place = service_of(cls.__module__)
    return f"/problems/{'' if place == 'core' else place.rpartition('.')[2] + '/'}{words}"


def adapter_of(problem: type[Problem]) -> TypeAdapter[Any]:
    """Reads and writes the fields of a problem; made once for each class."""
    adapter = _ADAPTERS.get(problem)
    if adapter is None:
        adapter = _ADAPTERS[problem] = TypeAdapter(problem)
    return adapter


_ADAPTERS: dict[type[Problem], TypeAdapter[Any]] = {}
