"""A change between two forms, before it is known in which directions it travels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from tools.contracts.form.model import Field, Model, Page, Place, Type
from tools.contracts.rules.verdict import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rule that applies, and where. `case` is the row of the rule's table.

    `path` leads from the model to the place, `old` and `new` are what stands there. `only` are the
    directions for which it means something, None all of them.
    """

    rule: str
    what: str
    case: str = ""
    path: str = ""
    where: Place | None = None
    removed: bool = False
    old: Field | Type | Model | None = None
    new: Field | Type | Model | None = None
    only: frozenset[Direction] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two models that stand in the same place, to be compared in their turn."""

    old: str
    new: str
    path: str = ""
    only: frozenset[Direction] | None = None


Found: TypeAlias = Iterator[Change | Meeting]


class World:
    """The models of both forms, by name."""

    def __init__(self, old: Page, new: Page) -> None:
        self.old: Mapping[str, Model] = {one.name: one for one in old.models}
        self.new: Mapping[str, Model] = {one.name: one for one in new.models}


def within(step: str, found: Iterable[Change | Meeting]) -> Found:
    """The same, one step further in."""
    for one in found:
        yield replace(one, path=step + one.path)


def limited(only: frozenset[Direction], found: Iterable[Change | Meeting]) -> Found:
    """The same, for these directions alone."""
    for one in found:
        yield replace(one, only=only if one.only is None else one.only & only)


def placed(where: Place | None, found: Iterable[Change | Meeting]) -> Found:
    """The same, at this place where none was known."""
    for one in found:
        yield replace(one, where=where) if isinstance(one, Change) and one.where is None else one
