"""The type of a value on the wire, from pydantic's core schema of it.

Core schema is what pydantic really does, so nothing that changes the wire escapes; what differs from one
version of pydantic to the next (its own helper functions, how it nests) is brought to one form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tools.contracts.form import model
from tools.contracts.form.choices import enum, literal, or_null, tagged, union
from tools.contracts.form.functions import (
    chain,
    function,
    json_or_python,
    lax_or_strict,
    plain_function,
)
from tools.contracts.form.reader import Reader
from tools.contracts.form.scalars import CONSTRAINTS, scalar


def _reference(reader: Reader, node: Any) -> model.Type:
    ref = node["schema_ref"]
    if ref in reader.within:  # an alias that holds itself: JSON of any depth
        return model.Free(kind="any")
    return replace(reader, within=(*reader.within, ref)).read(reader.definitions[ref])


def _model(reader: Reader, node: Any) -> model.Type:
    if node.get("root_model"):
        inner = node["schema"]
        while inner["type"] in ("function-before", "function-after", "function-wrap"):
            inner = inner["schema"]
        return reader.inside(node.get("config")).read(
            inner["schema"] if "fields" in inner else inner
        )
    return model.Ref(model=reader.name_of_model(node["cls"]))


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
        values=reader.read(
            node.get("values_schema") or ({"type": "int"} if node["type"] == "counter" else free)
        ),
        min_length=node.get("min_length") or 0,
        max_length=node.get("max_length"),
        strict=reader.strict(node),
    )


def _nullable(reader: Reader, node: Any) -> model.Type:
    return or_null(reader.read(node["schema"]))


def _embedded(reader: Reader, node: Any) -> model.Type:
    return model.Embedded(inner=reader.read(node.get("schema") or {"type": "any"}))


def _inner(reader: Reader, node: Any) -> model.Type:
    return reader.read(node["schema"])


def _null(_: Reader, __: Any) -> model.Type:
    return model.Scalar(kind="null")


TYPES: Mapping[str, Callable[[Reader, Any], model.Type]] = {
    **dict.fromkeys((*CONSTRAINTS, "bool", "complex"), scalar),
    **dict.fromkeys(("function-before", "function-after", "function-wrap"), function),
    **dict.fromkeys(("default", "custom-error", "prebuilt"), _inner),
    **dict.fromkeys(("list", "generator", "deque"), _many("list")),
    **dict.fromkeys(("set", "frozenset"), _many("set")),
    **dict.fromkeys(("model", "dataclass"), _model),
    "function-plain": plain_function,
    "definition-ref": _reference,
    "definitions": lambda reader, node: reader.read(reader.learn(node)),
    "tuple": _tuple,
    **dict.fromkeys(("dict", "ordered-dict", "default-dict", "frozendict", "counter"), _dict),
    "nullable": _nullable,
    "union": union,
    "tagged-union": tagged,
    "literal": literal,
    "enum": enum,
    "json": _embedded,
    "json-or-python": json_or_python,
    "lax-or-strict": lax_or_strict,
    "chain": chain,
    "none": _null,
}
