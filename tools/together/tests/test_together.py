"""What can be told without servers; e2e runs the whole shop in one process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from libs.access.keys import new_key
from libs.config import ConfigurationError
from tools.together.by_port import ByPort
from tools.together.part import parts_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


def saying(word: bytes) -> WSGIApplication:
    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [word]

    return app


def environments(folder: Path) -> dict[str, dict[str, str]]:
    """orders and payments, with everything that they need to be made, and nothing that answers."""
    private_pem, _ = new_key()
    (folder / "key.pem").write_bytes(private_pem)
    common = {
        "DATABASE_URL": "postgresql://app:pw@127.0.0.1:9/none",
        "QUEUE_URL": "redis://127.0.0.1:9/0",
        "CACHE_URL": "redis://127.0.0.1:9/0",
        "SERVICE_KEY_FILE": str(folder / "key.pem"),
        "SERVICE_KEYS_DIR": str(folder),
        **{
            f"PEER_{name}_URL": "http://127.0.0.1:9"
            for name in ("USERS", "CATALOG", "ORDERS", "PAYMENTS")
        },
    }
    return {
        "orders": {**common, "HTTP_BIND": "127.0.0.1:8003"},
        "payments": {
            **common,
            "HTTP_BIND": "127.0.0.1:8004",
            "PAYMENT_PROVIDER": "simulator",
            "PROVIDER_URL": "http://127.0.0.1:9",
            "PROVIDER_API_KEY": "the key of payments",
            "PROVIDER_WEBHOOK_SECRET": "the secret of payments",
        },
    }


def test_the_port_decides_and_not_the_host_header() -> None:
    client = Client(ByPort({8001: saying(b"users"), 8002: saying(b"catalog")}))

    answer = client.get(
        "/", headers={"Host": "127.0.0.1:8002"}, environ_overrides={"SERVER_PORT": "8001"}
    )

    assert answer.data == b"users"


def test_neighbours_of_the_same_process_are_asked_without_a_socket(tmp_path: Path) -> None:
    parts = {part.name: part for part in parts_of(environments(tmp_path))}

    asked = parts["orders"].deps.peers

    assert type(asked.named("payments")).__name__ == "LocalNeighbour"
    assert type(asked.named("catalog")).__name__ == "HttpNeighbour"  # runs somewhere else


def test_no_service_sees_the_variables_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = environments(tmp_path)
    secret = told["payments"].pop("PROVIDER_API_KEY")
    told["orders"]["PROVIDER_API_KEY"] = secret
    monkeypatch.setenv("PROVIDER_API_KEY", secret)
    before = dict(os.environ)

    with pytest.raises(ConfigurationError, match="PROVIDER_API_KEY"):
        parts_of(told)

    assert dict(os.environ) == before
