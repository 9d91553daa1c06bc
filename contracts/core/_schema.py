"""What the language adds to pydantic's schema of every message."""

from __future__ import annotations

from typing import Any

from pydantic_core import CoreSchema

# Where a 64-bit column ends: PostgreSQL's bigint, JavaScript's readers and our indexes do too.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
# More than any amount or measure has. int(Decimal("1E+1000000")) took 35 s.
MOST_DIGITS = 38


def bounded(schema: CoreSchema) -> CoreSchema:
    """The schema with each number that names no bound held to one, and tags that travel."""
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            kind = node.get("type")
            if kind == "int":
                _bound(node, "ge", "gt", SMALLEST)
                _bound(node, "le", "lt", LARGEST)
            elif kind == "decimal":
                node.setdefault("max_digits", MOST_DIGITS)
            elif kind == "model":
                _keep_tags(node)
            pending += (v for k, v in node.items() if k not in _OPAQUE)
        elif isinstance(node, list | tuple):
            pending += node
    return schema


# Values in here belong to somebody else: defaults, metadata, functions.
_OPAQUE = frozenset(
    {"default", "metadata", "function", "cls", "default_factory", "expected", "members"}
)


def _bound(node: dict[str, Any], inclusive: str, exclusive: str, value: int) -> None:
    if inclusive not in node and exclusive not in node:
        node[inclusive] = value


def _keep_tags(model: dict[str, Any]) -> None:
    """A union's tag counts as set also where it was left to its default."""
    inner = model["schema"]
    while inner["type"] != "model-fields" and "schema" in inner:
        inner = inner["schema"]
    tags = frozenset(
        name for name, field in inner.get("fields", {}).items() if _is_tag(field["schema"])
    )
    if tags:
        model["cls"].__tags__ = tags
        model["post_init"] = "_tags_travel"


def _is_tag(field: dict[str, Any]) -> bool:
    """A Literal of one value, which is its default."""
    literal = field.get("schema", {})
    return (
        field["type"] == "default"
        and literal.get("type") == "literal"
        and len(literal["expected"]) == 1
    )
