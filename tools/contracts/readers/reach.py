"""Who uses a class or a field, over all the code: the index turned round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache

from tools.contracts.readers.model import Index, Kind, Match, Shape, Use, is_test, place_of


class Reach:
    """The uses of two indexes together: those of the old one that the new one lacks are still run by
    whoever is deployed, and are `gone`. `more` are those that types don't tell: what templates name, and
    what tests saw, which settles what may be read at that line."""

    def __init__(self, old: Index, new: Index, more: Iterable[Use] = ()) -> None:
        self.shapes: Mapping[str, Shape] = {**old.shapes, **new.shapes}
        self._formerly: Mapping[str, Shape] = old.shapes
        self.matches: tuple[Match, ...] = new.matches
        now = {_same(use): use for use in new.uses}
        gone = [use for use in old.uses if _same(use) not in now]
        self._gone = frozenset(gone)
        self._by_owner: dict[str, list[Use]] = defaultdict(list)
        self._untyped: dict[str, list[Use]] = defaultdict(list)
        more = tuple(more)
        seen = {(use.file, use.line, use.member) for use in more if use.owner}
        typed = {(use.owner, use.file, use.line, use.member) for use in new.uses}
        told = [one for one in more if (one.owner, one.file, one.line, one.member) not in typed]
        for use in (*new.uses, *gone, *told):
            if use.owner:
                self._by_owner[use.owner].append(use)
            elif (use.file, use.line, use.member) not in seen:
                self._untyped[use.member].append(use)
        self._derived: dict[str, set[str]] = defaultdict(set)
        self._holders: dict[str, set[str]] = defaultdict(set)
        self._askers: dict[str, set[str]] = defaultdict(set)
        for shape in (*old.shapes.values(), *new.shapes.values()):
            for base in shape.bases:
                self._derived[base].add(shape.name)
            for answered in (*shape.answers, *shape.problems):
                self._askers[answered].add(shape.name)
            for held in (
                *(one for inside in shape.members.values() for one in inside),
                *shape.bases,
            ):
                self._holders[held].add(shape.name)
        self._kin = cache(self._find_kin)
        self._around = cache(self._find_around)
        self._places = cache(self._find_places)

    def is_gone(self, use: Use) -> bool:
        """Whether only what is deployed does it, and the checkout no longer."""
        return use in self._gone

    def members(self, owner: str, member: str) -> tuple[str, ...]:
        """The contract classes in the type of a field, before or now."""
        found = (shapes.get(owner) for shapes in (self.shapes, self._formerly))
        return tuple(
            dict.fromkeys(one for shape in found if shape for one in shape.members.get(member, ()))
        )

    def of_class(self, owner: str) -> list[Use]:
        """What is done with the class as a whole, and with no field of it."""
        return [use for one in self._kin(owner) for use in self._by_owner[one] if not use.member]

    def of_enum(self, owner: str) -> list[Use]:
        """What is done with an enum and its members."""
        return list(self._by_owner[owner])

    def of_member(self, owner: str, member: str) -> list[Use]:
        """What is done with a field, and what may be: in a dump of the whole, or where types end."""
        kin, around = self._kin(owner), self._around(owner)
        known = [use for one in kin for use in self._by_owner[one] if use.member == member]
        whole = [
            use
            for one in around
            for use in self._by_owner[one]
            if use.kind is Kind.UNKNOWN and not use.member
        ]
        escaped = {place_of(use.file) for use in whole if not is_test(use.file)}
        received = self._places(owner).keys()
        untyped = [
            use
            for use in self._untyped[member]
            if place_of(use.file) in (received if use.file.endswith(".py") else escaped)
        ]
        return known + whole + untyped

    def receivers(self, owner: str) -> Mapping[str, Use]:
        """The places to which a value of the class comes, each with a line that asks or listens."""
        return self._places(owner)

    def goes_outside(self, owner: str) -> bool:
        """Whether answers with the class go to people, whose programs nobody can look into."""
        return any(
            set(self.shapes[request].callers) - {"Service"}
            for one in self._around(owner)
            for request in self._askers[one]
            if request in self.shapes
        )

    def _find_kin(self, owner: str) -> frozenset[str]:
        """The class with those that it derives from and those derived from it: a value of one may be
        known as another."""
        shape = self.shapes.get(owner)
        return frozenset({owner, *(shape.bases if shape else ()), *self._derived[owner]})

    def _find_around(self, owner: str) -> frozenset[str]:
        found: set[str] = set()
        left = [owner, *self._derived[owner]]
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left.extend(self._holders[one])
        return frozenset(found)

    def _find_places(self, owner: str) -> Mapping[str, Use]:
        around = self._around(owner)
        places: dict[str, Use] = {}
        for use in self._arrivals(around):
            if not is_test(use.file):
                places.setdefault(place_of(use.file), use)
        return places

    def _arrivals(self, around: Set[str]) -> Iterator[Use]:
        for one in around:
            for request in self._askers[one]:
                yield from self._of_kinds(request, Kind.SENT)
            yield from self._of_kinds(one, Kind.HEARD, Kind.SERVED)

    def _of_kinds(self, owner: str, *kinds: Kind) -> Iterator[Use]:
        return (use for use in self._by_owner[owner] if use.kind in kinds)


def _same(use: Use) -> tuple[str, ...]:
    return (use.file, use.kind, use.owner, use.member, use.text)
