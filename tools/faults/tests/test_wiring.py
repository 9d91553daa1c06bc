"""Every address that a unit is told leads through an edge that can be made to misbehave."""

from __future__ import annotations

import socket

import pytest

from tools.faults.behaviours import BLACK_HOLE
from tools.faults.proxies import Proxies
from tools.faults.wiring import through


def test_each_neighbour_and_server_gets_an_edge_and_keeps_it() -> None:
    told = {
        "PEER_CATALOG_URL": "http://127.0.0.1:8002",
        "DATABASE_URL": "postgresql://orders_app:s%40cret@127.0.0.1:5432/orders",
        "QUEUE_URL": "redis://127.0.0.1:6379/0",
        "HTTP_BIND": "127.0.0.1:8003",
    }
    with Proxies() as proxies:
        first = through(proxies, "orders.web", told)
        after_a_restart = through(proxies, "orders.web", told)

        assert (
            first
            == after_a_restart
            == {
                "PEER_CATALOG_URL": f"http://127.0.0.1:{proxies.port('orders.web->catalog.web')}",
                "DATABASE_URL": "postgresql://orders_app:s%40cret@127.0.0.1:"
                f"{proxies.port('orders.web->postgres')}/orders",
                "QUEUE_URL": f"redis://127.0.0.1:{proxies.port('orders.web->valkey_queue')}/0",
                "HTTP_BIND": "127.0.0.1:8003",
            }
        )


def test_a_pattern_names_the_edges_of_many_and_one_that_names_none_is_a_mistake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Proxies() as proxies:
        for edge in (
            "orders.web->valkey_queue",
            "users.web->valkey_queue",
            "orders.web->catalog.web",
        ):
            proxies.open(edge, server.getsockname()[1])

        assert proxies.named("*->valkey_queue") == [
            "orders.web->valkey_queue",
            "users.web->valkey_queue",
        ]
        with (
            pytest.raises(LookupError, match="payments"),
            proxies.behaving(BLACK_HOLE, "payments.*"),
        ):
            pass
