"""A service's OpenAPI 3.1, made of its contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from contracts.core import KEYED, Admin, Anyone, Operation, Problem, Service, User
from contracts.core.feed import ReadFeed
from libs.documents import headers
from libs.documents.asyncapi import events_of
from libs.documents.information import information, paragraph, sentence
from libs.documents.problems import possible_problems, problems_of
from libs.documents.schemas import Schemas
from libs.operations.dispatch import operations_of

_CONVENTIONS = """
Unknown fields and parameters of a request are refused; those of an answer are to be ignored, for more
may be added. Every refusal is an `application/problem+json` (RFC 9457) whose `type` leads to a page
that explains it.

A customer logs in at the users service and sends `Authorization: Bearer <access_token>`; a service
sends a token of its own in `Service-Authorization`. Where neither is asked for, anyone may ask.

An operation with an `Idempotency-Key` is done once, however often it is sent with one key: every
repeat gets the first one's answer. `x-repeat` says of each operation what a repeat does, `x-deadline-s`
after how many seconds the service gives up.
"""
_WHO: Mapping[type[Anyone], str] = {
    Anyone: "anyone",
    User: "a user",
    Admin: "an admin",
    Service: "a service",
}


def served_operations(contracts: Iterable[ModuleType]) -> tuple[Operation, ...]:
    """What a service with these contracts serves: their operations, and its feed if it has events."""
    pages = tuple(contracts)
    declared = [operation for page in pages for operation in operations_of(page)]
    return (*declared, ReadFeed.__operation__) if events_of(pages) else tuple(declared)


def openapi(
    service: str,
    contracts: Iterable[ModuleType],
    *,
    operations: Iterable[Operation] | None = None,
    servers: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The document of a service that keeps these contracts; `operations` are what they promise if
    left out. `servers` are named after the one that the document comes from."""
    pages = tuple(contracts)
    served = tuple(served_operations(pages) if operations is None else operations)
    build = _Builder(served)
    paths: dict[str, Any] = {}
    for operation in served:
        paths.setdefault(operation.path, {})[operation.method.lower()] = build.operation(operation)
    return {
        "openapi": "3.1.0",
        "info": information(service, pages, _CONVENTIONS),
        "servers": [{"url": "/", "description": "Where this comes from"}, *map(dict, servers)],
        "tags": [
            {"name": tag, "description": f"What can be asked of `{path}`."}
            for tag, path in {_tag(op): _resource(op) for op in served}.items()
        ],
        "paths": paths,
        "components": {
            "schemas": build.schemas_used(paths),
            "securitySchemes": _schemes(served),
        },
    }


# No operation refuses it: the server does, before there is one.
_TOO_LONG: Mapping[str, Any] = {
    "description": "The address is too long",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "const": "about:blank"},
                    "title": {"type": "string"},
                    "status": {"type": "integer", "const": 414},
                    "trace_id": {"type": "string"},
                },
                "required": ["type", "title", "status"],
            }
        }
    },
}


class _Builder:
    """Builds the operations of one document over its schemas."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._schemas = Schemas(operations, problems_of(operations))
        self._bodies: dict[str, Any] = {}

    def operation(self, operation: Operation) -> dict[str, Any]:
        """The operation object: parameters, body, answer and problems."""
        said = paragraph(operation.wire.request.__doc__) or operation.name
        callers = " or ".join(_WHO[kind] for kind in operation.callers)
        built: dict[str, Any] = {
            "operationId": operation.name,
            "summary": sentence(said),
            "description": f"{said}\n\nFor {callers}.",
            "tags": [_tag(operation)],
            "parameters": self._parameters(operation),
            "responses": self._responses(operation),
            "security": _security(operation),
            "x-callers": [kind.__name__.lower() for kind in operation.callers],
            "x-repeat": operation.repeat.value,
            "x-deadline-s": operation.deadline_s,
        }
        if operation.wire.body:
            built["requestBody"] = self._body(operation)
        return built

    def _body(self, operation: Operation) -> dict[str, Any]:
        schema = self._schemas.request(operation)
        fields = _wire_names(operation, operation.wire.body)
        name = operation.name
        if name in self._schemas.definitions:
            # The request is spoken of in an answer as well, or this is its whole.
            is_whole = self._schemas.definitions[name] is schema
            name = name if is_whole else f"{name}Body"
        body = {
            **({"description": schema["description"]} if "description" in schema else {}),
            "type": "object",
            "properties": {field: schema["properties"][field] for field in fields},
            "required": [field for field in schema.get("required", ()) if field in fields],
            "additionalProperties": False,
        }
        self._bodies[name] = body
        example = self._schemas.example(body, operation.name)
        return {
            "required": bool(body["required"]),
            "content": {"application/json": {"schema": _ref(name), "example": example}},
        }

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        schema = self._schemas.request(operation)
        required = schema.get("required", ())
        said: list[dict[str, Any]] = [headers.KEY_PARAMETER] if operation.repeat is KEYED else []
        for place, names in (
            ("path", operation.wire.placeholders),
            ("query", operation.wire.query),
        ):
            for name in _wire_names(operation, names):
                field = _without_null(schema["properties"][name])
                parameter = {
                    "name": name,
                    "in": place,
                    "required": name in required,
                    "schema": field,
                }
                if name in required:
                    parameter["example"] = self._schemas.example(field, operation.name, name)
                said.append(parameter)
        return said

    def _responses(self, operation: Operation) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": "Done; there is nothing more to say."}
        if operation.answer is not None:
            schema = self._schemas.answer(operation)
            model = self._schemas.resolved(schema)
            answer = {
                "description": sentence(model.get("description") or operation.answer.__name__)
                + ".",
                "content": {
                    "application/json": {
                        "schema": schema,
                        "example": self._schemas.example(schema, operation.name),
                    }
                },
            }
        if found := headers.of_answer(operation):
            answer["headers"] = found
        responses: dict[str, Any] = {str(operation.status): answer}
        by_status: dict[int, list[type[Problem]]] = {}
        for problem in possible_problems(operation):
            by_status.setdefault(problem.__problem__.status, []).append(problem)
        for status, problems in sorted(by_status.items()):
            responses[str(status)] = self._refusals(problems)
        if operation.wire.query:
            responses["414"] = _TOO_LONG
        return dict(sorted(responses.items()))

    def _refusals(self, problems: list[type[Problem]]) -> dict[str, Any]:
        """The problems of one status."""
        forms = [self._schemas.problem(problem) for problem in problems]
        said: dict[str, Any] = {
            "description": "; or: ".join(problem.__problem__.title for problem in problems),
            "content": {
                "application/problem+json": {
                    "schema": forms[0] if len(forms) == 1 else {"anyOf": forms},
                    "examples": {
                        problem.__name__: {
                            "summary": problem.__problem__.title,
                            "value": self._schemas.example(form, problem.__name__),
                        }
                        for problem, form in zip(problems, forms, strict=True)
                    },
                }
            },
        }
        if found := headers.of_problems(problems):
            said["headers"] = found
        return said

    def schemas_used(self, paths: Mapping[str, Any]) -> dict[str, Any]:
        """What the paths refer to, directly or not, by name."""
        known = {**self._schemas.definitions, **self._bodies}
        used: dict[str, Any] = {}
        left = [*_references(paths)]
        while left:
            name = left.pop()
            if name not in used:
                used[name] = _without_null_defaults(known[name])
                left += _references(used[name])
        return dict(sorted(used.items()))


def _wire_names(operation: Operation, names: tuple[str, ...]) -> tuple[str, ...]:
    fields = operation.wire.request.model_fields
    return tuple(fields[name].alias or name for name in names)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return own + [name for each in node.values() for name in _references(each)]
    return [name for each in node for name in _references(each)] if isinstance(node, list) else []


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema: what is left out is not there, it is not null."""
    forms = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    if schema.get("default") is not None:
        rest["default"] = schema["default"]
    if len(forms) == 1:
        return {**forms[0], **rest}
    return {"anyOf": forms, **rest} if forms else rest


def _without_null_defaults(schema: Any) -> Any:
    """That a field may be left out says it already."""
    if isinstance(schema, dict):
        return {
            key: _without_null_defaults(value)
            for key, value in schema.items()
            if not (key == "default" and value is None)
        }
    return [_without_null_defaults(each) for each in schema] if isinstance(schema, list) else schema


def _resource(operation: Operation) -> str:
    """`/api/v1/orders` of all that is below it."""
    kept = []
    for segment in operation.path.split("/"):
        if segment.startswith("{"):
            break
        kept.append(segment)
    return "/".join(kept[:4])


def _tag(operation: Operation) -> str:
    return _resource(operation).rpartition("/")[2]


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = []
    if User in operation.callers:
        ways.append({"user": []})
    elif Admin in operation.callers:
        ways.append({"admin": []})
    if Service in operation.callers:
        ways.append({"service": []})
    if Anyone in operation.callers:
        ways.append({})
    return ways


def _schemes(operations: tuple[Operation, ...]) -> dict[str, Any]:
    used = {name for operation in operations for way in _security(operation) for name in way}
    schemes: dict[str, Any] = {}
    for name, whose in (("user", "a log-in at the users service"), ("admin", "an admin's log-in")):
        if name in used:
            schemes[name] = {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": f"The `access_token` of {whose}; it holds for ten minutes.",
            }
    if "service" in used:
        schemes["service"] = {
            "type": "apiKey",
            "in": "header",
            "name": "Service-Authorization",
            "description": "`Bearer` and a token that the asking service signed for this one.",
        }
    return schemes
