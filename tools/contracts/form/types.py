"""The type of a value on the wire, from pydantic's core schema of it.

Core schema is what pydantic really does, so nothing that changes the wire escapes; what differs from one
version of pydantic to the next (its own helper functions, how it nests) is brought to one form here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from tools.contracts.form import model
from tools.contracts.form.fingerprint import fingerprint, is_ours, name_of
from tools.contracts.form.text import encode

# What contracts.core holds a number to that names no bound: not worth a word on each one.
_SMALLEST, _LARGEST, _DIGITS = -(2**63), 2**63 - 1, 38

_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of")
_LENGTHS = ("min_length", "max_length")
_CONSTRAINTS = {
    "str": (*_LENGTHS, "pattern"),
    "bytes": _LENGTHS,
    "int": _BOUNDS,
    "float": _BOUNDS,
    "decimal": (*_BOUNDS, "max_digits", "decimal_places"),
    "date": _BOUNDS,
    "time": _BOUNDS,
    "datetime": _BOUNDS,
    "timedelta": _BOUNDS,
    "uuid": ("version",),
    "url": ("max_length", "allowed_schemes", "host_required"),
    "multi-host-url": ("max_length", "allowed_schemes", "host_required"),
}


@dataclass
class Reader:
    """Turns core schema into types. `name_of_model` is told each class that it meets and says its name
    on the page; `samples` gives the golden samples of a node with a serializer of ours."""

    name_of_model: Callable[[type], str]
    samples: Callable[[Any, model.Type, Reader], tuple[model.Sample, ...]]
    definitions: dict[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    _within: tuple[str, ...] = ()

    def read(self, node: Any) -> model.Type:
        """The type that the schema describes."""
        found = _READERS.get(node["type"], _unknown)(self, node)
        return self._written(found, node)

    def inside(self, config: Mapping[str, Any] | None) -> Reader:
        """A reader under the configuration of a model."""
        return replace(self, config=config or {})

    def learn(self, schema: Any) -> Any:
        """Remember the definitions of a whole schema; what remains of it."""
        while schema["type"] == "definitions":
            self.definitions |= {one["ref"]: one for one in schema["definitions"]}
            schema = schema["schema"]
        return self.resolve(schema)

    def resolve(self, node: Any) -> Any:
        """The schema that a reference stands for."""
        while node["type"] == "definition-ref":
            node = self.definitions[node["schema_ref"]]
        return node

    def option(self, node: Any, name: str, config: str | None = None) -> Any:
        """What the node says, else the configuration."""
        said = node.get(name)
        return self.config.get(config or name) if said is None else said

    def strict(self, node: Any) -> bool:
        return bool(self.option(node, "strict"))

    def _written(self, found: model.Type, node: Any) -> model.Type:
        said = node.get("serialization")
        if said is None or found.writer is not None:
            return found
        writer = self.writer(said)
        if writer is None:
            return found
        return replace(found, writer=replace(writer, samples=self.samples(node, found, self)))

    def writer(self, said: Any) -> model.Writer | None:
        """The serializer that a schema names, without samples; None for pydantic's own."""
        kind, when = said["type"], said.get("when_used", "always")
        if kind in ("function-plain", "function-wrap"):
            function = said["function"]
            if not is_ours(function):
                return _AS_ANY if said.get("schema", {}).get("type") == "any" else None
            returns = said.get("return_schema")
            return model.Writer(
                mode=kind.removeprefix("function-"),
                when=when,
                fingerprint=fingerprint(function),
                name=name_of(function),
                returns=None if returns is None else self.read(returns),
            )
        if kind == "format":
            return model.Writer(mode="format", fingerprint=said["formatting_string"], when=when)
        return None


_AS_ANY = model.Writer(mode="as-any", fingerprint="")


def _reference(reader: Reader, node: Any) -> model.Type:
    ref = node["schema_ref"]
    if ref in reader._within:  # an alias that holds itself: JSON of any depth
        return model.Free(kind="any")
    return replace(reader, _within=(*reader._within, ref)).read(reader.definitions[ref])


def _model(reader: Reader, node: Any) -> model.Type:
    if node.get("root_model"):
        inner = node["schema"]
        while inner["type"] in ("function-before", "function-after", "function-wrap"):
            inner = inner["schema"]
        return reader.inside(node.get("config")).read(
            inner["schema"] if "fields" in inner else inner
        )
    return model.Ref(model=reader.name_of_model(node["cls"]))


def _scalar(reader: Reader, node: Any) -> model.Type:
    kind = node["type"]
    said = {name: node[name] for name in _CONSTRAINTS.get(kind, ()) if node.get(name) is not None}
    reading: dict[str, Any] = {}
    writing: dict[str, Any] = {}

    def note(to: dict[str, Any], name: str, value: Any, usual: Any = None) -> None:
        if value not in (None, False, usual):
            to[name] = value

    if kind == "str":
        for name in ("strip", "lower", "upper"):
            whole = {"strip": "strip_whitespace"}.get(name, f"to_{name}")
            note(reading, name, reader.option(node, whole, f"str_{whole}"))
        for name in _LENGTHS:
            if (length := reader.option(node, name, f"str_{name}")) is not None:
                said[name] = length
        note(reading, "coerce_numbers", reader.option(node, "coerce_numbers_to_str"))
        if "pattern" in said:
            note(reading, "regex", reader.option(node, "regex_engine"), "rust-regex")
            said["pattern"] = getattr(said["pattern"], "pattern", said["pattern"])
        if not said.get("min_length"):
            said.pop("min_length", None)
    elif kind == "bytes":
        note(reading, "val_json_bytes", reader.config.get("val_json_bytes"), "utf8")
        note(writing, "ser_json_bytes", reader.config.get("ser_json_bytes"), "utf8")
    elif kind in ("float", "decimal"):
        inf_nan = reader.option(node, "allow_inf_nan")
        if inf_nan is True or (inf_nan is None and kind == "float"):
            reading["inf_nan"] = True
            note(writing, "ser_json_inf_nan", reader.config.get("ser_json_inf_nan"), "null")
    elif kind in ("datetime", "date", "time", "timedelta"):
        note(said, "tz", node.get("tz_constraint"))
        note(said, "now", node.get("now_op"))
        note(reading, "microseconds", node.get("microseconds_precision"), "truncate")
        note(reading, "val_temporal_unit", reader.config.get("val_temporal_unit"), "infer")
        note(writing, "ser_json_temporal", reader.config.get("ser_json_temporal"), "iso8601")
        if kind == "timedelta":
            note(writing, "ser_json_timedelta", reader.config.get("ser_json_timedelta"), "iso8601")
    return constrained(
        model.Scalar(kind=kind, reading=reading, writing=writing, strict=reader.strict(node)), said
    )


def constrained(scalar: model.Scalar, said: Mapping[str, Any]) -> model.Scalar:
    """The scalar held to these too, in their one form."""
    bounds = dict(scalar.constraints)
    for name, value in said.items():
        if scalar.kind == "int" and name in _BOUNDS:
            name, value = _whole(name, value)
        value = _plain(value, scalar.kind)
        bounds[name] = _tighter(name, bounds[name], value) if name in bounds else value
    usual = {"int": {"ge": _SMALLEST, "le": _LARGEST}, "decimal": {"max_digits": _DIGITS}}
    for name, value in usual.get(scalar.kind, {}).items():
        if bounds.get(name) == value:
            del bounds[name]
    return replace(scalar, constraints=dict(sorted(bounds.items())))


def _whole(name: str, value: Any) -> tuple[str, Any]:
    """A bound of a whole number as ge or le: gt=0 is ge=1."""
    if name == "gt":
        return "ge", math.floor(value) + 1
    if name == "lt":
        return "le", math.ceil(value) - 1
    if name in ("ge", "le"):
        return name, math.ceil(value) if name == "ge" else math.floor(value)
    return name, value


def _plain(value: Any, kind: str) -> Any:
    if kind == "decimal" and not isinstance(value, int | bool):
        return format(value.normalize() if hasattr(value, "normalize") else value, "f")
    if kind == "decimal" and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return to_jsonable_python(value)


def _tighter(name: str, one: Any, other: Any) -> Any:
    if name == "pattern" and one != other:
        return f"{one}\n{other}"
    try:
        return max(one, other) if name in ("ge", "gt", "min_length") else min(one, other)
    except TypeError:
        return other


def _choice(values: Iterable[Any], **options: Any) -> model.Type:
    """A Choice of these values, each once and in order; null among them makes it nullable."""
    plain = [one.value if isinstance(one, Enum) else one for one in values]
    rest = sorted({json.dumps(one): one for one in plain if one is not None}.values(), key=_order)
    choice = model.Choice(values=tuple(rest), **options)
    return model.Nullable(inner=choice) if None in plain else choice


def _order(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value


def _literal(reader: Reader, node: Any) -> model.Type:
    return _choice(node["expected"], strict=reader.strict(node))


def _enum(reader: Reader, node: Any) -> model.Type:
    cls = node["cls"]
    is_open = any(base.__name__ == "OpenEnum" for base in cls.__mro__)
    members = sorted(
        (one for one in node["members"] if not (is_open and one.name == "UNKNOWN")),
        key=lambda one: _order(to_jsonable_python(one.value)),
    )
    missing = node.get("missing")
    return model.Choice(
        values=tuple(to_jsonable_python(one.value) for one in members),
        names=tuple(one.name for one in members),
        open=is_open,
        reserved=tuple(sorted(getattr(cls, "__reserved__", ()), key=_order)),
        enum=f"{cls.__module__}.{cls.__qualname__}",
        strict=reader.strict(node),
        checks=() if missing is None else (_check("missing", missing),),
    )


def _check(mode: str, function: Any) -> model.Check:
    return model.Check(mode=mode, fingerprint=fingerprint(function), name=name_of(function))


def _function(reader: Reader, node: Any) -> model.Type:
    mode = node["type"].removeprefix("function-")
    function = node["function"]["function"]
    origin = getattr(function, "__module__", "")
    inner = reader.read(node["schema"])
    if origin == "contracts.core.open_enum":
        return inner
    if origin == "contracts.core.json_object":
        return model.Free(kind="object")
    if isinstance(inner, model.Ref) and _of_model(reader, node, function):
        return inner  # told of the model itself
    if is_ours(function):
        return replace(inner, checks=(_check(mode, function), *inner.checks))
    said = getattr(function, "keywords", {})
    known = {
        name: said[name]
        for name in (*_BOUNDS, *_LENGTHS, "pattern", "max_digits", "decimal_places")
        if name in said
    }
    if known:
        return _held(inner, known)
    return _library(reader, node, inner)


def _held(inner: model.Type, known: Mapping[str, Any]) -> model.Type:
    """The type under constraints that pydantic checks in functions of its own."""
    if isinstance(inner, model.Scalar):
        return constrained(inner, known)
    if isinstance(inner, model.Many | model.Fixed | model.Dict):
        return replace(inner, **{name: known[name] for name in _LENGTHS if name in known})
    if isinstance(inner, model.Nullable):
        return replace(inner, inner=_held(inner.inner, known))
    return inner


def _of_model(reader: Reader, node: Any, function: Any) -> bool:
    inner = node
    while inner["type"] in ("function-before", "function-after", "function-wrap", "definition-ref"):
        inner = reader.resolve(inner) if inner["type"] == "definition-ref" else inner["schema"]
    decorators = getattr(inner.get("cls"), "__pydantic_decorators__", None)
    return decorators is not None and name_of(function) in {
        name_of(one.func) for one in decorators.model_validators.values()
    }


def _library(reader: Reader, node: Any, inner: model.Type) -> model.Type:
    """A type of pydantic's own (addresses, secrets, encodings), known by its format in JSON Schema."""
    try:
        said = GenerateJsonSchema().generate(_closed(reader, node))
    except Exception:  # pydantic has no JSON Schema of it: what it reads must do
        return inner
    if said.get("type") != "string" or "format" not in said:
        return inner
    kind = {"uri": "url", "multi-host-uri": "url"}.get(said["format"], f"string:{said['format']}")
    lengths = {
        name: said[key]
        for name, key in (("min_length", "minLength"), ("max_length", "maxLength"))
        if key in said and not (kind == "url" and name == "min_length")
    }
    constraints = inner.constraints if isinstance(inner, model.Scalar) else {}
    return model.Scalar(
        kind=kind, constraints=dict(sorted({**lengths, **constraints}.items())), strict=inner.strict
    )


def _closed(reader: Reader, node: Any) -> Any:
    return (
        {
            "type": "definitions",
            "schema": node,
            "definitions": list(reader.definitions.values()),
        }
        if reader.definitions
        else node
    )


def _plain_function(reader: Reader, node: Any) -> model.Type:
    function = node["function"]["function"]
    free = model.Free(kind="any")
    if is_ours(function):
        return replace(free, checks=(_check("plain", function),))
    return _library(reader, node, free)


def _many(kind: str) -> Callable[[Reader, Any], model.Type]:
    def read(reader: Reader, node: Any) -> model.Type:
        items = node.get("items_schema")
        return model.Many(
            kind=kind,
            items=model.Free(kind="any") if items is None else reader.read(items),
            min_length=node.get("min_length") or 0,
            max_length=node.get("max_length"),
            strict=reader.strict(node),
        )

    return read


def _tuple(reader: Reader, node: Any) -> model.Type:
    places = [reader.read(one) for one in node["items_schema"]]
    variadic = node.get("variadic_item_index")
    lengths: Any = {
        "min_length": node.get("min_length") or 0,
        "max_length": node.get("max_length"),
        "strict": reader.strict(node),
    }
    if variadic is None:
        return model.Fixed(places=tuple(places), **lengths)
    rest = places.pop(variadic)
    if places:
        return model.Fixed(places=tuple(places), rest=rest, **lengths)
    return model.Many(kind="list", items=rest, **lengths)


def _dict(reader: Reader, node: Any) -> model.Type:
    free = {"type": "any"}
    return model.Dict(
        keys=reader.read(node.get("keys_schema") or free),
        values=reader.read(node.get("values_schema") or free),
        min_length=node.get("min_length") or 0,
        max_length=node.get("max_length"),
        strict=reader.strict(node),
    )


def _nullable(reader: Reader, node: Any) -> model.Type:
    return _or_null(reader.read(node["schema"]))


def _or_null(inner: model.Type) -> model.Type:
    return inner if isinstance(inner, model.Nullable) else model.Nullable(inner=inner)


def _union(reader: Reader, node: Any) -> model.Type:
    types: list[model.Type] = []
    null = False
    for choice in node["choices"]:
        said = reader.read(choice[0] if isinstance(choice, tuple) else choice)
        if isinstance(said, model.Nullable) and not said.checks and not said.writer:
            null, said = True, said.inner
        if isinstance(said, model.Union) and said == model.Union(variants=said.variants):
            types += [one.type for one in said.variants]
        elif said == model.Scalar(kind="null"):
            null = True
        else:
            types.append(said)
    left = node.get("mode") == "left_to_right"
    literals = [
        one
        for one in types
        if isinstance(one, model.Choice) and one == model.Choice(values=one.values)
    ]
    if len(literals) > 1:  # Literal["a"] | Literal["b"] is Literal["a", "b"]
        merged = _choice(value for one in literals for value in one.values)
        types = [one for one in types if one not in literals] + [merged]
    variants = list(
        {json.dumps(encode(one, whole=False)): model.Variant(type=one) for one in types}.items()
    )
    if not left:
        variants.sort(key=lambda pair: pair[0])
    plain = tuple(variant for _, variant in variants)
    union = plain[0].type if len(plain) == 1 else model.Union(variants=plain, left_to_right=left)
    return _or_null(union) if null else union


def _tagged(reader: Reader, node: Any) -> model.Type:
    variants = []
    for tag, choice in node["choices"].items():
        tag = tag.value if isinstance(tag, Enum) else tag
        said = reader.read(choice)
        if isinstance(said, model.Union) and said.discriminator is not None:
            # A union inside a union: the inner one's variant of this tag.
            said = next((one.type for one in said.variants if one.tag == tag), said)
        variants.append(model.Variant(type=said, tag=to_jsonable_python(tag)))
    variants.sort(key=lambda one: _order(one.tag))
    by = node["discriminator"]
    if not callable(by):
        return model.Union(variants=tuple(variants), discriminator=_path(by))
    default = _default_tag(by, {one.tag for one in variants})
    return model.Union(variants=tuple(variants), chooser=_check("chooser", by), default_tag=default)


def _path(by: Any) -> str:
    if isinstance(by, str):
        return by
    return "|".join(sorted("/".join(map(str, path)) for path in by))


def _default_tag(by: Callable[[Any], Any], tags: set[Any]) -> Any:
    """The tag that the function gives to an object that it has never seen."""
    try:
        tag = by({"of a kind that nobody knows": True})
    except Exception:  # it looks for what is not there: it has no default
        return None
    return tag if tag in tags else None


def _embedded(reader: Reader, node: Any) -> model.Type:
    return model.Embedded(inner=reader.read(node.get("schema") or {"type": "any"}))


def _json_or_python(reader: Reader, node: Any) -> model.Type:
    return _branch(reader, node, node["json_schema"])


def _lax_or_strict(reader: Reader, node: Any) -> model.Type:
    return _branch(reader, node, node["strict_schema"])


def _branch(reader: Reader, node: Any, inner: Any) -> model.Type:
    read = reader.read(inner)
    if isinstance(read, model.Scalar) and not read.checks:
        return _library(reader, node, read)
    return read


def _chain(reader: Reader, node: Any) -> model.Type:
    first, *more = node["steps"]
    read = reader.read(first)
    for step in more:
        said = reader.read(step)
        if isinstance(said, model.Scalar):
            if isinstance(read, model.Scalar):
                read = constrained(
                    replace(read, reading={**read.reading, **said.reading}), said.constraints
                )
            elif isinstance(read, model.Free):
                read = replace(said, checks=read.checks)
        read = replace(read, checks=(*said.checks, *read.checks))
    return read


def _inner(reader: Reader, node: Any) -> model.Type:
    return reader.read(node["schema"])


def _null(_: Reader, __: Any) -> model.Type:
    return model.Scalar(kind="null")


def _unknown(_: Reader, __: Any) -> model.Type:
    return model.Free(kind="any")


_READERS: dict[str, Callable[[Reader, Any], model.Type]] = {
    **dict.fromkeys((*_CONSTRAINTS, "bool", "complex"), _scalar),
    **dict.fromkeys(("function-before", "function-after", "function-wrap"), _function),
    **dict.fromkeys(("default", "custom-error", "prebuilt"), _inner),
    **dict.fromkeys(("list", "generator"), _many("list")),
    **dict.fromkeys(("set", "frozenset"), _many("set")),
    **dict.fromkeys(("model", "dataclass"), _model),
    "function-plain": _plain_function,
    "definition-ref": _reference,
    "definitions": lambda reader, node: reader.read(reader.learn(node)),
    "tuple": _tuple,
    "dict": _dict,
    "nullable": _nullable,
    "union": _union,
    "tagged-union": _tagged,
    "literal": _literal,
    "enum": _enum,
    "json": _embedded,
    "json-or-python": _json_or_python,
    "lax-or-strict": _lax_or_strict,
    "chain": _chain,
    "none": _null,
}
