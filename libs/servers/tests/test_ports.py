"""A port that is free now is not taken by the next connection of anybody."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest

from libs.servers import free_port, is_free

GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not GIVEN_AWAY.exists(), reason="Linux says here which ports it gives away")
def test_a_free_port_is_none_that_the_kernel_gives_to_connections() -> None:
    lowest, highest = map(int, GIVEN_AWAY.read_text().split())

    ports = {free_port() for _ in range(50)}

    assert not any(lowest <= port <= highest for port in ports)
    assert all(is_free(port) for port in ports)


def test_a_port_that_somebody_listens_on_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    monkeypatch.setattr(random, "randint", lambda low, high: taken)

    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() != taken
