"""How one request class travels. Its validators are made once, when the contract is imported.

Path and query are text, so they are read leniently; a body is JSON and read strictly, from its
bytes. Where a request has both, each part is read by its own rules.

Of two equal keys in a body the last one counts, as pydantic reads it: to refuse them would cost a
second parse, and nobody else in the shop reads the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from contracts.core._faults import invalid, refusal, wrong
from contracts.core._fields import is_collection, read_names, written_name
from contracts.core._message import READING_REQUEST
from contracts.core._parts import Part, whole
from contracts.core._text import as_text, no_segment, pairs, segment, unspeakable
from contracts.core.chassis import MalformedRequest
from contracts.core.errors import DeclarationError

# JSON writes a NUL only as this escape; text columns cannot hold one.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request as it travels: its path (percent-encoded), the values in it (not encoded), the
    pairs of its query, its body or None."""

    path: str
    values: Mapping[str, str]
    query: list[tuple[str, str]]
    body: bytes | None


class Wire:
    """Reads and writes one request class and its answer.

    `placeholders`, `query` and `body` name the fields that travel in each place.
    """

    def __init__(
        self,
        cls: type[BaseModel],
        *,
        path: str,
        placeholders: tuple[str, ...],
        query: tuple[str, ...],
        body: tuple[str, ...],
        answer: Any,
    ) -> None:
        self.request = cls
        self.path = path
        self.placeholders, self.query, self.body = placeholders, query, body
        fields = cls.model_fields
        self.written = {name: written_name(name, field) for name, field in fields.items()}
        self._parameters = {
            wire: name for name in query for wire in read_names(cls, name, fields[name])
        }
        if len({self.written[name] for name in query}) != len(query):
            raise DeclarationError(cls, "two fields have one name in the query")
        self._lists = frozenset(name for name in query if is_collection(fields[name].annotation))
        self._only_body = bool(body) and not placeholders
        self._validator = cast(SchemaValidator, cls.__pydantic_validator__)
        self._serializer = cls.__pydantic_serializer__
        # A request without a body has an empty part, which refuses whatever comes along.
        self._body_part = Part(cls, body)
        if body and placeholders:
            self._text_part = Part(cls, placeholders)
            self._whole = whole(cls)
        self._template = re.sub(r"\{(\w+)\}", "{}", path)
        self._in_path, self._in_query = set(placeholders), set(query)
        self._answer = None if answer is None else _Answer(cls.__name__, answer)

    def read(self, path: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes) -> Any:
        """The request that arrived; `path` and `query` decoded. Whatever was not declared is
        refused, wherever it stands. Raises MalformedRequest or InvalidRequest."""
        if self._only_body and not query:
            return self._strictly(self._validator, body)
        text = self._text(path, query)
        if not self.body:
            if body:
                self._strictly(self._body_part, body)
            return self._leniently(self._validator, text)
        from_body = self._strictly(self._body_part, body)
        from_path = self._leniently(self._text_part, text)
        return self._leniently(self._whole, from_body | from_path)

    def _text(self, path: Mapping[str, str], query: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """The fields of path and query by name, still text."""
        text: dict[str, Any] = {}
        faults = []
        for name in self.placeholders:
            value = text[name] = path[name]
            if no_segment(value):
                faults.append(wrong("path", (name,), "empty", "This cannot stand in a path"))
            elif unspeakable(value):
                faults.append(wrong("path", (name,), "nul", _UNSPEAKABLE))
        for said, value in query:
            parameter = self._parameters.get(said)
            if parameter is None:
                faults.append(wrong("query", (said,), "extra_forbidden", "No such parameter"))
            elif unspeakable(value):
                faults.append(wrong("query", (said,), "nul", _UNSPEAKABLE))
            elif parameter in self._lists:
                text.setdefault(parameter, []).append(value)
            elif parameter in text:
                faults.append(wrong("query", (said,), "repeated", "This parameter came twice"))
            else:
                text[parameter] = value
        if faults:
            raise invalid(faults)
        return text

    def _leniently(self, reader: SchemaValidator | Part, fields: dict[str, Any]) -> Any:
        try:
            # Not validate_strings: that cannot read a parameter which repeats.
            return reader.validate_python(
                fields, by_name=True, by_alias=False, context=READING_REQUEST
            )
        except ValidationError as error:
            raise refusal(error, self._location) from None

    def _strictly(self, reader: SchemaValidator | Part, body: bytes) -> Any:
        if b"\\u0000" in body and _NUL.search(body):
            raise MalformedRequest(detail="Text in the body holds a NUL, which cannot be stored")
        body = body or b"{}"
        try:
            return reader.validate_json(
                body,
                strict=True,
                extra="forbid",
                by_alias=True,
                by_name=False,
                context=READING_REQUEST,
            )
        except ValidationError as error:
            raise refusal(error, lambda _: "body", body) from None

    def _location(self, name: str) -> str:
        if name in self.placeholders:
            return "path"
        return "query" if name in self.query else "body"

    def write(self, request: BaseModel) -> Encoded:
        """The request as it travels: only the fields that were set, so that no client's default
        freezes onto the wire and a PATCH can tell unset from null. Raises ValueError when a
        value cannot stand in its path."""
        path, values = self.path, {}
        if self.placeholders:
            said = self._serializer.to_python(
                request, mode="json", include=self._in_path, by_alias=False
            )
            values = {name: as_text(said[name]) for name in self.placeholders}
            path = self._template.format(*(segment(name, text) for name, text in values.items()))
        if self.body:
            body = self._serializer.to_json(
                request,
                exclude_unset=True,
                exclude_computed_fields=True,
                exclude=self._in_path or None,
                by_alias=True,
            )
            return Encoded(path, values, [], body)
        if not self.query:
            return Encoded(path, values, [], None)
        asked = self._serializer.to_python(
            request, mode="json", include=self._in_query, exclude_unset=True, by_alias=True
        )
        return Encoded(path, values, list(pairs(asked)), None)

    def read_answer(self, body: bytes) -> Any:
        """The answer in these bytes; fields that this reader does not know are ignored. Raises
        pydantic's ValidationError."""
        return None if self._answer is None else self._answer.read(body)

    def write_answer(self, answer: Any) -> bytes:
        """The answer as JSON. Raises TypeError when it is not of the declared type."""
        if self._answer is not None:
            return self._answer.write(answer)
        if answer is not None:
            raise TypeError(f"{self.request.__name__} answers nothing, not {type(answer).__name__}")
        return b""


class _Answer:
    """Reads and writes the answer of one request class."""

    def __init__(self, asked: str, kind: type[BaseModel]) -> None:
        self._asked, self._kind = asked, kind
        self._generic = kind.__pydantic_generic_metadata__["origin"]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        self._validator, self._serializer = adapter.validator, adapter.serializer

    def read(self, body: bytes) -> Any:
        return self._validator.validate_json(body, strict=True, by_alias=True, by_name=False)

    def write(self, answer: Any) -> bytes:
        if not isinstance(answer, self._kind):
            answer = self._as_declared(answer)
        written: bytes = self._serializer.to_json(answer, by_alias=True)
        return written

    def _as_declared(self, answer: Any) -> Any:
        # Page(items=...) infers its parameter for the type checker, but is no Page[Order] yet.
        if self._generic is None or not isinstance(answer, self._generic):
            raise TypeError(f"{self._asked} does not answer {type(answer).__name__}")
        try:
            return self._validator.validate_python(_fields(answer), by_name=True, strict=True)
        except ValidationError as error:
            raise TypeError(f"{self._asked} does not answer that: {error}") from error


_UNSPEAKABLE = "Text cannot hold a NUL or half a surrogate pair"


def _fields(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}
