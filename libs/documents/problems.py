"""Which problems an operation can answer with: those that it declares, and the chassis'."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.core import KEYED, Anyone, Operation, Problem, chassis

# What every operation can answer besides what it declares.
_ALWAYS: tuple[type[Problem], ...] = (chassis.InternalError, chassis.Overloaded)
# Who needs no parameters can be sent some, and an address that cannot be read.
_REFUSED: tuple[type[Problem], ...] = (chassis.InvalidRequest, chassis.MalformedRequest)
_WITH_BODY: tuple[type[Problem], ...] = (chassis.BodyTooLarge, chassis.UnsupportedMediaType)
_WITH_KEY: tuple[type[Problem], ...] = (
    chassis.KeyRequired,
    chassis.KeyTaken,
    chassis.StillInFlight,
)
_WITH_TOKEN: tuple[type[Problem], ...] = (chassis.Unauthenticated, chassis.Forbidden)


def problems_of(operations: Iterable[Operation]) -> tuple[type[Problem], ...]:
    """Every problem that these operations can answer with, the chassis' last, each once."""
    declared = [problem for operation in operations for problem in operation.problems]
    general = [
        kind
        for kind in vars(chassis).values()
        if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
    ]
    return tuple(dict.fromkeys([*declared, *general]))


def possible_problems(operation: Operation) -> tuple[type[Problem], ...]:
    """Those that it declares, in their order, then those of every operation of its kind."""
    return (
        *operation.problems,
        *_REFUSED,
        *(_WITH_BODY if operation.method in ("POST", "PUT", "PATCH") else ()),
        *(_WITH_KEY if operation.repeat is KEYED else ()),
        *(_WITH_TOKEN if operation.callers != (Anyone,) else ()),
        *_ALWAYS,
    )
