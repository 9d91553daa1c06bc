"""Every operation of every service, asked by everybody: the declaration says how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from contracts.core import Operation
from contracts.shared.ids import UserId
from e2e.callers import everybody
from e2e.customer import Answer, Customer, ask
from e2e.examples import AnyRequest, World, open_world, operations
from e2e.shop import Shop
from libs.db.ids import new_id

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="session")
def world(running: Shop, admin: Customer) -> World:
    return open_world(running, admin)


def send(shop: Shop, service: str, request: AnyRequest, headers: Mapping[str, str]) -> Answer:
    """The request as bytes, with these headers and a new Idempotency-Key."""
    operation = request.__operation__
    sent = operation.wire.write(request)
    url = shop.url(service) + sent.path + (f"?{urlencode(sent.query)}" if sent.query else "")
    told = {**headers, "Idempotency-Key": new_id("key")}
    if sent.body is not None:
        told["Content-Type"] = "application/json"
    return ask(operation.method, url, sent.body, told)


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [pytest.param(*row, id=f"{row[0]}-{row[1].name}") for row in operations()],
)
def test_an_operation_ends_for_everybody_as_its_declaration_says(
    world: World, service: str, operation: Operation, kind: type[AnyRequest]
) -> None:
    callers = everybody(
        world.shop.ground.folder, service, a=UserId(world.a.user_id), b=UserId(world.b.user_id)
    )

    ended = {
        caller.name: send(world.shop, service, world.example(kind), caller.headers).status
        for caller in callers
    }

    assert ended == {caller.name: caller.expected(operation) for caller in callers}


def test_a_product_file_is_taken_from_admins_alone(world: World) -> None:
    """No operation of the contract, so the table above does not know it."""
    url = f"{world.shop.url('catalog')}/api/v1/products/import"
    a, b = UserId(world.a.user_id), UserId(world.b.user_id)
    callers = everybody(world.shop.ground.folder, "catalog", a=a, b=b)
    line = (
        b'{"sku": "of-a-file", "name": "Of a file", "category": "things", "price": {"cents": 1}}\n'
    )

    ended = {
        caller.name: ask(
            "POST", url, line, {**caller.headers, "Content-Type": "application/jsonl"}
        ).status
        for caller in callers
    }

    assert [name for name, status in ended.items() if status < 400] == ["admin"]
    assert set(ended.values()) == {200, 401, 403}


def test_a_webhook_without_the_providers_signature_is_refused(world: World) -> None:
    url = f"{world.shop.url('payments')}/webhooks/provider"
    captured = {"type": "payment_intent.succeeded", "data": {"object": {"id": "forged"}}}

    unsigned = ask("POST", url, captured)
    forged = ask("POST", url, captured, {"Stripe-Signature": "t=1,v1=" + "0" * 64})

    assert (unsigned.status, forged.status) == (400, 400)


def test_besides_operations_only_what_is_listed_here_is_served(world: World) -> None:
    """A new view has to be looked at: who may ask it?"""
    known = {
        "catalog": {"POST /api/v1/products/import"},
        "payments": {"POST /webhooks/provider"},
        "users": {"GET /.well-known/jwks.json"},
        # Pages; whoever is to be logged in for one is sent to the log-in.
        "storefront": {
            "GET /",
            "GET /products/{sku}",
            "GET /static/{name}",
            "GET /cart",
            "POST /cart/lines",
            "POST /cart/lines/{sku}",
            "GET /checkout",
            "POST /checkout",
            "GET /orders/{order_id}",
            "GET /orders/{order_id}/state",
            "POST /orders/{order_id}/cancel",
            "POST /orders/{order_id}/again",
            "GET /login",
            "POST /login",
            "POST /logout",
            "GET /register",
            "POST /register",
            "GET /account",
        },
    }
    everywhere = {"GET /livez", "GET /readyz", "GET /metrics"}
    # What the service says of itself; what problems mean, in words; a console over both.
    everywhere |= {"GET /openapi.json", "GET /asyncapi.json", "GET /problems/{path:name}"}
    everywhere |= {"GET /docs", "GET /docs/{file}"}
    # What it was built from, for services alone.
    everywhere |= {"GET /contracts"}
    declared = {(name, f"{op.method} {op.path}") for name, op, _ in operations()}

    for name, app in _apps(world.shop).items():
        rules = {
            f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        undeclared = {rule for rule in rules if (name, rule) not in declared}
        assert undeclared == everywhere | known.get(name, set()), name


def _apps(shop: Shop) -> dict[str, Any]:
    from tools.together.part import parts_of

    environments = {name: shop.ground.environment(name, "looked-at") for name in shop.services}
    return {part.name: part.app for part in parts_of(environments)}
