"""Functions around a type: validators, and the types that libraries make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from tools.contracts.form import model
from tools.contracts.form.fingerprint import is_ours
from tools.contracts.form.reader import Reader, check
from tools.contracts.form.scalars import BOUNDS, LENGTHS, constrained


def function(reader: Reader, node: Any) -> model.Type:
    mode = node["type"].removeprefix("function-")
    function = node["function"]["function"]
    origin = getattr(function, "__module__", "")
    inner = reader.read(node["schema"])
    if origin == "contracts.core.open_enum":
        return inner
    if origin == "contracts.core.json_object":
        return model.Free(kind="object")
    if isinstance(inner, model.Ref) and reader.of_model(node, "model_validators"):
        return inner  # told of the model itself
    if is_ours(function):
        return replace(inner, checks=(check(mode, function), *inner.checks))
    said = getattr(function, "keywords", {})
    known = {
        name: said[name]
        for name in (*BOUNDS, *LENGTHS, "pattern", "max_digits", "decimal_places")
        if name in said
    }
    if known:
        return _held(inner, known)
    return _library(reader, node, inner)


def plain_function(reader: Reader, node: Any) -> model.Type:
    function = node["function"]["function"]
    free = model.Free(kind="any")
    if is_ours(function):
        return replace(free, checks=(check("plain", function),))
    return _library(reader, node, free)


def json_or_python(reader: Reader, node: Any) -> model.Type:
    return _branch(reader, node, node["json_schema"])


def lax_or_strict(reader: Reader, node: Any) -> model.Type:
    strict = _branch(reader, node, node["strict_schema"])
    # An instance of a class, which no JSON is: it is made of what the lenient schema reads.
    return _branch(reader, node, node["lax_schema"]) if strict == model.Free(kind="any") else strict


def _branch(reader: Reader, node: Any, inner: Any) -> model.Type:
    read = reader.read(inner)
    if isinstance(read, model.Scalar):
        return _library(reader, node, read)
    return read


def chain(reader: Reader, node: Any) -> model.Type:
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


def _held(inner: model.Type, known: Mapping[str, Any]) -> model.Type:
    """The type under constraints that pydantic checks in functions of its own."""
    if isinstance(inner, model.Scalar):
        return constrained(inner, known)
    if isinstance(inner, model.Many | model.Fixed | model.Dict):
        return replace(inner, **{name: known[name] for name in LENGTHS if name in known})
    if isinstance(inner, model.Nullable):
        return replace(inner, inner=_held(inner.inner, known))
    return inner


def _library(reader: Reader, node: Any, inner: model.Type) -> model.Type:
    """A type of pydantic's own (addresses, secrets, encodings), known by its format in JSON Schema."""
    if isinstance(inner, model.Scalar) and not inner.kind.startswith(("str", "bytes")):
        return inner
    try:
        said = GenerateJsonSchema().generate(reader.closed(node))
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
