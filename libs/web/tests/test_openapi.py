"""OpenAPI: a document that holds for every construct of the language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from libs.operations.envelope import Nobody
from libs.testing import shop
from libs.web import serve


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=Nobody())
    read: dict[str, Any] = json.loads(app.test_client().get("/openapi.json").data)
    return read


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_is_in_it(document: dict[str, Any]) -> None:
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]

    assert sorted(ids) == sorted(binding.request.__name__ for binding in shop.routes)


def test_no_reference_leads_nowhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*map(references, node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    found = references(document)

    assert "#/components/schemas/Thing" in found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_path_query_and_body_stand_where_they_travel(document: dict[str, Any]) -> None:
    put = document["paths"]["/api/v1/things/{sku}"]["put"]
    listed = document["paths"]["/api/v1/things"]["get"]

    assert [(p["name"], p["in"], p["required"]) for p in put["parameters"]] == [
        ("sku", "path", True)
    ]
    reference = put["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body = document["components"]["schemas"][reference.rpartition("/")[2]]
    assert sorted(body["properties"]) == ["attributes", "payment", "price"]
    assert body["additionalProperties"] is False
    assert [(p["name"], p["in"], p["required"]) for p in listed["parameters"]] == [
        ("colour", "query", False),
        ("tag", "query", False),
        ("most_cents", "query", False),
        ("available", "query", False),
    ]
    assert "requestBody" not in listed


def test_every_way_to_end_is_declared(document: dict[str, Any]) -> None:
    put = document["paths"]["/api/v1/things/{sku}"]["put"]["responses"]
    get = document["paths"]["/api/v1/things/{sku}"]["get"]["responses"]
    drop = document["paths"]["/api/v1/things/{sku}"]["delete"]["responses"]
    make = document["paths"]["/api/v1/things"]["post"]["responses"]

    assert sorted(put) == [
        "200", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503",
    ]  # fmt: skip
    assert sorted(get) == ["200", "400", "404", "422", "500", "503"]
    assert "content" not in drop["204"]
    assert "202" in make
    forms = put["409"]["content"]["application/problem+json"]["schema"]["anyOf"]
    models = [document["components"]["schemas"][form["$ref"].rpartition("/")[2]] for form in forms]
    assert [model["properties"]["type"]["const"] for model in models] == [
        "/problems/shop/sold-out",
        "/problems/shop/reserved",
    ]


def test_who_may_ask_is_declared(document: dict[str, Any]) -> None:
    def security(path: str, method: str) -> Any:
        return document["paths"][path][method]["security"]

    assert security("/api/v1/things/{sku}", "get") == [{}]
    assert security("/api/v1/things/{sku}", "put") == [{"user": []}]
    assert security("/api/v1/things/{sku}", "delete") == [{"user": []}, {"service": []}]
    assert security("/api/v1/count", "get") == [{"service": []}]


def test_every_problem_has_a_page_at_its_type(document: dict[str, Any]) -> None:
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=Nobody())
    text = json.dumps(document)
    types = {part.split('"')[0] for part in text.split('"const": "')[1:]}
    pages = sorted(kind for kind in types if kind.startswith("/problems/"))

    assert len(pages) > 8
    for page in pages:
        said = app.test_client().get(page)
        assert said.status_code == 200
        assert said.content_type == "text/html; charset=utf-8"


def test_what_a_server_really_says_is_in_the_document(document: dict[str, Any]) -> None:
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=Nobody())
    asked = app.test_client()
    for path, method, template in (
        ("/api/v1/things/mug", "get", "/api/v1/things/{sku}"),
        ("/api/v1/things/none", "get", "/api/v1/things/{sku}"),
        ("/api/v1/things?tag=a&tag=b", "get", "/api/v1/things"),
        ("/api/v1/things?tag2=a", "get", "/api/v1/things"),
        ("/api/v1/greeting", "get", "/api/v1/greeting"),
    ):
        answer = asked.open(path, method=method)
        declared = document["paths"][template][method]["responses"][str(answer.status_code)]
        schema = declared["content"][answer.content_type]["schema"]
        assert all(name in (answer.json or ()) for name in required(document, schema))


def required(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The names that a body of this schema must have."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return required(document, document["components"]["schemas"][name])
    if "anyOf" in schema:
        return set.intersection(*(required(document, each) for each in schema["anyOf"]))
    return set(schema.get("required", ())).union(
        *(required(document, each) for each in schema.get("allOf", ()))
    )
