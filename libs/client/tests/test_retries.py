"""Asking again: what is healed by it, what must never be, and what it costs a dead neighbour."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from joserfc.jwk import ECKey

from libs.access import ServiceTokens
from libs.client import Peers
from libs.client.retries import RetryBudget
from libs.client.tests.servers import always, answer, closed_port, peer, read_request
from libs.operations.errors import Misunderstood, Unavailable
from libs.testing import keyed, shop

THING = answer(b'{"sku": "mug", "price": {"cents": 250, "currency": "EUR"}, "state": "sold"}')
RECEIPT = answer(b'{"number": 1, "cents": 5}', "201 Created")
PAY = keyed.Pay(account="1", cents=5)


def asking(port: int) -> Peers:
    tokens = ServiceTokens("orders", ECKey.generate_key("P-256"))
    url = f"http://127.0.0.1:{port}"
    return Peers("orders", (shop.page, keyed.page), {"shop": url, "bank": url}, tokens)


@contextmanager
def losing(first: int, reply: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A neighbour that reads the first requests, and closes without a word."""
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            asked.append(request)
            if len(asked) <= first:
                return
            connection.sendall(reply)

    with peer(talk) as port:
        yield port, asked


def test_a_lost_connection_is_healed_for_a_safe_request() -> None:
    with losing(1, THING) as (port, asked):
        assert asking(port).send(shop.GetThing(sku="mug")).sku == "mug"

    assert len(asked) == 2


def test_a_lost_connection_is_healed_for_a_keyed_request_under_the_same_key() -> None:
    with losing(1, RECEIPT) as (port, asked):
        assert asking(port).send(PAY, key="job-7").number == 1

    assert [b"idempotency-key: job-7" in request.lower() for request in asked] == [True, True]


def test_what_may_be_done_only_once_is_asked_only_once() -> None:
    with losing(1, answer(b'{"words": ""}')) as (port, asked):
        with pytest.raises(Unavailable):
            asking(port).send(shop.Ask())

    assert len(asked) == 1


def test_it_is_asked_a_second_time_and_never_a_third() -> None:
    with losing(9, THING) as (port, asked):
        with pytest.raises(Unavailable):
            asking(port).send(shop.GetThing(sku="mug"))

    assert len(asked) == 2


@pytest.mark.parametrize(
    "status",
    ["404 Not Found", "429 Too Many Requests", "500 Oh", "503 Service Unavailable"],
)
def test_an_answer_is_an_answer_and_not_asked_for_again(status: str) -> None:
    with losing(0, answer(b"{}", status, "Retry-After: 7")) as (port, asked):
        with pytest.raises((Unavailable, Misunderstood)) as caught:
            asking(port).send(shop.GetThing(sku="mug"))

    assert len(asked) == 1
    assert getattr(caught.value, "retry_after_s", 7) == 7


def test_the_second_try_has_only_the_time_that_is_left() -> None:
    def talk(connection: socket.socket) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            read_request(connection)
            time.sleep(1.0)
            return  # lost after a second of the two that there are
        read_request(connection)
        time.sleep(5)

    asked: list[float] = []
    with peer(talk) as port:
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            asking(port).send(shop.GetThing(sku="mug"))

    assert len(asked) == 2
    assert time.monotonic() - begun < 2.5


def test_a_call_without_time_is_not_repeated() -> None:
    with peer(always(THING, after_s=3)) as port:
        peers = asking(port)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="ReadTimeout"):
            peers.send(shop.GetThing(sku="mug"))

    assert time.monotonic() - begun < 2.5


def test_a_dead_neighbour_is_asked_at_most_a_tenth_more_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("libs.client.breaker.Breaker.admit", lambda _: -1)  # it would stop sooner
    monkeypatch.setattr("libs.client.retries.PAUSE_S", (0.0, 0.0))
    with losing(10_000, THING) as (port, asked):
        peers = asking(port)
        for _ in range(200):
            with pytest.raises(Unavailable):
                peers.send(shop.GetThing(sku="mug"))

    assert 200 < len(asked) <= 200 * 1.1 + 1


def test_an_open_breaker_is_not_asked_again() -> None:
    peers = asking(closed_port())
    for _ in range(6):
        with pytest.raises(Unavailable):
            peers.send(shop.Ask())

    begun = time.monotonic()
    for _ in range(100):
        with pytest.raises(Unavailable, match="breaker is open"):
            peers.send(shop.GetThing(sku="mug"))

    assert time.monotonic() - begun < 0.5


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_ten_calls_earn_a_retry_and_a_burst_cannot_be_saved_up_for() -> None:
    budget, _ = made()
    budget.spend()

    for _ in range(10_000):
        budget.called()

    assert sum(budget.spend() for _ in range(100)) == 10


def test_a_quiet_service_may_retry_once_in_ten_seconds() -> None:
    budget, clock = made()
    granted = []
    for _ in range(60):
        clock.now += 1
        granted.append(budget.spend())

    assert granted.count(True) == 6


def made() -> tuple[RetryBudget, Clock]:
    clock = Clock()
    return RetryBudget("orders", "shop", clock=clock), clock
