"""JSON Schema of the messages of a contract, under the names that its readers would give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.core import Event, OpenEnum, Operation, Problem, Value
from contracts.core.problems import adapter_of
from libs.documents.examples import Imagination

_REF = "#/components/schemas/"
# Where the language ends a number of which nothing is said.
_ENDS = (-(2**63), 2**63 - 1)
_INPUT, _OUTPUT = "-Input", "-Output"
UNKNOWN_VALUE = "x-unknown-value"


class Schemas:
    """The schemas of these operations, problems and events, with what they refer to.

    Requests are described as they are read (no unknown field, no UNKNOWN), everything else as it
    is written. `definitions` has each model once, by its name.
    """

    def __init__(
        self,
        operations: Iterable[Operation] = (),
        problems: Iterable[type[Problem]] = (),
        events: Iterable[type[Event]] = (),
        values: Iterable[type[Value]] = (),
    ) -> None:
        inputs: list[tuple[Any, Any, Any]] = []

        def add(key: object, mode: str, adapter: TypeAdapter[Any]) -> None:
            inputs.append((key, mode, adapter.core_schema))

        for operation in operations:
            add(("request", operation.name), "validation", TypeAdapter(operation.wire.request))
            if operation.answer is not None:
                add(("answer", operation.name), "serialization", TypeAdapter(operation.answer))
        problems = tuple(problems)
        for problem in problems:
            add(("problem", problem), "serialization", adapter_of(problem))
        for event in events:
            add(("event", event), "serialization", TypeAdapter(event))
        for value in values:
            add(("value", value), "serialization", TypeAdapter(value))
        schemas, definitions = _Generator(ref_template=_REF + "{model}").generate_definitions(
            inputs
        )
        names = _names(map(str, definitions))
        self.definitions: dict[str, Any] = {
            names[name]: _renamed(schema, names) for name, schema in definitions.items()
        }
        self._schemas: dict[Any, dict[str, Any]] = {
            key[0]: _renamed(schema, names) for key, schema in schemas.items()
        }
        for problem in problems:
            _complete(self.resolved(self._schemas["problem", problem]), problem)

    def request(self, operation: Operation) -> dict[str, Any]:
        """All fields of a request, wherever they travel."""
        return self.resolved(self._schemas["request", operation.name])

    def answer(self, operation: Operation) -> dict[str, Any]:
        """A reference to the answer."""
        return self._schemas["answer", operation.name]

    def problem(self, problem: type[Problem]) -> dict[str, Any]:
        """A reference to the problem as it travels."""
        return self._schemas["problem", problem]

    def event(self, event: type[Event]) -> dict[str, Any]:
        """A reference to what the event says."""
        return self._schemas["event", event]

    def value(self, value: type[Value]) -> dict[str, Any]:
        """A reference to the value."""
        return self._schemas["value", value]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema, or what it refers to."""
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].removeprefix(_REF)]
        return schema

    def example(self, schema: dict[str, Any], seed: str, name: str = "") -> Any:
        """JSON that follows the schema, of a field of this name; the same for the same seed."""
        return Imagination(self.resolved, seed).of(schema, name, f"/{name}" if name else "")


class _Generator(GenerateJsonSchema):
    """pydantic's schemas, with what the language adds to a model, and without titles that only
    repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """What we write is written whole: a default, too, is there."""
        return self.mode == "serialization" or super().field_is_required(field, total)

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """Where no bound is declared a number ends at 64 bits, which JSON in JavaScript cannot say."""
        declared: Any = {key: value for key, value in schema.items() if value not in _ENDS}
        made = super().int_schema(declared)
        return made if declared == schema else {**made, "format": "int64"}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An open enum cannot be sent as UNKNOWN; a reader has to expect new values."""
        made = super().enum_schema(schema)
        if issubclass(schema["cls"], OpenEnum):
            unknown = schema["cls"]["UNKNOWN"].value
            if self.mode == "validation":
                values = [value for value in made.pop("enum") if value != unknown]
                made["enum"] = values
            else:
                made[UNKNOWN_VALUE] = unknown
                said = made.get("description", "")
                made["description"] = f"{said}\n\nValues may be added: read others as `{unknown}`."
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A request refuses fields that it doesn't know, nested ones too."""
        made = super().model_schema(schema)
        if self.mode == "validation" and made.get("type") == "object":
            made["additionalProperties"] = False
        return made


def _names(definitions: Iterable[str]) -> dict[str, str]:
    """pydantic's names to ours: `OrderPage` for `Page_Order_`, `Price` and `PriceInput` for the two
    forms of a model that is written otherwise than read."""
    names: dict[str, str] = {}
    for name in sorted(definitions):
        wish = name.removesuffix(_OUTPUT)
        if wish.endswith(_INPUT):
            wish = wish.removesuffix(_INPUT) + "Input"
        if match := re.fullmatch(r"([A-Za-z]+)_([A-Za-z]+)_(Input)?", wish):
            wish = f"{match[2]}{match[1]}{match[3] or ''}"
        names[name] = name if wish in names.values() else wish
    return names


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    """A copy with references by our names."""
    if isinstance(schema, dict):
        return {
            key: _REF + names[value.removeprefix(_REF)]
            if key == "$ref" and isinstance(value, str)
            else _renamed(value, names)
            for key, value in schema.items()
        }
    return [_renamed(each, names) for each in schema] if isinstance(schema, list) else schema


def _complete(schema: dict[str, Any], problem: type[Problem]) -> None:
    """Add the members of RFC 9457 that the chassis fills in."""
    said = problem.__problem__
    schema["title"] = problem.__name__
    schema["description"] = (problem.__doc__ or said.title).strip()
    schema["properties"] = {
        "type": {"type": "string", "format": "uri-reference", "const": said.type},
        "title": {"type": "string", "examples": [said.title]},
        "status": {"type": "integer", "const": said.status},
        **schema.get("properties", {}),
        "trace_id": {
            "type": "string",
            "description": "Finds the request in the logs.",
            "examples": ["0af7651916cd43dd8448eb211c80319c"],
        },
    }
    # trace_id is there whenever the request reached the service itself.
    schema["required"] = ["type", "title", "status", *schema.get("required", ())]
