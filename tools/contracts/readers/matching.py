"""What a `match` handles, and whether anything else falls through."""

from __future__ import annotations

from collections.abc import Iterator

from mypy.nodes import (
    Block,
    CallExpr,
    Expression,
    ExpressionStmt,
    MatchStmt,
    MemberExpr,
    RefExpr,
    TupleExpr,
    TypeInfo,
    Var,
)
from mypy.patterns import AsPattern, ClassPattern, OrPattern, Pattern, ValuePattern

from tools.contracts.readers.kinds import kind_of


def handled_by(stmt: MatchStmt) -> tuple[tuple[str, ...], bool]:
    """The classes and enum members that it names without a condition, and whether it takes all others."""
    handled: list[str] = []
    otherwise = False
    for pattern, guard, body in zip(stmt.patterns, stmt.guards, stmt.bodies, strict=True):
        if guard is None:
            handled.extend(_names(pattern))
            otherwise = otherwise or (_takes_all(pattern) and not _asserts_never(body))
    return tuple(dict.fromkeys(handled)), otherwise


def member_of(node: Expression) -> tuple[TypeInfo, str] | None:
    """The contract's enum and its member, where the expression names one: `orders.Status.PENDING`."""
    if not isinstance(node, RefExpr):
        return None
    if isinstance(node.node, Var) and node.node.info and node.node.info.is_enum:
        info, name = node.node.info, node.node.name
    elif (
        isinstance(node, MemberExpr)
        and isinstance(node.expr, RefExpr)
        and isinstance(node.expr.node, TypeInfo)
        and node.expr.node.is_enum
    ):
        info, name = node.expr.node, node.name
    else:
        return None
    return (info, name) if kind_of(info) else None


def classes_named(node: Expression) -> Iterator[tuple[RefExpr, TypeInfo]]:
    """The contract classes in `isinstance(..., (A, B))` or `except (A, B)`."""
    if isinstance(node, TupleExpr):
        for item in node.items:
            yield from classes_named(item)
    elif isinstance(node, RefExpr) and isinstance(node.node, TypeInfo) and kind_of(node.node):
        yield node, node.node


def _names(pattern: Pattern) -> Iterator[str]:
    match pattern:
        case OrPattern():
            for one in pattern.patterns:
                yield from _names(one)
        case AsPattern(pattern=inner) if inner is not None:
            yield from _names(inner)
        case ClassPattern() if all(map(_takes_all, pattern.positionals + pattern.keyword_values)):
            yield pattern.class_ref.fullname
        case ValuePattern():
            if member := member_of(pattern.expr):
                yield f"{member[0].fullname}.{member[1]}"
        case _:
            pass


def _takes_all(pattern: Pattern) -> bool:
    return isinstance(pattern, AsPattern) and pattern.pattern is None


def _asserts_never(body: Block) -> bool:
    first = body.body[0] if body.body else None
    return (
        isinstance(first, ExpressionStmt)
        and isinstance(first.expr, CallExpr)
        and isinstance(first.expr.callee, RefExpr)
        and first.expr.callee.fullname.endswith(".assert_never")
    )
