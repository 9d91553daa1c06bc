"""KEYED operations over HTTP, and what OpenAPI says of them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from contracts.core import User
from libs.operations.envelope import Identity, Nobody
from libs.testing import RememberedRepeats, keyed
from libs.web import serve

PATH = "/api/v1/accounts/1/payments"


@pytest.fixture
def app() -> Flask:
    app = Flask("services.bank", root_path=".", static_folder=None)
    serve(
        app,
        keyed.page,
        keyed.routes,
        keyed.Bank(),
        access=Nobody(Identity(User(keyed.ADA))),
        repeats=RememberedRepeats(),
    )
    return app


def test_the_header_makes_a_repeat_of_a_request(app: Flask) -> None:
    client, header = app.test_client(), {"Idempotency-Key": "k"}

    first, second = (client.post(PATH, json={"cents": 5}, headers=header) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )


def test_refusals_are_problems_of_their_own(app: Flask) -> None:
    client, header = app.test_client(), {"Idempotency-Key": "k"}
    client.post(PATH, json={"cents": 5}, headers=header)

    missing = client.post(PATH, json={"cents": 5})
    other = client.post(PATH, json={"cents": 6}, headers=header)

    assert (missing.status_code, other.status_code) == (400, 422)
    assert missing.json is not None and missing.json["type"] == "/problems/key-required"
    assert other.json is not None and other.json["type"] == "/problems/key-taken"
    assert client.get("/problems/key-taken").status_code == 200


def test_openapi_says_that_a_key_is_needed_and_how_it_is_refused(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    assert document is not None
    pay: dict[str, Any] = document["paths"]["/api/v1/accounts/{account}/payments"]["post"]

    (parameter,) = [p for p in pay["parameters"] if p["in"] == "header"]

    assert (parameter["name"], parameter["required"]) == ("Idempotency-Key", True)
    assert "Idempotency-Replayed" in pay["responses"]["201"]["headers"]
    said = {status: str(answer) for status, answer in pay["responses"].items()}
    assert "/problems/key-required" in said["400"]
    assert "/problems/still-in-flight" in said["409"]
    assert "/problems/key-taken" in said["422"]


def test_an_app_without_a_memory_does_not_start() -> None:
    app = Flask("services.bank", root_path=".", static_folder=None)

    with pytest.raises(TypeError, match="repeats="):
        serve(app, keyed.page, keyed.routes, keyed.Bank(), access=Nobody())
