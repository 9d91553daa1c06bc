"""How one request class travels. Its validators are made once, when the contract is imported.

Path and query are text, so they are read leniently; a body is JSON and read strictly, from its
bytes. Where a request has both, each part is read by its own rules and the whole once more, so
that what the class checks across its fields holds as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args, get_origin
from urllib.parse import quote

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import CoreSchema, to_json

from contracts.core._bounds import bound_integers
from contracts.core.chassis import InvalidRequest, MalformedRequest, Wrong
from contracts.core.errors import DeclarationError
from contracts.core.values import READING_REQUEST, WIRE

__all__ = ["Encoded", "Wire", "bound_integers"]

# One problem names at most so many faults: enough to mend a form, too few to flood a log.
FAULTS = 20
# JSON writes a NUL only as this escape; text columns cannot hold one.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Encoded:
    """A request as it travels: path (percent-encoded), query pairs, body or None; `values` are
    those of the path before they were encoded."""

    __slots__ = ("body", "path", "query", "values")

    def __init__(
        self,
        path: str,
        query: list[tuple[str, str]],
        body: bytes | None,
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.path, self.query, self.body, self.values = path, query, body, values


class Wire:
    """Reads and writes one request class and its answer."""

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
        self.query_names = {fields[name].alias or name: name for name in query}
        if len(self.query_names) != len(query):
            raise DeclarationError(cls, "two fields have one name in the query")
        self._lists = frozenset(
            wire for wire, name in self.query_names.items() if _is_list(fields[name].annotation)
        )
        self._mixed = bool(body and placeholders)
        if self._mixed:
            self._text_part = _part(cls, placeholders)
            self._body_part = _part(cls, body)
        self._answer = None if answer is None else TypeAdapter(answer)
        self._template = re.sub(r"\{(\w+)\}", "{}", path) if placeholders else None

    def read(
        self, path: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes
    ) -> BaseModel:
        """The request that arrived. Raises MalformedRequest or InvalidRequest."""
        if self.body or (body and not self.query and not self.placeholders):
            return self._read_body(path, body)
        return self._read_text(path, query)

    def _read_text(self, path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> BaseModel:
        text: dict[str, Any] = {}
        wrong: list[Wrong] = []
        for name, value in query:
            if name in self._lists:
                text.setdefault(name, []).append(value)
            elif name not in self.query_names:
                wrong.append(_wrong("query", (name,), "extra_forbidden", "No such parameter"))
            elif name in text:
                wrong.append(_wrong("query", (name,), "repeated", "This parameter came twice"))
            else:
                text[name] = value
            if "\0" in value:
                wrong.append(_wrong("query", (name,), "nul", "Text cannot hold a NUL"))
        if wrong:
            raise InvalidRequest(errors=tuple(wrong[:FAULTS]))
        text.update(path)
        try:
            # Not validate_strings: that cannot read a parameter which repeats.
            read: BaseModel = self.request.__pydantic_validator__.validate_python(
                text, context=READING_REQUEST
            )
            return read
        except ValidationError as error:
            raise self._invalid(error, "query") from None

    def _read_body(self, path: Mapping[str, str], body: bytes) -> BaseModel:
        if b"\\u0000" in body and _NUL.search(body):
            raise MalformedRequest(detail="Text in the body holds a NUL, which cannot be stored")
        if not self._mixed:
            return self._strictly(self.request, body)
        from_body = self._strictly(self._body_part, body)
        try:
            from_path = self._text_part.__pydantic_validator__.validate_python(
                path, context=READING_REQUEST
            )
        except ValidationError as error:
            raise self._invalid(error, "path") from None
        whole = _set_fields(from_body) | _set_fields(from_path)
        try:
            read: BaseModel = self.request.__pydantic_validator__.validate_python(
                whole, strict=True, by_name=True, context=READING_REQUEST
            )
            return read
        except ValidationError as error:
            raise self._invalid(error, "body") from None

    def _strictly(self, model: type[BaseModel], body: bytes) -> BaseModel:
        try:
            read: BaseModel = model.__pydantic_validator__.validate_json(
                body or b"{}", strict=True, extra="forbid", context=READING_REQUEST
            )
            return read
        except ValidationError as error:
            raise self._invalid(error, "body") from None

    def _invalid(self, error: ValidationError, location: str) -> InvalidRequest | MalformedRequest:
        wrong = []
        # include_input would put a password into the answer, and into a log.
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[
            :FAULTS
        ]:
            if fault["type"] == "json_invalid":
                return MalformedRequest(detail=fault["msg"][:200])
            place = fault["loc"]
            where = "path" if place and place[0] in self.placeholders else location
            wrong.append(_wrong(where, place, fault["type"], fault["msg"]))
        return InvalidRequest(errors=tuple(wrong))

    def write(self, request: BaseModel) -> Encoded:
        """The request as it travels: only the fields that were set, so that no client's default
        freezes onto the wire and a PATCH can tell unset from null."""
        path, values = self.path, {}
        if self._template is not None:
            dumped = request.model_dump(mode="json", include=set(self.placeholders), by_alias=False)
            values = {name: _text(dumped[name]) for name in self.placeholders}
            path = self._template.format(*map(_segment, values.values()))
        if self.body:
            body = request.__pydantic_serializer__.to_json(
                request, exclude_unset=True, exclude=set(self.placeholders) or None, by_alias=True
            )
            return Encoded(path, [], body, values)
        if not self.query:
            return Encoded(path, [], None, values)
        dumped = request.model_dump(
            mode="json", include=set(self.query), exclude_unset=True, by_alias=True
        )
        return Encoded(path, list(_pairs(dumped)), None, values)

    def read_answer(self, body: bytes) -> Any:
        """The answer in these bytes; fields that this reader does not know are ignored. Raises
        pydantic's ValidationError."""
        return None if self._answer is None else self._answer.validate_json(body, strict=True)

    def write_answer(self, answer: Any) -> bytes:
        """The answer as JSON. Raises TypeError when it is not of the declared type."""
        if self._answer is None:
            if answer is not None:
                raise TypeError(
                    f"{self.request.__name__} answers nothing, not {type(answer).__name__}"
                )
            return b""
        if not isinstance(answer, BaseModel):
            raise TypeError(f"{self.request.__name__} does not answer {type(answer).__name__}")
        written: bytes = self._answer.serializer.to_json(answer, warnings="error", by_alias=True)
        return written


class _Part(BaseModel):
    model_config = WIRE

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return bound_integers(handler(source))


def _part(cls: type[BaseModel], names: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (cls.model_fields[name].annotation, cls.model_fields[name]) for name in names
    }
    return create_model(cls.__name__, __base__=_Part, **fields)


def _set_fields(part: BaseModel) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.model_fields_set}


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple, set, frozenset) or any(
        get_origin(part) in (list, tuple, set, frozenset) for part in get_args(annotation)
    )


def _segment(text: str) -> str:
    if not text or text in (".", ".."):
        raise ValueError(f"{text!r} cannot stand in a path")
    return quote(text, safe="")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return to_json(value).decode() if not isinstance(value, dict | list) else json.dumps(value)


def _pairs(fields: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in fields.items():
        if value is None:
            continue
        for item in value if isinstance(value, list) else (value,):
            yield name, _text(item)


def _wrong(location: str, place: Sequence[int | str], code: str, message: str) -> Wrong:
    steps = (str(step)[:100].replace("~", "~0").replace("/", "~1") for step in place)
    return Wrong(
        location=location,
        pointer="".join("/" + step for step in steps),
        code=code,
        message=message[:300],
    )
