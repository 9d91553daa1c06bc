"""One text, number or moment, and what holds it in bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic_core import to_jsonable_python

from tools.contracts.form import model
from tools.contracts.form.reader import Reader

# What contracts.core holds a number to that names no bound: not worth a word on each one.
_SMALLEST, _LARGEST, _DIGITS = -(2**63), 2**63 - 1, 38

BOUNDS = ("ge", "gt", "le", "lt", "multiple_of")
LENGTHS = ("min_length", "max_length")
CONSTRAINTS = {
    "str": (*LENGTHS, "pattern"),
    "bytes": LENGTHS,
    "int": BOUNDS,
    "float": BOUNDS,
    "decimal": (*BOUNDS, "max_digits", "decimal_places"),
    "date": BOUNDS,
    "time": BOUNDS,
    "datetime": BOUNDS,
    "timedelta": BOUNDS,
    "uuid": ("version",),
    "url": ("max_length", "allowed_schemes", "host_required"),
    "multi-host-url": ("max_length", "allowed_schemes", "host_required"),
}


def scalar(reader: Reader, node: Any) -> model.Scalar:
    """The text, number or moment that the schema describes."""
    kind = node["type"]
    said = {name: node[name] for name in CONSTRAINTS.get(kind, ()) if node.get(name) is not None}
    reading: dict[str, Any] = {}
    writing: dict[str, Any] = {}

    def note(to: dict[str, Any], name: str, value: Any, usual: Any = None) -> None:
        if value not in (None, False, usual):
            to[name] = value

    if kind == "str":
        for name in ("strip", "lower", "upper"):
            whole = {"strip": "strip_whitespace"}.get(name, f"to_{name}")
            note(reading, name, reader.option(node, whole, f"str_{whole}"))
        for name in LENGTHS:
            if (length := reader.option(node, name, f"str_{name}")) is not None:
                said[name] = length
        note(reading, "coerce_numbers", reader.option(node, "coerce_numbers_to_str"))
        if "pattern" in said:
            note(reading, "regex", reader.option(node, "regex_engine"), "rust-regex")
            said["pattern"] = _pattern(said["pattern"])
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


def _pattern(said: Any) -> str:
    """The pattern as text; the flags of a compiled one in front."""
    if isinstance(said, str):
        return said
    letters = {re.I: "i", re.M: "m", re.S: "s", re.X: "x", re.A: "a"}
    flags = "".join(letter for flag, letter in letters.items() if said.flags & flag)
    return f"(?{flags}){said.pattern}" if flags else str(said.pattern)


def constrained(held: model.Scalar, said: Mapping[str, Any]) -> model.Scalar:
    """The scalar held to these too, in their one form."""
    bounds = dict(held.constraints)
    for name, value in said.items():
        if held.kind == "int" and name in BOUNDS:
            name, value = _whole(name, value)
        value = _plain(value, held.kind)
        bounds[name] = _tighter(name, bounds[name], value) if name in bounds else value
    usual = {"int": {"ge": _SMALLEST, "le": _LARGEST}, "decimal": {"max_digits": _DIGITS}}
    for name, value in usual.get(held.kind, {}).items():
        if bounds.get(name) == value:
            del bounds[name]
    return replace(held, constraints=dict(sorted(bounds.items())))


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
