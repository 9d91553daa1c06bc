"""Each service says what it serves, in a document that others' programs can read."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from e2e.customer import ask
from e2e.examples import operations
from e2e.shop import SERVICES, Shop
from tools.contracts.documents import FOLDER

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_describes_all_its_operations_in_valid_openapi(shop: Shop, service: str) -> None:
    served = {f"{op.method} {op.path}" for name, op, _ in operations() if name == service}

    answer = ask("GET", f"{shop.url(service)}/openapi.json")

    document = answer.json()
    described = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert (answer.status, document["openapi"][:3]) == (200, "3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert described == served


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_tells_of_itself_is_what_lies_in_docs_api(shop: Shop, service: str) -> None:
    committed = json.loads((FOLDER / f"{service}.openapi.json").read_text())
    events = json.loads((FOLDER / f"{service}.asyncapi.json").read_text())

    asked = ask("GET", f"{shop.url(service)}/openapi.json").json()
    told = ask("GET", f"{shop.url(service)}/asyncapi.json").json()

    # Where a service listens, and who reads its events, is not its own to know.
    assert {**asked, "servers": 0} == {**committed, "servers": 0}
    published = {name for name, op in events["operations"].items() if op["action"] == "send"}
    assert {*told["operations"]} == published
