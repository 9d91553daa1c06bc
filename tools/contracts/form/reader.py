"""Reads pydantic's core schema, one node after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tools.contracts.form import model
from tools.contracts.form.fingerprint import fingerprint, is_ours, name_of


@dataclass
class Reader:
    """Turns core schema into types. `name_of_model` is told each class that it meets and says its name
    on the page; `samples` gives the golden samples of a node with a serializer of ours."""

    name_of_model: Callable[[type], str]
    samples: Callable[[Any, model.Type, Reader], tuple[model.Sample, ...]]
    table: Mapping[str, Callable[[Reader, Any], model.Type]]
    definitions: dict[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()

    def read(self, node: Any) -> model.Type:
        """The type that the schema describes."""
        read = self.table.get(node["type"])
        found = model.Free(kind="any") if read is None else read(self, node)
        return self._written(found, node)

    def inside(self, config: Mapping[str, Any] | None) -> Reader:
        """A reader under the configuration of a model."""
        return replace(self, config=config or {})

    def learn(self, schema: Any) -> Any:
        """Remember the definitions of a whole schema; what remains of it."""
        while schema["type"] == "definitions":
            self.definitions |= {one["ref"]: one for one in schema["definitions"]}
            schema = schema["schema"]
        return self.resolve(schema)

    def closed(self, node: Any) -> Any:
        """The schema with all that it refers to, as pydantic takes it."""
        if not self.definitions:
            return node
        definitions = list(self.definitions.values())
        return {"type": "definitions", "schema": node, "definitions": definitions}

    def resolve(self, node: Any) -> Any:
        """The schema that a reference stands for."""
        while node["type"] == "definition-ref":
            node = self.definitions[node["schema_ref"]]
        return node

    def option(self, node: Any, name: str, config: str | None = None) -> Any:
        """What the node says, else the configuration."""
        said = node.get(name)
        return self.config.get(config or name) if said is None else said

    def strict(self, node: Any) -> bool:
        """Whether the node is strict, by itself or by its model."""
        return bool(self.option(node, "strict"))

    def _written(self, found: model.Type, node: Any) -> model.Type:
        said = node.get("serialization")
        if said is None or found.writer is not None or self.of_model(node, "model_serializers"):
            return found
        writer = self.writer(said)
        if writer is None:
            return found
        return replace(found, writer=replace(writer, samples=self.samples(node, found, self)))

    def of_model(self, node: Any, kind: str) -> bool:
        """Whether the function of this node is one of the model's own, which are told of the model."""
        inner = node
        while inner["type"] in _AROUND:
            inner = self.resolve(inner) if inner["type"] == "definition-ref" else inner["schema"]
        decorators = getattr(inner.get("cls"), "__pydantic_decorators__", None)
        said = node.get("serialization") if kind == "model_serializers" else node.get("function")
        function = (said or {}).get("function")
        return decorators is not None and name_of(function) in {
            name_of(one.func) for one in getattr(decorators, kind).values()
        }

    def writer(self, said: Any) -> model.Writer | None:
        """The serializer that a schema names, without samples; None for pydantic's own."""
        kind, when = said["type"], said.get("when_used", "always")
        if kind in ("function-plain", "function-wrap"):
            function = said["function"]
            if not is_ours(function):
                return _SECRET if "secret" in name_of(function) else None
            returns = said.get("return_schema")
            return model.Writer(
                mode=kind.removeprefix("function-"),
                when=when,
                fingerprint=fingerprint(function),
                name=name_of(function),
                returns=None if returns is None else self.read(returns),
            )
        if kind == "format":
            return model.Writer(mode="format", fingerprint=said["formatting_string"], when=when)
        return _AS_ANY if kind == "any" else None


_AROUND = ("function-before", "function-after", "function-wrap", "definition-ref")
# Pydantic's own: asterisks instead of the value, and the fields of whatever class the value has.
_SECRET = model.Writer(mode="secret", fingerprint="")
_AS_ANY = model.Writer(mode="as-any", fingerprint="")


def check(mode: str, function: Any) -> model.Check:
    """The function as a part of reading."""
    return model.Check(mode=mode, fingerprint=fingerprint(function), name=name_of(function))
