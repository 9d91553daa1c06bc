"""Which field of the new form was which of the old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from tools.contracts.form.model import Field, Model


@dataclass(frozen=True, slots=True)
class Matched:
    """Pairs of old and new, and the fields of each that have none."""

    pairs: list[tuple[Field, Field]]
    gone: list[Field]
    come: list[Field]


def matched(old: Model, new: Model, renamed: Mapping[str, str]) -> Matched:
    """The fields in pairs: by their name on the wire, else by the name in Python, else by an old name
    that is still read, else by what they look like: a field that went and one that came with the same
    type and default, alone, in the same place or with a name alike, is taken for a rename. That is the
    careful reading, for a rename breaks what an addition with a removal may not."""
    pairs: list[tuple[Field, Field]] = []
    gone, come = _in_order(old), _in_order(new)
    order = ([f.name for f in gone], [f.name for f in come])

    def moved(one: Field, other: Field) -> bool:
        return renamed.get(one.name) == other.name

    def looks_alike(one: Field, other: Field) -> bool:
        if one.computed != other.computed or not _same(one, other):
            return False
        if len(gone) == len(come) == 1:
            return True
        beside = {(a.name, b.name) for a, b in pairs}
        return _neighbours(one.name, other.name, order, beside) or _alike(one.name, other.name)

    rules: list[Callable[[Field, Field], bool]] = [
        moved,
        lambda one, other: one.writes is not None and one.writes == other.writes,
        lambda one, other: one.name == other.name,
        lambda one, other: one.writes in other.reads or other.writes in one.reads,
        looks_alike,
    ]
    for belong in rules:
        for one in list(gone):
            other = next((other for other in come if belong(one, other)), None)
            if other is not None:
                pairs.append((one, other))
                gone.remove(one)
                come.remove(other)
    return Matched(pairs, gone, come)


def _in_order(model: Model) -> list[Field]:
    """In the order of the source, where it is known: the form has them by name."""
    return sorted(model.fields, key=lambda f: (f.where.line if f.where else 0, f.name))


def _same(one: Field, other: Field) -> bool:
    return one.type == other.type and one.default == other.default


def _neighbours(
    one: str, other: str, order: tuple[list[str], list[str]], beside: set[tuple[str, str]]
) -> bool:
    """Whether what stands before both, or what stands after, belongs together."""
    olds, news = order
    at, to = olds.index(one), news.index(other)
    before = (olds[at - 1] if at else "", news[to - 1] if to else "")
    after = (olds[at + 1] if at + 1 < len(olds) else "", news[to + 1] if to + 1 < len(news) else "")
    return any(pair in beside or pair == ("", "") for pair in (before, after))


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= 0.6
