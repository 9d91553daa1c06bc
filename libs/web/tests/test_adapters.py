"""Tuned URL adapters find what Flask's own would find."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from libs.web.adapters import HOSTS_REMEMBERED, Adapters
from libs.web.tuning import tune

RULES = (
    "/livez",
    "/api/v1/users",
    "/api/v1/users/me",
    "/api/v1/users/<user_id>",
    "/api/v1/users/<user_id>/orders",
    "/api/v1/orders/<order_id>",
    "/api/v1/orders/open/",
    "/api/v1/numbers/<int:number>",
    "/api/v1/numbers/<name>",
    "/files/<path:name>",
    "/",
)
PATHS = (
    *("/", "//", "/livez", "/livez/", "//livez", "/nothing", "/api/v1/users", "/api/v1/users/"),
    *("/api/v1/users/me", "/api/v1/users/usr_1", "/api/v1/users/usr_1/orders", "/api/v1/users/ü"),
    *("/api/v1/users//orders", "/api/v1/users/a b", "/api/v1/users/a\nb", "/api/v1/users/a%2Fb"),
    *("/api/v1/orders/open", "/api/v1/orders/open/", "/api/v1/orders/7", "/api/v1/orders/7/"),
    *("/api/v1/numbers/7", "/api/v1/numbers/seven", "/files/a/b/c", "/files/a", "/files/"),
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_every_path_leads_where_flask_leads_it(path: str, method: str) -> None:
    plain, tuned = app_with_rules(), app_with_rules()
    tune(tuned)
    verdict_of(tuned, "/livez", "GET")

    verdict = verdict_of(tuned, path, method)

    assert verdict == verdict_of(plain, path, method)


def test_the_commonest_shapes_of_a_path_are_looked_up(world: Flask) -> None:
    seen: list[str] = []
    walk = world.url_map._matcher.match

    def watched(domain: str, path: str, method: str, websocket: bool) -> Any:
        seen.append(path)
        return walk(domain, path, method, websocket)

    world.url_map._matcher.match = watched  # type: ignore[method-assign]  # to see who asks

    for path in ("/livez", "/api/v1/users/usr_1", "/api/v1/users/me", "/files/a/b"):
        verdict_of(world, path, "GET")

    assert seen == ["/files/a/b"]


def test_a_host_that_is_not_trusted_is_refused_each_time(world: Flask) -> None:
    world.config["TRUSTED_HOSTS"] = ["shop.example"]
    client = world.test_client()

    answers = [
        client.get("/livez", headers={"Host": host}).status_code
        for host in ("shop.example", "evil.example", "shop.example", "evil.example")
    ]

    assert answers == [200, 400, 200, 400]


def test_a_host_loses_its_trust_at_once(world: Flask) -> None:
    client = world.test_client()
    assert client.get("/livez", headers={"Host": "old.example"}).status_code == 200

    world.config["TRUSTED_HOSTS"] = ["shop.example"]

    assert client.get("/livez", headers={"Host": "old.example"}).status_code == 400


def test_many_invented_hosts_take_no_memory() -> None:
    app = Flask("invented")
    adapters = Adapters(app)

    for number in range(HOSTS_REMEMBERED * 3):
        adapters.create(app.request_class(environ("/", "GET", f"h{number}.example")))

    assert len(adapters._names) <= HOSTS_REMEMBERED


@pytest.fixture
def world() -> Flask:
    app = app_with_rules()
    tune(app)
    verdict_of(app, "/livez", "GET")  # the first request of a host is Flask's
    return app


def app_with_rules() -> Flask:
    app = Flask("rules", static_folder=None)
    for rule in RULES:
        app.add_url_rule(rule, endpoint=rule, view_func=lambda **_: "seen")
    app.add_url_rule("/api/v1/users", endpoint="post", view_func=str, methods=["POST"])
    app.url_map.merge_slashes = False
    return app


def verdict_of(app: Flask, path: str, method: str) -> object:
    with app.request_context(environ(path, method, "shop.example")) as context:
        wrong = context.request.routing_exception
        if isinstance(wrong, RequestRedirect):
            return "redirect", wrong.new_url
        if isinstance(wrong, HTTPException):
            return wrong.code, sorted(getattr(wrong, "valid_methods", None) or ())
        assert context.request.url_rule is not None
        return context.request.url_rule.endpoint, context.request.view_args


def environ(path: str, method: str, host: str) -> dict[str, object]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "a=1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": host,
        "wsgi.url_scheme": "http",
    }
