"""What a value must keep to, compared as the set of values that do (F26, F27)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.contracts.form.model import Dict, Fixed, Json, Many, Scalar, Type
from tools.contracts.rules.change import Change, Found
from tools.contracts.rules.intervals import Interval, moments, numbers, sizes
from tools.contracts.rules.patterns import includes

NUMBERS = frozenset({"int", "float", "decimal"})
MOMENTS = frozenset({"datetime", "date", "time", "timedelta"})
# What the language holds a decimal to goes without saying in the form.
MOST_DIGITS = 38
# How long a value of these kinds is as text, whatever it is.
_LONG = {"uuid": (36, 36), "date": (10, 10)}


def constraints(old: Scalar, new: Scalar) -> Found:
    """Bounds, lengths and patterns of two scalars; kinds that differ were judged already, so that of
    a wider one only what is tighter still counts, and the other way round."""
    for what, tighter, looser in _differences(old, new):
        if tighter is None:
            yield Change(rule="F26", case="undecided", what=what, old=old, new=new)
        if tighter:
            yield Change(rule="F26", what=what, old=old, new=new)
        if looser:
            yield Change(rule="F27", what=what, old=old, new=new)


def lengths(old: Many | Fixed | Dict, new: Many | Fixed | Dict) -> Found:
    """How many items there may be."""
    was = sizes(old.min_length, old.max_length)
    is_ = sizes(new.min_length, new.max_length)
    what = f"had {was.spelt('items')} and has {is_.spelt('items')}"
    if not was <= is_:
        yield Change(rule="F26", what=what, old=old, new=new)
    if not is_ <= was:
        yield Change(rule="F27", what=what, old=old, new=new)


def admits(one: Type, value: Json) -> bool:
    """Whether the scalar takes the value, as far as its kind and constraints tell."""
    if not isinstance(one, Scalar):
        return False
    if one.kind in ("str", "bytes"):
        pattern = one.constraints.get("pattern")
        return (
            isinstance(value, str)
            and len(value) in _texts(one)
            and (pattern is None or _search(pattern, value))
        )
    if one.kind == "bool" or isinstance(value, bool):
        return one.kind == "bool" and isinstance(value, bool)
    if one.kind in ("int", "float"):
        return isinstance(value, int) and value in numbers(one.kind, one.constraints)
    return False


def _search(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return False


def _differences(old: Scalar, new: Scalar) -> Iterator[tuple[str, bool | None, bool]]:
    """What differs in words, whether it became tighter (None: undecided) and whether looser."""
    pairs: list[tuple[Interval, Interval, str]] = []
    if old.kind in NUMBERS and new.kind in NUMBERS:
        across = old.kind != new.kind
        was = numbers(old.kind, old.constraints, digits=across)
        pairs.append((was, numbers(new.kind, new.constraints, digits=across), ""))
        if old.kind == new.kind == "decimal":
            for name, was, is_ in _digits(old.constraints, new.constraints):
                pairs.append((was, is_, name))
    elif old.kind in MOMENTS and old.kind == new.kind:
        pairs.append((moments(old.kind, old.constraints), moments(new.kind, new.constraints), ""))
    else:
        pairs.append((_texts(old), _texts(new), "characters"))
    for before, after, unit in pairs:
        if not (before <= after and after <= before):
            what = f"had {before.spelt(unit)} and has {after.spelt(unit)}"
            yield what, not before <= after, not after <= before
    yield from _patterns(old.constraints.get("pattern"), new.constraints.get("pattern"))
    for name in sorted((set(old.constraints) | set(new.constraints)) - _SETS):
        yield from _other(name, old.constraints.get(name), new.constraints.get(name))


_SETS = frozenset(
    "min_length max_length pattern ge gt le lt multiple_of max_digits decimal_places tz".split()
)


def _texts(one: Scalar) -> Interval:
    low, high = _LONG.get(one.kind, (0, None))
    return sizes(
        max(one.constraints.get("min_length", low), low), one.constraints.get("max_length", high)
    )


def _digits(
    old: Mapping[str, Json], new: Mapping[str, Json]
) -> Iterator[tuple[str, Interval, Interval]]:
    for name in ("max_digits", "decimal_places"):
        unit = "digits" if name == "max_digits" else "decimal places"
        usual = MOST_DIGITS if name == "max_digits" else None
        yield unit, sizes(0, old.get(name, usual)), sizes(0, new.get(name, usual))
    # Given both, pydantic also keeps room for the places that are not used.
    yield "digits before the point", sizes(0, _whole(old)), sizes(0, _whole(new))


def _whole(said: Mapping[str, Json]) -> int | None:
    digits: int | None = said.get("max_digits")
    places: int | None = said.get("decimal_places")
    return None if digits is None or places is None else max(digits - places, 0)


def _patterns(old: str | None, new: str | None) -> Iterator[tuple[str, bool | None, bool]]:
    if old == new:
        return
    what = f"had the pattern {old} and has {new}"
    if old is None or new is None:
        what = f"has the pattern {new}" if old is None else f"has no pattern {old} any more"
    tighter, looser = _not(includes(new, old)), _not(includes(old, new))
    if tighter is False and looser is False:
        return
    # Neither of two answers may be guessed: what is certainly looser may be tighter as well.
    if tighter is None or looser is None:
        yield what, None, False
    else:
        yield what, tighter, looser


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _other(name: str, old: Json, new: Json) -> Iterator[tuple[str, bool | None, bool]]:
    if old == new:
        return
    if old is None or new is None:
        yield (
            f"has {name} {new}" if old is None else f"has no {name} any more",
            old is None,
            new is None,
        )
    else:
        yield f"had {name} {old} and has {new}", True, True
