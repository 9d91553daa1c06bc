"""Types in words, for sentences."""

from __future__ import annotations

from typing import Any

from tools.contracts.form.model import (
    Choice,
    Dict,
    Embedded,
    Fixed,
    Free,
    Many,
    Nullable,
    Ref,
    Scalar,
    Type,
    Union,
)


def spelt(one: Type) -> str:
    """The type as one would say it: `list of Money`, `aware datetime`."""
    match one:
        case Scalar():
            tz = one.constraints.get("tz")
            return f"{tz} {one.kind}" if isinstance(tz, str) else one.kind.removeprefix("string:")
        case Many():
            return f"{one.kind} of {spelt(one.items)}"
        case Fixed():
            places = ", ".join(spelt(place) for place in one.places)
            return f"({places}{', ...' if one.rest else ''})"
        case Dict():
            return f"dict of {spelt(one.values)}"
        case Ref():
            return short(one.model)
        case Choice():
            return one.enum.rpartition(".")[2] or f"one of {listed(one.values)}"
        case Union():
            return " | ".join(spelt(variant.type) for variant in one.variants)
        case Nullable():
            return f"{spelt(one.inner)} | None"
        case Free():
            return "JsonObject" if one.kind == "object" else "any JSON"
        case Embedded():
            return f"JSON text of {spelt(one.inner)}"
        case _:
            return type(one).__name__.lower()


def bare(one: Any) -> Any:
    """The type without its null."""
    return bare(one.inner) if isinstance(one, Nullable) else one


def short(model: str) -> str:
    """A model's name without its module: `Page[Order]` for core.values.Page[Order]."""
    outer, bracket, inner = model.partition("[")
    return outer.rpartition(".")[2] + bracket + inner


def listed(values: tuple[object, ...]) -> str:
    """The first few values."""
    shown = ", ".join(repr(value) for value in values[:4])
    return shown + (", ..." if len(values) > 4 else "")
