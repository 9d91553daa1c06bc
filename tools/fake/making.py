"""Things, problems and events as a fake thinks them up: examples, with what was said in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.core import Event, Operation, Problem
from contracts.core.feed import CloudEvent
from contracts.core.problems import RESERVED, adapter_of
from libs.documents import Schemas, possible_problems
from libs.documents.examples import add_up
from tools.fake.shapes import Kind, Role
from tools.fake.things import Json

_STATES = ("status", "state")


class Maker:
    """Makes what a contract describes. The same `seed` and number make the same."""

    def __init__(
        self,
        operations: Iterable[Operation],
        roles: Mapping[str, Role],
        events: Iterable[type[Event]],
        seed: str,
    ) -> None:
        operations = tuple(operations)
        problems = {problem for each in operations for problem in possible_problems(each)}
        kinds = {role.kind.model for role in roles.values() if role.kind}
        self._schemas = Schemas(operations, problems, events, [*kinds, CloudEvent])
        self._seed = seed

    def thing(self, kind: Kind, number: int, said: Json) -> Json:
        """The `number`-th thing of its kind."""
        return self._made(self._schemas.value(kind.model), f"{kind.model.__name__} {number}", said)

    def answer(self, operation: Operation, number: int, said: Json) -> Json:
        """An answer that is no thing."""
        return self._made(self._schemas.answer(operation), f"{operation.name} {number}", said)

    def problem(self, problem: type[Problem], said: Json) -> Problem:
        """The problem, speaking of what was asked."""
        made = self._made(self._schemas.problem(problem), problem.__name__, said)
        fields = {name: value for name, value in made.items() if name not in RESERVED}
        read: Problem = adapter_of(problem).validate_json(json.dumps(fields))
        return read

    def event(self, event: type[Event], number: int, said: Json) -> Json:
        """The event in its envelope, the `number`-th of the feed."""
        about = event.__event__
        known = {name: value for name, value in said.items() if value is not None}
        data = self._made(self._schemas.event(event), f"{about.name} {number}", known)
        told = {
            "id": f"{self._seed}-{number}",
            "source": f"/{about.service}",
            "type": about.name,
            "subject": str(data[about.key]),
            "sequence": str(number),
            "data": data,
        }
        return self._made(self._schemas.value(CloudEvent), about.name, {}) | told

    def reason(self, kind: Kind) -> str | None:
        """The first reason that a thing of this kind can have for its state."""
        model = self._schemas.resolved(self._schemas.value(kind.model))
        for form in model["properties"].get("reason", {}).get("anyOf", ()):
            if values := self._schemas.resolved(form).get("enum"):
                return str(values[0])
        return None

    def states(self, kind: Kind) -> tuple[str, list[str]] | None:
        """The field that says where a thing stands, and its values in their order."""
        model = self._schemas.resolved(self._schemas.value(kind.model))
        for name in _STATES:
            schema = self._schemas.resolved(model["properties"].get(name, {}))
            if "enum" in schema:
                unknown = schema.get("x-unknown-value")
                return name, [value for value in schema["enum"] if value != unknown]
        return None

    def say(self, kind: Kind, thing: Json, said: Json) -> Json:
        """A thing after something more was said of it."""
        schema = self._schemas.value(kind.model)
        return self._over(schema, thing, said, f"{self._seed} {thing.get(kind.id_field)}")

    def _made(self, schema: Json, seed: str, said: Json) -> Json:
        seed = f"{self._seed} {seed}"
        return self._over(schema, self._schemas.example(schema, seed), said, seed)

    def _over(self, schema: Json, made: Json, said: Json, seed: str) -> Json:
        """What was made, with what was said where both speak of the same."""
        properties = self._schemas.resolved(schema).get("properties", {})
        merged = {
            name: self._merged(properties[name], value, said[name], f"{seed}/{name}")
            if name in said and name in properties
            else value
            for name, value in made.items()
        }
        add_up(merged)
        return merged

    def _merged(self, schema: Json, made: Any, said: Any, seed: str) -> Any:
        whole = self._schemas.resolved(schema)
        if isinstance(made, dict) and isinstance(said, dict) and "properties" in whole:
            return self._over(whole, made, said, seed)
        if isinstance(said, list) and "properties" in self._schemas.resolved(
            whole.get("items", {})
        ):
            items = whole["items"]
            return [
                self._over(items, self._schemas.example(items, f"{seed}/{n}"), each, seed)
                for n, each in enumerate(said)
            ]
        return said
