"""Each service says what it serves, in a document that others' programs can read."""

from __future__ import annotations

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from e2e.customer import ask
from e2e.examples import operations
from e2e.shop import SERVICES, Shop

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
