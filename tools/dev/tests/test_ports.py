import os
import socket
from collections.abc import Iterator

import pytest

from tools.dev.catalog import Service
from tools.dev.errors import Refusal
from tools.dev.ports import any_free, avoid_taken, require_free, wanted_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(taken: int) -> None:
    with pytest.raises(Refusal) as refused:
        require_free({"users.web": taken})

    assert str(taken) in str(refused.value)
    assert f"(pid {os.getpid()})" in str(refused.value)
    assert "--ports auto" in str(refused.value)
    assert refused.value.code == 1


def test_auto_moves_only_what_is_taken_and_nothing_twice(taken: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = free.getsockname()[1]

    chosen = avoid_taken({"users.web": taken, "mail": other, "orders.web": taken})

    assert chosen["mail"] == other
    assert taken not in chosen.values()
    assert len(set(chosen.values())) == 3


def test_each_service_has_its_documented_ports() -> None:
    ports = wanted_ports([Service("users", 8001), Service("catalog", 8002)])

    assert (ports["users.web"], ports["users.worker"]) == (8001, 8101)
    assert (ports["catalog.web"], ports["catalog.worker"]) == (8002, 8102)
    assert (ports["postgres"], ports["mail"], ports["smtp"]) == (8010, 8006, 8014)


def test_two_services_on_one_port_are_named() -> None:
    with pytest.raises(Refusal, match=r"8001 is meant for both users\.web and orders\.web"):
        wanted_ports([Service("users", 8001), Service("orders", 8001)])


def test_any_free_ports_are_each_another_one() -> None:
    names = [f"unit {number}" for number in range(1000)]

    assert len(set(any_free(names).values())) == 1000
