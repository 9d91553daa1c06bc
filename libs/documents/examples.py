"""Plausible JSON for a schema: hand-set examples first, then what a name suggests, then whatever
the rules of the schema leave. The same for the same seed, on every machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from libs.documents.patterns import text_for

# Beyond, optional things are left out: a model may contain itself.
_DEEP = 5
_BEGINNING = datetime(2026, 1, 31, 8, tzinfo=UTC)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "Harbour mug, blue",
        "Camp mug, enamel",
        "Espresso cups, set of two",
        "Soup bowl, speckled",
        "Daily bowl",
    ),
    "detail": ("What was wrong, in a sentence.",),
    "reason": ("Your card was declined.",),
    "access_token": ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl",),
    "source": ("/orders",),
    "id": ("01k9v6t8h2n4",),
    "sequence": ("1042",),
    "traceparent": ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",),
    "location": ("body",),
    "pointer": ("/lines/0/quantity",),
    "code": ("greater_than_equal",),
    "message": ("Input should be greater than or equal to 1",),
    "allowed": ("GET",),
}
# The smallest, the step, and how many of them.
_NUMBERS: Mapping[str, tuple[int, int, int]] = {
    "cents": (450, 50, 80),
    "quantity": (1, 1, 3),
    "units": (12, 1, 1),
    "units_left": (0, 1, 40),
    "retry_after_s": (1, 1, 3),
    "expires_in_s": (600, 1, 1),
    "limit_bytes": (1_048_576, 1, 1),
}
_ATTRIBUTES = ({"colour": "blue", "material": "stoneware"}, {"colour": "sand", "made_in": "Porto"})


class Imagination:
    """Thinks up JSON. `resolve` gives for a reference what it refers to."""

    def __init__(self, resolve: Callable[[dict[str, Any]], dict[str, Any]], seed: str) -> None:
        self._resolve = resolve
        self._seed = seed

    def of(self, schema: dict[str, Any], name: str = "", place: str = "", depth: int = 0) -> Any:
        """JSON that follows the schema. `name` is the field's, `place` its way from the top."""
        nullable = any(each.get("type") == "null" for each in schema.get("anyOf", ()))
        if nullable and ("default" in schema or depth > _DEEP) and "examples" not in schema:
            return None
        said = {**self._resolve(schema), **{k: v for k, v in schema.items() if k != "$ref"}}
        if "const" in said:
            return said["const"]
        if chosen := said.get("examples"):
            return self._one_of(chosen, _parent(place))
        if said.get("default") not in (None, [], {}):
            return said["default"]
        if values := said.get("enum"):
            return self._one_of([v for v in values if v != said.get("x-unknown-value")], place)
        for union in ("anyOf", "oneOf", "allOf"):
            if union in said:
                real = [each for each in said[union] if each.get("type") != "null"]
                return self.of(real[0], name, place, depth)
        match said.get("type"):
            case "object":
                return self._object(said, name, place, depth)
            case "array":
                return self._array(said, name, place, depth)
            case "string":
                return self._string(said, name, place)
            case "integer" | "number":
                return self._number(said, name, place)
            case "boolean":
                return True
        return None

    def _object(self, said: dict[str, Any], name: str, place: str, depth: int) -> Any:
        if "properties" not in said:
            return dict(self._one_of(_ATTRIBUTES, place)) if name == "attributes" else {}
        required = said.get("required", ())
        made = {
            field: self.of(schema, field, f"{place}/{field}", depth + 1)
            for field, schema in said["properties"].items()
            if field in required or "examples" in self._resolve(schema)
        }
        add_up(made)
        return made

    def _array(self, said: dict[str, Any], name: str, place: str, depth: int) -> Any:
        if depth > _DEEP or (said.get("default") == [] and not said.get("minItems")):
            return []
        wish = 1 + self._number_below(2, place)
        count = max(said.get("minItems", 0), min(wish, said.get("maxItems", wish)))
        return [self.of(said["items"], name, f"{place}/{n}", depth + 1) for n in range(count)]

    def _string(self, said: dict[str, Any], name: str, place: str) -> str:
        if said.get("format") == "date-time":
            later = timedelta(minutes=self._number_below(10_000, place), days=name == "expires_at")
            return (_BEGINNING + later).isoformat().replace("+00:00", "Z")
        if said.get("format") == "email":
            return f"customer-{self._number_below(1000, place)}@example.com"
        pattern = said.get("pattern")
        word: str = self._one_of(
            _WORDS.get(name, (name.replace("_", " ") or "text",)), _parent(place)
        )
        if pattern and not re.search(pattern, word):
            word = text_for(pattern, self._chooser(place))
        while len(word) < said.get("minLength", 0):
            word = f"{word} and {word}" if word else "text"
        return word[: said.get("maxLength", len(word))]

    def _number(self, said: dict[str, Any], name: str, place: str) -> int:
        least, step, steps = _NUMBERS.get(name.removeprefix("total_"), (1, 1, 9))
        wish = least + step * self._number_below(steps, place)
        floor = said.get("minimum", said.get("exclusiveMinimum", wish - 1) + 1)
        ceiling = said.get("maximum", said.get("exclusiveMaximum", wish + 1) - 1)
        return int(min(max(wish, floor), ceiling))

    def _one_of(self, choices: Any, place: str) -> Any:
        return choices[self._number_below(len(choices), place)]

    def _chooser(self, place: str) -> Callable[[int], int]:
        asked = 0

        def choose(below: int) -> int:
            nonlocal asked
            asked += 1
            return self._number_below(below, f"{place}#{asked}")

        return choose

    def _number_below(self, limit: int, place: str) -> int:
        digest = sha256(f"{self._seed} {place}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit


def _parent(place: str) -> str:
    """Of lists that are equally long the fields of one object take the same entry, so that a product
    has its own name."""
    return place.rpartition("/")[0]


def add_up(made: dict[str, Any]) -> None:
    """A total is the sum of its lines; readers look at that first."""
    total, lines = made.get("total"), made.get("lines")
    if isinstance(total, dict) and isinstance(lines, list):
        prices = [line.get("unit_price") for line in lines if isinstance(line, dict)]
        if prices and all(isinstance(price, dict) for price in prices):
            total["cents"] = sum(
                line["unit_price"]["cents"] * line.get("quantity", 1) for line in lines
            )
