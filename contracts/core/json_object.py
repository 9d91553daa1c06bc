"""Free-form JSON, within bounds: what a database, a queue and another language can hold."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, JsonValue
from pydantic_core import PydanticCustomError, to_json

from contracts.core._schema import LARGEST, SMALLEST

JSON_OBJECT_DEPTH = 8
JSON_OBJECT_BYTES = 16_384


def _bounded(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > JSON_OBJECT_DEPTH + 1:
            raise PydanticCustomError(
                "json_object_depth",
                "JSON may be nested {depth} levels deep",
                {"depth": JSON_OBJECT_DEPTH},
            )
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, float):
                if not math.isfinite(item):
                    raise PydanticCustomError("finite_number", "Numbers must be finite")
            elif isinstance(item, int) and not SMALLEST <= item <= LARGEST:
                raise PydanticCustomError("int_64_bits", "Whole numbers end at 64 bits")
        level = below
    if len(to_json(value)) > JSON_OBJECT_BYTES:
        raise PydanticCustomError(
            "json_object_size",
            "JSON may be {bytes} bytes long",
            {"bytes": JSON_OBJECT_BYTES},
        )
    return value


_BOUNDS = AfterValidator(_bounded)
JsonObject = Annotated[dict[str, JsonValue], _BOUNDS]
"""Free-form JSON: an object of at most 8 levels and 16 kB, numbers finite and of 64 bits."""


def is_json_object(annotation: object) -> bool:
    """Whether the annotation is `JsonObject`, alone or with more said about it."""
    return _BOUNDS in getattr(annotation, "__metadata__", ())
