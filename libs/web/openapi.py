"""A service's OpenAPI 3.1, made from its operations when it is first asked for."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Response, abort
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from contracts.core import KEYED, Admin, Anyone, Operation, Problem, Service, User, chassis
from contracts.core.problems import adapter_of
from libs.operations.dispatch import Dispatcher
from libs.operations.repeats import KEY_PATTERN, LONGEST_KEY, REPLAYED

_REF = "#/components/schemas/{model}"
_BASE = ("type", "title", "status")
# What every operation can answer besides what it declares.
_ALWAYS: tuple[type[Problem], ...] = (chassis.InternalError, chassis.Overloaded)
_WITH_INPUT: tuple[type[Problem], ...] = (chassis.InvalidRequest, chassis.MalformedRequest)
_WITH_BODY: tuple[type[Problem], ...] = (chassis.BodyTooLarge, chassis.UnsupportedMediaType)
_WITH_KEY: tuple[type[Problem], ...] = (
    chassis.KeyRequired,
    chassis.KeyTaken,
    chassis.StillInFlight,
)
_WITH_TOKEN: tuple[type[Problem], ...] = (chassis.Unauthenticated, chassis.Forbidden)

_KEY_PARAMETER: dict[str, Any] = {
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
}
_REPLAYED_HEADER: dict[str, Any] = {
    "description": "This is the answer that the first request with this key got.",
    "schema": {"type": "string", "const": "true"},
}


def mount_openapi(app: Flask, dispatcher: Dispatcher[Any]) -> None:
    """`/openapi.json`, and a page for each problem under the path that is its type."""
    made: list[bytes] = []

    def openapi() -> Response:
        if not made:
            made.append(json.dumps(document(dispatcher.service, dispatcher.operations)).encode())
        return Response(made[0], content_type="application/json")

    def problem_page(name: str) -> Response:
        for problem in problems_of(dispatcher.operations):
            if problem.__problem__.type == f"/problems/{name}":
                return Response(_page(problem), content_type="text/html; charset=utf-8")
        abort(404)

    for path, view in (("/openapi.json", openapi), ("/problems/<path:name>", problem_page)):
        app.add_url_rule(
            path,
            endpoint=view.__name__,
            view_func=view,
            methods=["GET"],
            provide_automatic_options=False,
        )


def problems_of(operations: Iterable[Operation]) -> tuple[type[Problem], ...]:
    """Every problem that these operations can answer with, the chassis' last, each once."""
    declared = [problem for operation in operations for problem in operation.problems]
    general = [
        kind
        for kind in vars(chassis).values()
        if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
    ]
    return tuple(dict.fromkeys([*declared, *general]))


def document(service: str, operations: Iterable[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these operations."""
    operations = tuple(operations)
    problems = problems_of(operations)
    inputs: list[tuple[Any, Any, Any]] = []
    for operation in operations:
        adapter: TypeAdapter[Any] = TypeAdapter(operation.wire.request)
        inputs.append((("request", operation.name), "validation", adapter.core_schema))
        if operation.answer is not None:
            answer: TypeAdapter[Any] = TypeAdapter(operation.answer)
            inputs.append((("answer", operation.name), "serialization", answer.core_schema))
    for problem in problems:
        inputs.append(
            (
                ("problem", problem.__problem__.type),
                "serialization",
                adapter_of(problem).core_schema,
            )
        )
    generator = GenerateJsonSchema(ref_template=_REF)
    schemas, definitions = generator.generate_definitions(inputs)
    build = _Builder({key[0]: value for key, value in schemas.items()}, definitions)
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = build.operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": service,
            "version": "1",
            "description": f"The operations of the {service} service, made from its contract.",
        },
        "paths": paths,
        "components": {
            "schemas": build.definitions,
            "securitySchemes": {
                "user": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "service": {"type": "apiKey", "in": "header", "name": "Service-Authorization"},
            },
        },
    }


class _Builder:
    """Builds the operations of one document over its schemas."""

    def __init__(self, schemas: dict[Any, Any], definitions: Mapping[Any, Any]) -> None:
        self._schemas = schemas
        self.definitions: dict[str, Any] = dict(definitions)

    def operation(self, operation: Operation) -> dict[str, Any]:
        """The operation object: parameters, body, answer and problems."""
        said = (operation.wire.request.__doc__ or operation.name).strip()
        built: dict[str, Any] = {
            "operationId": operation.name,
            "summary": said.split("\n")[0],
            "description": said,
            "tags": [operation.service],
            "parameters": self._parameters(operation),
            "responses": self._responses(operation),
            "security": _security(operation),
        }
        if operation.wire.body:
            built["requestBody"] = {
                "required": True,
                "content": {
                    "application/json": {"schema": self._part(operation, operation.wire.body)}
                },
            }
        return built

    def _request(self, operation: Operation) -> dict[str, Any]:
        schema: dict[str, Any] = self._schemas["request", operation.name]
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def _part(self, operation: Operation, names: tuple[str, ...]) -> dict[str, Any]:
        schema = self._request(operation)
        fields = _wire_names(operation, names)
        return {
            "type": "object",
            "properties": {name: schema["properties"][name] for name in fields},
            "required": [name for name in schema.get("required", ()) if name in fields],
            "additionalProperties": False,
        }

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        schema = self._request(operation)
        required = schema.get("required", ())
        by_key = [_KEY_PARAMETER] if operation.repeat is KEYED else []
        return by_key + [
            {
                "name": name,
                "in": place,
                "required": name in required,
                "schema": schema["properties"][name],
            }
            for place, names in (
                ("path", operation.wire.placeholders),
                ("query", operation.wire.query),
            )
            for name in _wire_names(operation, names)
        ]

    def _responses(self, operation: Operation) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": "The answer"}
        if operation.answer is not None:
            answer["content"] = {
                "application/json": {"schema": self._schemas["answer", operation.name]}
            }
        if operation.repeat is KEYED:
            answer["headers"] = {REPLAYED: _REPLAYED_HEADER}
        responses: dict[str, Any] = {str(operation.status): answer}
        by_status: dict[int, list[type[Problem]]] = {}
        for problem in (*operation.problems, *_general(operation)):
            by_status.setdefault(problem.__problem__.status, []).append(problem)
        for status, problems in sorted(by_status.items()):
            forms = [self._problem(problem) for problem in problems]
            responses[str(status)] = {
                "description": "; or: ".join(problem.__problem__.title for problem in problems),
                "content": {
                    "application/problem+json": {
                        "schema": forms[0] if len(forms) == 1 else {"anyOf": forms}
                    }
                },
            }
        return responses

    def _problem(self, problem: type[Problem]) -> dict[str, Any]:
        said = problem.__problem__
        return {
            "allOf": [
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": said.type},
                        "title": {"type": "string"},
                        "status": {"const": said.status},
                        "trace_id": {"type": "string"},
                    },
                    "required": list(_BASE),
                },
                self._schemas["problem", said.type],
            ]
        }


def _wire_names(operation: Operation, names: tuple[str, ...]) -> tuple[str, ...]:
    fields = operation.wire.request.model_fields
    return tuple(fields[name].alias or name for name in names)


def _general(operation: Operation) -> tuple[type[Problem], ...]:
    wire = operation.wire
    return (
        *(_WITH_INPUT if wire.body or wire.query or wire.placeholders else ()),
        *(_WITH_BODY if operation.method in ("POST", "PUT", "PATCH") else ()),
        *(_WITH_KEY if operation.repeat is KEYED else ()),
        *(_WITH_TOKEN if operation.callers != (Anyone,) else ()),
        *_ALWAYS,
    )


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = []
    if User in operation.callers or Admin in operation.callers:
        ways.append({"user": []})
    if Service in operation.callers:
        ways.append({"service": []})
    if Anyone in operation.callers:
        ways.append({})
    return ways


def _page(problem: type[Problem]) -> str:
    said = problem.__problem__
    text = html.escape((problem.__doc__ or "").strip())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{html.escape(said.title)}</title>"
        f"<h1>{html.escape(said.title)}</h1><p>{text}</p><p>HTTP status {said.status}</p></html>"
    )
