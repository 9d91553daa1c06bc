"""How gunicorn is set up: numbers that have to fit to one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from libs.client.transport import IDLE_S
from libs.config import Settings
from libs.web.server import Server
from libs.web.threads import Worker


@pytest.fixture
def server() -> Server:
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://db",
            "queue_url": "redis://q",
            "cache_url": "redis://c",
            "service_key_file": "/none",
            "service_keys_dir": "/none",
            "http_bind": "127.0.0.1:8001",
            "web_workers": 3,
            "web_threads": 5,
        }
    )
    return Server(lambda: Flask("shop"), settings)


def test_the_server_keeps_connections_longer_than_our_clients(server: Server) -> None:
    assert server.cfg.keepalive == 75
    assert server.cfg.keepalive > 2 * IDLE_S


def test_it_has_the_threads_and_workers_that_the_environment_says(server: Server) -> None:
    assert (server.cfg.workers, server.cfg.threads) == (3, 5)
    assert server.cfg.bind == ["127.0.0.1:8001"]
    assert server.cfg.worker_class is Worker
    assert server.cfg.preload_app


def test_nobody_outside_is_believed_and_nothing_else_is_opened(server: Server) -> None:
    assert server.cfg.forwarder_headers == []
    assert server.cfg.forwarded_allow_ips == []
    assert server.cfg.control_socket_disable


def test_it_drains_for_less_than_the_grace_of_a_container(server: Server) -> None:
    assert server.cfg.graceful_timeout < 40
    assert Path(server.cfg.worker_tmp_dir or "/tmp").is_dir()
