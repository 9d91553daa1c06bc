"""Payloads that may tell the old form of a model from the new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tools.contracts.form.model import (
    Dict,
    Field,
    Fixed,
    Json,
    Many,
    Model,
    Nullable,
    Scalar,
    Type,
)
from tools.contracts.rules.automaton import Undecidable
from tools.contracts.rules.patterns import witness
from tools.contracts.rules.values import Values

# What a careless writer may send where another type was asked for.
_ODD: tuple[Json, ...] = (None, "1", "text", 1, 1.5, True, [], {})
UNKNOWN = "aFieldThatNobodyDeclared"


def for_field(
    old: Field | None, new: Field | None, values: tuple[Values, Values], bases: Iterable[Json]
) -> Iterator[Json]:
    """Objects with each of some values in the field, and without it."""
    both = [one for one in (new, old) if one is not None]
    written = [one.writes for one in both if one.writes]
    names = list(dict.fromkeys([*written, *(name for one in both for name in one.reads)]))
    some = list(_values(old, new, values))
    for base in bases:
        yield base
        for name in names:
            bare = {key: value for key, value in base.items() if key not in names}
            yield bare
            yield from ({**bare, name: value} for value in some)


def for_model(
    old: Model, new: Model, values: tuple[Values, Values], bases: list[Json]
) -> Iterator[Json]:
    """Objects in which each field in turn has some values, and one that has an unknown field."""
    for base in bases:
        yield base
        yield {**base, UNKNOWN: 1}
    for base in bases:
        for field in new.fields:
            if field.writes and field.reads:
                was = next((one for one in old.fields if one.writes == field.writes), None)
                for value in distinct((*list(_values(was, field, values))[:12], *_ODD), 20):
                    yield {**base, field.writes: value}


def distinct(payloads: Iterable[Json], most: int) -> list[Json]:
    """Each payload once, in order."""
    found: dict[str, Json] = {}
    for payload in payloads:
        found.setdefault(json.dumps(payload, sort_keys=True), payload)
        if len(found) == most:
            break
    return list(found.values())


def _values(old: Field | None, new: Field | None, values: tuple[Values, Values]) -> Iterator[Json]:
    if old is not None and new is not None:
        yield from _separating(old.type, new.type)
    streams = [
        iter(some.field(one))
        for some, one in zip(values, (old, new), strict=True)
        if one is not None
    ]
    # In turn, so that neither form's values wait behind all of the other's.
    while streams:
        for stream in list(streams):
            try:
                yield next(stream)
            except StopIteration:
                streams.remove(stream)
    yield from _ODD


def _separating(old: Type, new: Type) -> Iterator[Json]:
    """Texts that one of two patterns admits and the other does not, wherever in the type they stand."""
    match old, new:
        case Nullable(), _:
            yield from _separating(old.inner, new)
        case _, Nullable():
            yield from _separating(old, new.inner)
        case Many(), Many():
            yield from ([one] for one in _separating(old.items, new.items))
        case Dict(), Dict():
            yield from ({"a": one} for one in _separating(old.values, new.values))
            yield from ({one: 1} for one in _separating(old.keys, new.keys))
        case Fixed(), Fixed():
            for was, is_ in zip(old.places, new.places, strict=False):
                yield from ([one] for one in _separating(was, is_))
        case Scalar(kind="str"), Scalar(kind="str"):
            before, after = old.constraints.get("pattern"), new.constraints.get("pattern")
            for outer, inner in ((before, after), (after, before)):
                if outer is not None and outer != inner:
                    yield from _one(outer, inner)


def _one(outer: str, inner: str | None) -> Iterator[str]:
    try:
        found = witness(outer, inner)
    except Undecidable:
        return
    if found is not None:
        yield found
