"""Whole numbers end where a 64-bit column ends."""

from __future__ import annotations

from typing import Any

from pydantic_core import CoreSchema

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def bound_integers(schema: CoreSchema) -> CoreSchema:
    """The schema with each integer that names no bound held to 64 bits."""
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if node.get("type") == "int":
                if "ge" not in node and "gt" not in node:
                    node["ge"] = SMALLEST
                if "le" not in node and "lt" not in node:
                    node["le"] = LARGEST
            pending += (v for k, v in node.items() if k not in _OPAQUE)
        elif isinstance(node, list | tuple):
            pending += node
    return schema


# Values in here belong to somebody else: defaults, metadata, functions.
_OPAQUE = frozenset(
    {"default", "metadata", "function", "cls", "default_factory", "expected", "members"}
)
