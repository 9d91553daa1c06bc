"""Throttles on a real Valkey, and what happens without it."""

from __future__ import annotations

import os
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from libs import keyvalue
from libs.keyvalue import KeyValue, Throttle
from libs.operations.errors import Unavailable
from libs.servers import Valkey
from libs.testing import Servers


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
