"""How safe a change is, and in which direction the message travels that it touches."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a change asks of whoever deploys it; the order is that of `worst`."""

    SAFE = "S"  # in any order
    PRODUCER = "P"  # the server or publisher first
    CONSUMER = "C"  # every consumer first
    LOOK = "W"  # no machine can tell
    BREAKING = "B"  # in no order

    @property
    def meaning(self) -> str:
        """The verdict in words."""
        return _MEANING[self]


class Direction(StrEnum):
    """Who reads what whom wrote."""

    REQ = "REQ"  # new servers read what old clients write, and the other way round
    RES = "RES"  # answers and problems: old clients read what the new server writes
    EVT = "EVT"  # both, because messages wait


_MEANING = {
    Verdict.SAFE: "safe in any deploy order",
    Verdict.PRODUCER: "deploy the server or publisher first",
    Verdict.CONSUMER: "deploy every consumer first",
    Verdict.LOOK: "a person must look",
    Verdict.BREAKING: "breaking in any order",
}
_RANK = {
    Verdict.SAFE: 0,
    Verdict.PRODUCER: 1,
    Verdict.CONSUMER: 1,
    Verdict.LOOK: 2,
    Verdict.BREAKING: 3,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of all of them together; P with C leaves no order, so it is B. None is S."""
    found = set(verdicts)
    if {Verdict.PRODUCER, Verdict.CONSUMER} <= found:
        return Verdict.BREAKING
    return max(found, key=_RANK.__getitem__, default=Verdict.SAFE)
