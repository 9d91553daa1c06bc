"""docs/api is what the contracts say today, and its examples are good requests and answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from contracts.core import Operation
from libs.documents import Schemas, served_operations
from tools.contracts.documents import (
    FOLDER,
    REFRESH,
    contracts_of,
    documents,
    read_events,
    services_of,
)

ROOT = Path.cwd()
SERVICES = services_of(ROOT)
OPERATIONS = {
    f"{service}-{operation.name}": operation
    for service in SERVICES
    for operation in served_operations(contracts_of(ROOT, service))
}


@pytest.mark.parametrize("service", SERVICES)
def test_the_documents_of_a_service_are_fresh(service: str) -> None:
    wanted = {p: t for p, t in documents(ROOT).items() if p.name.startswith(f"{service}.")}

    stale = [path.name for path, text in wanted.items() if not _is(path, text)]

    assert len(wanted) == 2
    assert stale == [], f"{stale} in {FOLDER} are stale; write them anew with {REFRESH}"


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def test_no_document_is_left_of_a_service_that_is_gone() -> None:
    assert {*(ROOT / FOLDER).glob("*.json")} <= documents(ROOT).keys()


@pytest.mark.parametrize("service", SERVICES)
def test_its_openapi_is_valid(service: str) -> None:
    document = json.loads((ROOT / FOLDER / f"{service}.openapi.json").read_text())

    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_example_of_an_operation_is_a_good_request_with_a_good_answer(name: str) -> None:
    operation = OPERATIONS[name]
    schemas = Schemas([operation])
    request: Any = schemas.example(schemas.request(operation), name)

    read = _read(operation, request)

    assert isinstance(read, operation.wire.request)
    if operation.answer is not None:
        answer = schemas.example(schemas.answer(operation), name)
        operation.wire.read_answer(json.dumps(answer).encode())


def _read(operation: Operation, request: dict[str, Any]) -> Any:
    wire = operation.wire
    path = {name: str(request[name]) for name in wire.placeholders}
    query = [(name, str(request[name])) for name in wire.query if name in request]
    body = json.dumps({name: request[name] for name in wire.body if name in request})
    return wire.read(path, query, body.encode() if wire.body else b"")


@pytest.mark.parametrize("service", SERVICES)
def test_who_reads_an_event_is_who_has_it_in_its_table_of_consumers(service: str) -> None:
    """The documents find that in the source, without running it."""
    from importlib import import_module

    table: tuple[Any, ...] = ()
    if (ROOT / "services" / service / "consumers.py").exists():
        table = getattr(import_module(f"services.{service}.consumers"), "consumers")  # noqa: B009

    assert {*read_events(ROOT, service)} == {consumer.event for consumer in table}
