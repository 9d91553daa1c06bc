"""What the code does with contracts, as data: uses, matches, and the shape of each contract class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a line does with a class or a field."""

    READ = "read"
    WRITTEN = "written"  # given to a constructor, or in an update of a copy
    MATCHED = "matched"  # a case, a comparison, isinstance, except, the key of a table
    SENT = "sent"  # a request that is asked
    SERVED = "served"  # a request's handler
    HEARD = "heard"  # an event's consumer
    PARSED = "parsed"  # it arrives, and nobody looks at it
    UNKNOWN = "unknown"  # it may be read here; types don't tell


@dataclass(frozen=True, slots=True)
class Use:
    """A line that does something with a contract.

    `owner` is the class by its full name, `contracts.orders.v1.Order`, empty where types don't tell;
    `member` the field or the enum's member, empty when it is about the whole. `text` is the code, shortened.
    """

    file: str
    line: int
    kind: Kind
    owner: str
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A `match`, a chain of `isinstance` or a table over the members of a contract.

    `subject` are the classes that the value may have, `operation` the request whose answer it is, where
    that is in sight; `handled` the classes or the enum's members that it names; `otherwise` whether it
    takes all others too (`assert_never` doesn't).
    """

    file: str
    line: int
    subject: tuple[str, ...]
    operation: str
    handled: tuple[str, ...]
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A contract's class: `kind` is value, request, problem, event or enum.

    `members` names for each field the contract classes in its type. `bases` are the contract classes that
    it derives from. `answers` and `problems` are a request's,
    `callers` those who may ask it: Anyone, User, Admin, Service.
    """

    name: str
    kind: str
    file: str
    line: int
    bases: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]]
    answers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """What one file says: kept until the file, or what it depends on, changes."""

    uses: tuple[Use, ...] = ()
    matches: tuple[Match, ...] = ()
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """An error of the type check."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a whole tree does with its contracts, and what the type check says of it.

    `complete` is false when a file could not be read at all, so that the check stopped there.
    """

    files: Mapping[str, File] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    complete: bool = True

    @property
    def uses(self) -> tuple[Use, ...]:
        return tuple(use for file in self.files.values() for use in file.uses)

    @property
    def matches(self) -> tuple[Match, ...]:
        return tuple(match for file in self.files.values() for match in file.matches)

    @property
    def shapes(self) -> dict[str, Shape]:
        return {shape.name: shape for file in self.files.values() for shape in file.shapes}


def place_of(file: str) -> str:
    """Whose file it is: `services/orders`, `libs/web`, `e2e`."""
    parts = file.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] != "e2e" else parts[0]


def is_test(file: str) -> bool:
    """Whether the file is run by tests only."""
    return file.startswith(("e2e/", "libs/testing/")) or "/tests/" in file
