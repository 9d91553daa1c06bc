"""Values of a type as they travel: plain ones, those at its bounds, and those just beyond."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction

from tools.contracts.form.model import (
    Choice,
    Dict,
    Embedded,
    Field,
    Fixed,
    Free,
    Json,
    Many,
    Model,
    Nullable,
    Ref,
    Scalar,
    Type,
    Union,
)
from tools.contracts.rules.constraints import MOST_DIGITS
from tools.contracts.rules.intervals import LARGEST, SMALLEST, numbers
from tools.contracts.rules.texts import text

# Of a list or dict only so many kinds of item are tried, and so many items at most.
_KINDS, _ITEMS = 12, 60
_TEXTS = ("a", "", " A b ", "ada@example.com", "7", "2026-01-31", "https://example.com/", "YWJj")
_MOMENTS: Mapping[str, tuple[str, ...]] = {
    "datetime": ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00", "2026-01-31T08:00:00.25+02:00"),
    "date": ("2026-01-31", "1999-12-31", "2199-01-01"),
    "time": ("08:00:00", "23:59:59.5"),
    "timedelta": ("PT90S", "P3DT4H", "-PT1.5S", "PT0S"),
}
_OF_KIND: Mapping[str, tuple[Json, ...]] = {
    **_MOMENTS,
    "bool": (True, False),
    "uuid": ("6b5f2d1e-9c3a-4f0b-8e7d-1a2b3c4d5e6f", "00000000-0000-0000-0000-000000000000"),
    "url": ("https://example.com/", "https://example.com/a?b=c#d"),
    "string:email": ("ada@example.com",),
    "string:ipv4": ("192.0.2.1",),
    "string:ipv6": ("2001:db8::1",),
    "string:password": ("correct horse",),
}


class Values:
    """Values of the types of one form."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models

    def of(self, one: Type, depth: int = 0) -> Iterator[Json]:
        """Some values, the plainest first; a few of them are refused by the type itself."""
        match one:
            case Scalar():
                yield from scalar(one)
            case Choice():
                yield from one.values
                yield "somethingElse"
            case Nullable():
                yield from self.of(one.inner, depth)
                yield None
            case Many():
                yield from self._many(one, depth)
            case Fixed():
                first: list[Json] = [next(self.of(place, depth), None) for place in one.places]
                yield first
                for number, place in enumerate(one.places):
                    for value in list(self.of(place, depth))[1:_KINDS]:
                        yield [*first[:number], value, *first[number + 1 :]]
            case Dict():
                keys = [str(key) for key in list(self.of(one.keys, depth))[:_KINDS]] or ["a"]
                yield from ({keys[0]: value} for value in self._few(one.values, depth))
                yield from ({key: next(self.of(one.values, depth), None)} for key in keys[1:])
                held = next(self.of(one.values, depth), None)
                for size in _sizes(one.min_length, one.max_length):
                    yield {f"{keys[0]}{number or ''}": held for number in range(size)}
            case Ref():
                if depth < 4:
                    yield from self.objects(self._models[one.model], depth + 1)
            case Union():
                for variant in one.variants:
                    yield next(self.of(variant.type, depth), None)
                for variant in one.variants:
                    yield from list(self.of(variant.type, depth))[1:6]
            case Embedded():
                yield from (json.dumps(value) for value in self.of(one.inner, depth))
            case Free():
                yield from ({}, {"a": 1, "b": [None, "c"]}, {"kind": "other"})

    def field(self, one: Field, depth: int = 0) -> Iterator[Json]:
        """Some values of a field, those that its author gave as examples first."""
        yield from one.examples
        yield from self.of(one.type, depth)

    def objects(self, one: Model, depth: int = 0) -> Iterator[dict[str, Json]]:
        """Some objects that the model may read: the least, then with one field more each."""
        read = [field for field in one.fields if field.reads]
        least = {
            field.writes or field.reads[0]: next(self.field(field, depth), None)
            for field in read
            if field.required
        }
        yield least
        for field in read:
            if not field.required:
                yield least | {field.writes or field.reads[0]: next(self.field(field, depth), None)}

    def _few(self, one: Type, depth: int) -> list[Json]:
        return list(self.of(one, depth))[:_KINDS]

    def _many(self, one: Many, depth: int) -> Iterator[Json]:
        few = self._few(one.items, depth)
        least = max(one.min_length, 1)
        yield from ([value] * least for value in few)
        if few:
            yield from ([few[0]] * size for size in _sizes(one.min_length, one.max_length))
            yield [few[-1], few[0], few[0]]


def _sizes(least: int, most: int | None) -> list[int]:
    """The sizes at both bounds and just beyond them, and of nothing."""
    ends = {0, 1, 2, least - 1, least, *([] if most is None else [most, most + 1])}
    return sorted(size for size in ends if 0 <= size <= _ITEMS)


def scalar(one: Scalar) -> Iterator[Json]:
    """Some values of a text, number or moment."""
    said = one.constraints
    if one.kind in ("int", "float", "decimal"):
        yield from (
            str(_plain(value)) if one.kind == "decimal" else _plain(value)
            for value in _numbers(one)
        )
        if one.kind == "decimal":
            digits = said.get("max_digits", MOST_DIGITS)
            yield from ("9" * digits, "9" * (digits + 1), "9" * (digits + 2))
        if one.reading.get("inf_nan"):
            yield "Infinity" if one.kind == "decimal" else float("inf")
    elif one.kind in ("str", "bytes"):
        yield from _texts(said)
    else:
        yield from (said[bound] for bound in ("ge", "gt", "le", "lt") if bound in said)
        yield from _OF_KIND.get(one.kind, _TEXTS)
        if said.get("tz") == "naive":
            yield "2026-01-31T08:00:00"


def _texts(said: Mapping[str, Json]) -> Iterator[str]:
    least, most, pattern = said.get("min_length", 0), said.get("max_length"), said.get("pattern")
    fits = text(pattern, max(least, 1), most)
    if fits is not None:
        yield fits
    yield from _TEXTS
    yield from ("a" * size for size in (least - 1, most, (most or -2) + 1) if size and size > 0)
    if most is not None and (longest := text(pattern, most, most)):
        yield longest


def _numbers(one: Scalar) -> list[Fraction]:
    held = numbers(one.kind, one.constraints)
    step = held.step or Fraction(1)
    ends = [end for end in (held.low, held.high) if end not in (None, SMALLEST, LARGEST)]
    near = [end + side * step for end in ends for side in (0, 1, -1)]
    plain = [Fraction(1), Fraction(0), Fraction(-1), Fraction(7), Fraction(12345)]
    fine = [] if one.kind == "int" else [Fraction(1, 2), Fraction(-5, 4), Fraction(1, 10000)]
    some = [*plain[:2], *near, *plain, step, 2 * step, 3 * step, *fine, Fraction(10) ** 12]
    inside = [value for value in some if value in held]
    return list(dict.fromkeys([*inside, *some]))


def _plain(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
