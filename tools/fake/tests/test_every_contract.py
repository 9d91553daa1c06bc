"""Every operation of every contract can be asked of a fake, and answers what it declares."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contracts.catalog import v1 as catalog
from contracts.core import Operation, Problem
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.users import v1 as users
from libs.documents import Schemas, possible_problems, served_operations
from libs.testing import shop
from tools.fake.application import create_app
from tools.fake.fake import Fake

CONTRACTS = {
    "catalog": catalog,
    "orders": orders,
    "payments": payments,
    "shop": shop.page,  # one of everything that the language can say
    "users": users,
}
OPERATIONS = [
    pytest.param(service, operation, id=f"{service}-{operation.name}")
    for service, page in CONTRACTS.items()
    for operation in served_operations([page])
]
PROBLEMS = [
    pytest.param(service, operation, problem, id=f"{service}-{operation.name}-{problem.__name__}")
    for service, page in CONTRACTS.items()
    for operation in served_operations([page])
    for problem in operation.problems
]


def client_of(service: str) -> tuple[Fake, FlaskClient]:
    pages = [CONTRACTS[service]]
    fake = Fake(pages)
    return fake, create_app(service, pages, fake).test_client()


def ask(
    fake: Fake, client: FlaskClient, operation: Operation, headers: dict[str, str] | None = None
) -> TestResponse:
    """The operation's example, sent to a thing that is there."""
    schemas = Schemas([operation])
    example: Any = schemas.example(schemas.request(operation), "asked")
    path = fake.path_of(operation)
    for name in operation.wire.placeholders:
        path = path.replace(f"{{{name}}}", str(example[name]))
    query = urlencode({n: example[n] for n in operation.wire.query if n in example})
    body = {name: example[name] for name in operation.wire.body if name in example}
    return client.open(
        f"{path}?{query}" if query else path,
        method=operation.method,
        data=json.dumps(body) if operation.wire.body else None,
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": "one",
            **(headers or {}),
        },
    )


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_operation_answers_with_its_status_and_what_a_client_can_read(
    service: str, operation: Operation
) -> None:
    fake, client = client_of(service)

    answer = ask(fake, client, operation)

    assert answer.status_code == operation.status, answer.text
    if operation.answer is not None:
        assert operation.wire.read_answer(answer.data) is not None


@pytest.mark.parametrize(("service", "operation", "problem"), PROBLEMS)
def test_every_refusal_can_be_had_on_demand(
    service: str, operation: Operation, problem: type[Problem]
) -> None:
    fake, client = client_of(service)

    by_name = ask(fake, client, operation, {"Prefer": f"problem={problem.__name__}"})
    status = problem.__problem__.status
    by_status = ask(fake, client, operation, {"Prefer": f"code={status}"})

    assert (by_name.status_code, by_status.status_code) == (status, status)
    assert by_name.json is not None
    assert by_name.json["type"] == problem.__problem__.type
    assert by_name.headers["Preference-Applied"] == f"problem={problem.__name__}"


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_what_no_operation_has_cannot_be_wished_for(service: str, operation: Operation) -> None:
    fake, client = client_of(service)

    answer = ask(fake, client, operation, {"Prefer": "problem=NoSuchThingAtAll"})

    assert answer.status_code == 400
    assert answer.json is not None
    for problem in possible_problems(operation):
        assert problem.__name__ in answer.json["detail"]
