"""The fields of a class: a value, request, problem or event, with all that it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from tools.contracts.form import model
from tools.contracts.form.fingerprint import fingerprint, is_ours, name_of
from tools.contracts.form.places import class_place, member_place, text_of
from tools.contracts.form.reader import Reader
from tools.contracts.form.samples import field_samples, model_samples, node_samples
from tools.contracts.form.schema import TYPES

_BUILT_IN = (dict, list, tuple, set, frozenset, str, int, float, bool, bytes)


class Models:
    """The models of one page. Ask for the name of a class, and it is recorded with what it refers to."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._names: dict[type, str] = {}
        self._pending: list[type] = []

    def name(self, cls: type) -> str:
        """The name of the class on this page."""
        if cls not in self._names:
            self._names[cls] = self._said(cls)
            self._pending.append(cls)
        return self._names[cls]

    def recorded(self) -> tuple[model.Model, ...]:
        """Each model that was named until now, sorted."""
        done = {}
        while self._pending:
            cls = self._pending.pop()
            done[self._names[cls]] = self._model(cls)
        return tuple(done[name] for name in sorted(done))

    def classes(self) -> dict[str, type]:
        """The classes that were named until now."""
        return {name: cls for cls, name in self._names.items()}

    def _said(self, cls: Any) -> str:
        generic = getattr(cls, "__pydantic_generic_metadata__", None) or {}
        if origin := generic.get("origin"):
            arguments = (
                self._said(one) if isinstance(one, type) else str(getattr(one, "__name__", one))
                for one in generic["args"]
            )
            return f"{self._said(origin)}[{', '.join(arguments)}]"
        if cls.__module__ in (self._page, "builtins"):
            return str(cls.__qualname__)
        return f"{cls.__module__.removeprefix('contracts.')}.{cls.__qualname__}"

    def _model(self, cls: Any) -> model.Model:
        reader = Reader(self.name, node_samples, TYPES)
        parts = _Parts(reader, cls)
        infos: Mapping[str, FieldInfo] = cls.__pydantic_fields__
        fields = [
            _field(cls, name, infos[name], schema, parts) for name, schema in parts.fields.items()
        ]
        fields += [_computed(cls, schema, parts.reader) for schema in parts.computed]
        generic = getattr(cls, "__pydantic_generic_metadata__", None) or {}
        origin = generic.get("origin")
        extra = parts.config.get("extra_fields_behavior", "ignore")
        examples = _examples(parts.config)
        written = model.Model(
            name=self._names[cls],
            fields=tuple(sorted(fields, key=lambda field: field.name)),
            extra=extra,
            strict=bool(parts.config.get("strict")),
            extra_type=None if parts.extras is None else parts.reader.read(parts.extras),
            checks=tuple(parts.checks),
            reserved=tuple(sorted(getattr(cls, "__reserved__", ()))),
            generic="" if origin is None else self._said(origin),
            where=class_place(cls),
            description=text_of(cls),
            examples=examples,
        )
        if parts.writer is None:
            return written
        samples = model_samples(cls, written)
        return replace(written, writer=replace(parts.writer, samples=samples))


class _Parts:
    """A class's core schema taken apart: its fields, and what stands around them."""

    def __init__(self, reader: Reader, cls: Any) -> None:
        self.config: Mapping[str, Any] = {}
        self.checks: list[model.Check] = []
        self.writer: model.Writer | None = None
        self.extras: Any = None
        node = reader.learn(cls.__pydantic_core_schema__)
        while node["type"] not in ("model-fields", "dataclass-args"):
            self._around(reader, node)
            node = reader.resolve(node["schema"])
        self.reader = reader.inside(self.config)
        self.extras = node.get("extras_schema")
        fields = node["fields"]
        self.fields: dict[str, Any] = (
            fields if isinstance(fields, dict) else {field["name"]: field for field in fields}
        )
        self.computed: list[Any] = node.get("computed_fields") or []

    def _around(self, reader: Reader, node: Any) -> None:
        if config := node.get("config"):
            self.config = config
        if node["type"].startswith("function-"):
            function = node["function"]["function"]
            if is_ours(function):
                mode = node["type"].removeprefix("function-")
                self.checks.append(
                    model.Check(
                        mode=mode, fingerprint=fingerprint(function), name=name_of(function)
                    )
                )
        if said := node.get("serialization"):
            self.writer = reader.writer(said) or self.writer


def _field(cls: Any, name: str, info: FieldInfo, schema: Any, parts: _Parts) -> model.Field:
    inner = schema["schema"]
    default = None
    validated = False
    while inner["type"] == "default":
        default = default or _default(inner)
        validated = validated or bool(
            inner.get("validate_default", parts.config.get("validate_default"))
        )
        inner = inner["schema"]
    read = parts.reader.read(inner)
    if read.writer is not None and _is_field_serializer(inner):
        samples = field_samples(cls, name, inner, read, parts.reader)
        read = replace(read, writer=replace(read.writer, samples=samples))
    omitted = schema.get("serialization_exclude_if")
    return model.Field(
        name=name,
        type=read,
        reads=tuple(_reads(schema.get("validation_alias"), name)),
        writes=None
        if schema.get("serialization_exclude")
        else schema.get("serialization_alias") or name,
        default=default,
        validate_default=validated,
        omitted_when="" if omitted is None else fingerprint(omitted),
        deprecated=bool(info.deprecated),
        where=member_place(cls, name),
        description=info.description or "",
        examples=tuple(to_jsonable_python(info.examples or [], fallback=str)),
    )


def _is_field_serializer(node: Any) -> bool:
    while "serialization" not in node and "schema" in node:
        node = node["schema"]
    return bool(node.get("serialization", {}).get("is_field_serializer"))


def _reads(alias: Any, name: str) -> Iterator[str]:
    """The names on the wire, in the order in which pydantic tries them."""
    if alias is None:
        yield name
    elif isinstance(alias, str):
        yield alias
    elif alias and isinstance(alias[0], list):
        for path in alias:
            yield "/".join(map(str, path))
    else:
        yield "/".join(map(str, alias))


def _default(node: Any) -> model.Default:
    if "default_factory" not in node:
        return model.Default(value=canonical(node.get("default")))
    factory = node["default_factory"]
    if factory in _BUILT_IN:
        return model.Default(value=canonical(factory()))
    return model.Default(factory=fingerprint(factory))


def canonical(value: Any) -> Any:
    """The value as JSON; the items of a set in order."""
    if isinstance(value, set | frozenset):
        return sorted((canonical(one) for one in value), key=repr)
    return to_jsonable_python(value, by_alias=True, inf_nan_mode="strings", fallback=repr)


def _computed(cls: Any, schema: Any, reader: Reader) -> model.Field:
    name = schema["property_name"]
    said = getattr(cls, "__pydantic_decorators__").computed_fields[name].info  # noqa: B009
    return model.Field(
        name=name,
        type=reader.read(schema["return_schema"]),
        writes=schema.get("alias") or name,
        computed=True,
        where=member_place(cls, name),
        description=said.description or "",
        examples=tuple(to_jsonable_python(said.examples or [], fallback=str)),
    )


def _examples(config: Mapping[str, Any]) -> tuple[Any, ...]:
    extra = config.get("json_schema_extra")
    return tuple(extra.get("examples", ())) if isinstance(extra, dict) else ()
