"""Throttles on a real Valkey, and what happens without it."""

from __future__ import annotations

import os
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis
from typing_extensions import TypeVar

from libs import keyvalue
from libs.keyvalue import KeyValue, Throttle
from libs.keyvalue.throttle import LEFT_ALONE_S
from libs.keyvalue.tries import Tries
from libs.operations.errors import Unavailable
from libs.servers import Valkey
from libs.testing import Servers

T = TypeVar("T")


def throttle(servers: Servers, *, limit: int = 3, window_s: float = 60) -> Throttle:
    return Throttle(KeyValue(servers.valkey.url), uuid.uuid4().hex, limit=limit, window_s=window_s)


def test_a_name_has_its_tries_and_then_waits(servers: Servers) -> None:
    tries = throttle(servers)

    assert [tries.retry_after("ada") for _ in range(3)] == [None, None, None]
    assert 58 <= (tries.retry_after("ada") or 0) <= 60
    assert tries.retry_after("bob") is None


def test_a_window_ends_and_is_not_prolonged_by_trying(servers: Servers) -> None:
    tries = throttle(servers, limit=1, window_s=0.3)
    tries.retry_after("ada")
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        tries.retry_after("eve")
        time.sleep(0.05)

    assert tries.retry_after("ada") is None


def test_who_succeeds_begins_anew(servers: Servers) -> None:
    tries = throttle(servers, limit=1)
    tries.retry_after("ada")

    tries.forget("ada")

    assert tries.retry_after("ada") is None
    assert tries.retry_after("ada") is not None


def test_the_limit_holds_over_threads(servers: Servers) -> None:
    tries = throttle(servers, limit=5)

    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(lambda _: tries.retry_after("ada") is None, range(40)))

    assert sum(allowed) == 5


def test_the_limit_holds_over_a_fork(servers: Servers) -> None:
    tries = throttle(servers, limit=5)
    tries.retry_after("ada")

    pid = os.fork()
    if pid == 0:
        os._exit(sum(tries.retry_after("ada") is None for _ in range(4)))
    child = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert child == 4
    assert tries.retry_after("ada") is not None


def test_a_dead_valkey_is_unavailable_at_once_and_found_again(own_valkey: Valkey) -> None:
    store = KeyValue(own_valkey.url)
    store.ready()
    own_valkey.stop()
    started = time.monotonic()

    with pytest.raises(Unavailable):
        store.ready()

    assert time.monotonic() - started < 0.6
    own_valkey.start()
    store.ready()


def test_a_valkey_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = KeyValue(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()

        with pytest.raises(Unavailable):
            store.ready()

        assert time.monotonic() - started < 0.6


@contextmanager
def dead(valkey: Valkey) -> Iterator[None]:
    os.kill(valkey.pid, signal.SIGKILL)
    time.sleep(0.2)
    yield


@contextmanager
def stopped(valkey: Valkey) -> Iterator[None]:
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(valkey.pid, signal.SIGCONT)


@pytest.mark.parametrize("fault", [dead, stopped])
def test_without_valkey_each_process_has_its_own_limit(
    own_valkey: Valkey, fault: Callable[[Valkey], AbstractContextManager[None]]
) -> None:
    tries = Throttle(KeyValue(own_valkey.url), "login", limit=3, window_s=60)
    tries.retry_after("ada")

    with fault(own_valkey):
        begun = time.monotonic()
        said = [tries.retry_after("ada") for _ in range(100)]
        bobs = tries.retry_after("bob")
        tries.forget("ada")
        anew = tries.retry_after("ada")
        took_s = time.monotonic() - begun

    assert said[:3] == [None, None, None]
    assert all(58 <= (wait or 0) <= 60 for wait in said[3:])
    assert (bobs, anew) == (None, None)
    # A hundred time-outs of a quarter of a second would be 25.
    assert took_s < 2


def test_a_stopped_valkey_that_goes_on_is_asked_again(own_valkey: Valkey) -> None:
    clock = Clock()
    tries = Throttle(KeyValue(own_valkey.url), "login", limit=1, window_s=60, clock=clock)
    with stopped(own_valkey):
        assert [tries.retry_after("ada"), tries.retry_after("ada")] == [None, 60]

    clock.now += LEFT_ALONE_S
    others = Throttle(KeyValue(own_valkey.url), "login", limit=1, window_s=60)

    assert tries.retry_after("eve") is None
    assert others.retry_after("eve") is not None  # counted for all again


def test_while_it_stands_still_one_in_two_seconds_waits_for_it(own_valkey: Valkey) -> None:
    clock = Clock()
    store = Asked(own_valkey.url)
    tries = Throttle(store, "login", limit=1, window_s=60, clock=clock)
    with stopped(own_valkey):
        for _ in range(60):
            tries.retry_after("ada")
            clock.now += 0.1

    assert store.asked in (3, 4)


def test_names_are_forgotten_when_their_window_ends_or_there_are_too_many() -> None:
    clock = Clock()
    tries = Tries(60, clock, most_names=100)
    for name in range(1000):
        tries.count(str(name))
    assert len(tries) == 100
    assert tries.count("999") == (2, 60)

    clock.now += 60

    assert tries.count("999") == (1, 60)
    assert len(tries) == 1


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Asked(KeyValue):
    """Counts how often it is asked."""

    asked = 0

    def run(self, command: Callable[[redis.Redis], T]) -> T:
        self.asked += 1
        return super().run(command)


def test_a_full_valkey_is_unavailable_and_no_bug(own_valkey: Valkey) -> None:
    store = KeyValue(own_valkey.url)
    store.run(lambda client: client.config_set("maxmemory", "1"))

    with pytest.raises(Unavailable):
        store.run(lambda client: client.set("a", "b"))


def test_a_password_is_not_in_what_is_said() -> None:
    with pytest.raises(Unavailable) as error:
        KeyValue("redis://:hunter2@127.0.0.1:9").ready()

    assert "hunter2" not in str(error.value)


def test_the_package_exports_what_it_lists() -> None:
    assert keyvalue.__all__ == sorted(keyvalue.__all__)
    assert all(hasattr(keyvalue, name) for name in keyvalue.__all__)
