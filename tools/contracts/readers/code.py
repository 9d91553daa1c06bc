"""Pieces of code, as text for people."""

from __future__ import annotations

from mypy.nodes import CallExpr, Expression, IndexExpr, MemberExpr, NameExpr, SuperExpr
from mypy.patterns import ClassPattern

_LONGEST = 48


def text_of(node: Expression | ClassPattern) -> str:
    """The code, shortened: `order.total`, `page.items[...].total`, `orders.Order()`."""
    text = _text(node)
    return text if len(text) <= _LONGEST else "..." + text[3 - _LONGEST :]


def _text(node: Expression | ClassPattern) -> str:
    match node:
        case NameExpr():
            return node.name
        case MemberExpr():
            return f"{_text(node.expr)}.{node.name}"
        case IndexExpr():
            return f"{_text(node.base)}[...]"
        case CallExpr():
            return f"{_text(node.callee)}({'...' if node.args else ''})"
        case ClassPattern():
            return f"case {_text(node.class_ref)}"
        case SuperExpr():
            return f"super().{node.name}"
        case _:
            return "(...)"
