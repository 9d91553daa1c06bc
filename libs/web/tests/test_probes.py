"""Probes: of a web, and of a process that serves nothing else."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort

from libs import web
from libs.operations.envelope import Nobody
from libs.operations.errors import Unavailable
from libs.testing import shop
from libs.web import serve
from libs.web.standalone import serve_probes


def well() -> None:
    """Nothing to say."""


def ill() -> None:
    raise Unavailable("postgres", "no answer in 1 s")


def broken() -> None:
    raise ZeroDivisionError("secret")


def client(app: Flask | None = None, **ready: Callable[[], None]) -> Any:
    made = app or Flask("shop")
    serve(made, shop.page, shop.routes, shop.World(), access=Nobody(), ready=ready)
    return made.test_client()


def test_it_is_ready_when_every_check_is_well() -> None:
    said = client(postgres=well, queue=well).get("/readyz")

    assert said.status_code == 200
    assert said.json["status"] == "ready"
    assert {check["state"] for check in said.json["checks"].values()} == {"ok"}


def test_each_check_that_fails_is_named_and_the_others_are_looked_at() -> None:
    said = client(postgres=ill, queue=broken, cache=well).get("/readyz")

    assert said.status_code == 503
    assert said.headers["Retry-After"] == "1"
    assert said.json["checks"]["postgres"] == {"state": "failed", "why": "no answer in 1 s"}
    assert said.json["checks"]["queue"] == {"state": "failed", "why": "ZeroDivisionError"}
    assert said.json["checks"]["cache"]["state"] == "ok"


def test_it_lives_whatever_is_ill() -> None:
    assert client(postgres=ill).get("/livez").json == {"status": "alive"}


def test_a_plain_views_errors_are_problems_too() -> None:
    app = Flask("shop")

    def fails(how: str) -> str:
        if how == "bug":
            raise ZeroDivisionError
        if how == "problem":
            raise shop.SoldOut(sku="mug", units_left=0)
        if how == "unavailable":
            raise Unavailable("postgres", "down", retry_after_s=4)
        abort(int(how))

    app.add_url_rule("/fails/<how>", view_func=fails)
    asked = client(app)
    for how, status in (
        ("bug", 500),
        ("problem", 409),
        ("unavailable", 503),
        ("403", 403),
        ("410", 410),
        ("429", 429),
        ("500", 500),
        ("503", 503),
    ):
        said = asked.get(f"/fails/{how}")

        assert said.status_code == said.json["status"] == status
        assert said.content_type == "application/problem+json"
        assert len(said.json["trace_id"]) == 32
    assert asked.get("/fails/unavailable").headers["Retry-After"] == "4"


def test_a_redirect_of_a_plain_view_stays_one() -> None:
    app = Flask("shop")
    app.add_url_rule("/page/", view_func=lambda: "page", endpoint="page")

    said = client(app).get("/page")

    assert (said.status_code, said.headers["Location"].endswith("/page/")) == (308, True)


def test_a_service_is_named_after_its_folder(tmp_path: Path) -> None:
    app = Flask("services.users.app", root_path=str(tmp_path), instance_path="/nowhere")

    assert serve(app, (), (), None, access=Nobody()).service == "users"


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_worker_answers_probes_too() -> None:
    port = serve_probes("127.0.0.1:0", {"worker": ill})

    assert get(port, "/livez")[0] == 200
    assert get(port, "/readyz")[0] == 503
    assert b"# HELP" in get(port, "/metrics")[1]
    status, body = get(port, "/nowhere")
    assert (status, b'"status":404' in body) == (404, True)


def test_a_silent_client_keeps_no_probe_waiting(capfd: pytest.CaptureFixture[str]) -> None:
    port = serve_probes("127.0.0.1:0", {})
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    silent[0].sendall(b"GET /livez HT")
    rude = socket.create_connection(("127.0.0.1", port))
    rude.sendall(b"\xff\xfe\r\n\r\n")
    rude.close()
    started = time.monotonic()

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: get(port, "/livez")[0], range(16)))

    assert statuses == [200] * 16
    assert time.monotonic() - started < 1
    for connection in silent:
        connection.close()
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_port_that_is_taken_is_said() -> None:
    port = serve_probes("127.0.0.1:0", {})

    with pytest.raises(OSError, match="Address already in use"):
        serve_probes(f"127.0.0.1:{port}", {})


def test_probes_may_listen_on_version_six() -> None:
    try:
        port = serve_probes("[::1]:0", {})
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert get(port, "/livez", host="[::1]")[0] == 200


def test_the_package_exports_what_it_lists() -> None:
    assert web.__all__ == sorted(web.__all__)
    assert all(hasattr(web, name) for name in web.__all__)
