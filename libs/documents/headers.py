"""Headers as the documents tell them."""

from __future__ import annotations

from typing import Any

from contracts.core import KEYED, Operation, Problem
from libs.operations.repeats import KEY_PATTERN, LONGEST_KEY, REPLAYED

KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": (
        "Of your own choice: a new one for each thing to be done, the same one when that is asked "
        "again. For a day the same key gets the same answer."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "pattern": f"^{KEY_PATTERN}$",
    },
    "example": "my-first",
}
_REPLAYED: dict[str, Any] = {
    "description": "This is the answer that the first request with this key got.",
    "schema": {"type": "string", "const": "true"},
}
_LOCATION: dict[str, Any] = {
    "description": "Where to ask until it is done.",
    "schema": {"type": "string", "format": "uri-reference"},
}
_RETRY_AFTER: dict[str, Any] = {
    "description": "After so many seconds another try makes sense.",
    "schema": {"type": "integer", "minimum": 1},
}
_CHALLENGE: dict[str, Any] = {
    "description": "What to log in with.",
    "schema": {"type": "string", "const": "Bearer"},
}


def of_answer(operation: Operation) -> dict[str, Any]:
    """Those of a good answer, by name."""
    headers = {}
    if operation.repeat is KEYED:
        headers[REPLAYED] = _REPLAYED
    if operation.status == 202:
        headers["Location"] = _LOCATION
    return headers


def of_problems(problems: list[type[Problem]]) -> dict[str, Any]:
    """Those that any of these problems of one status can have, by name."""
    headers = {}
    if any("retry_after_s" in getattr(each, "__pydantic_fields__", {}) for each in problems):
        headers["Retry-After"] = _RETRY_AFTER
    if any(each.__problem__.status == 401 for each in problems):
        headers["WWW-Authenticate"] = _CHALLENGE
    return headers
