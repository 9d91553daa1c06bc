"""A slow neighbour holds some of the threads, and not all of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import ECKey

from libs.access import ServiceTokens
from libs.client import Peers, calls_at_once
from libs.client.tests.conftest import Street, context_of
from libs.client.tests.servers import always, answer, peer
from libs.operations.context import within
from libs.operations.errors import Unavailable
from libs.testing import shop

GREETING = answer(b'{"words": "hello"}')


def asking(port: int, at_once: int) -> Peers:
    tokens = ServiceTokens("orders", ECKey.generate_key("P-256"))
    url = f"http://127.0.0.1:{port}"
    return Peers("orders", (shop.page,), {"shop": url}, tokens, at_once=at_once)


def test_requests_that_do_not_need_the_slow_neighbour_find_a_thread(http_street: Street) -> None:
    with peer(always(GREETING, after_s=10)) as port, ThreadPoolExecutor(6) as threads:
        peers = asking(port, calls_at_once(8))

        def needs_it() -> str:
            with within(context_of(http_street, left_s=2.0)):
                try:
                    return peers.send(shop.Ask()).words
                except Unavailable as error:
                    return error.why

        begun = time.monotonic()
        slow = [threads.submit(needs_it) for _ in range(12)]
        other = threads.submit(lambda: time.monotonic() - begun)

        assert other.result() < 1.0
        whys = [each.result() for each in slow]
        assert whys.count("too many calls are under way") == 8
        assert time.monotonic() - begun < 3.0


def test_a_full_bulkhead_says_nothing_about_the_neighbours_health(http_street: Street) -> None:
    def ask() -> str:
        with within(context_of(http_street, left_s=2.0)):
            try:
                return peers.send(shop.Ask()).words
            except Unavailable as error:
                return error.why

    with peer(always(GREETING, after_s=0.5)) as port, ThreadPoolExecutor(30) as threads:
        peers = asking(port, 1)

        said = list(threads.map(lambda _: ask(), range(30)))

        assert said.count("hello") == 1
        assert said.count("too many calls are under way") == 29
        assert ask() == "hello"


def test_jobs_have_threads_of_their_own_and_no_bulkhead() -> None:
    with peer(always(GREETING, after_s=0.2)) as port, ThreadPoolExecutor(8) as threads:
        peers = asking(port, 1)

        said = list(threads.map(lambda _: peers.send(shop.Ask()).words, range(8)))

    assert said == ["hello"] * 8


def test_a_place_is_given_back_however_the_call_ends(http_street: Street) -> None:
    with peer(always(answer(b"{", "200 OK"))) as port:
        peers = asking(port, 1)
        for _ in range(3):
            with within(context_of(http_street)), pytest.raises(Unavailable, match="contract"):
                peers.send(shop.Ask())


@pytest.mark.parametrize(("threads", "calls"), [(3, 1), (4, 1), (8, 4), (32, 28)])
def test_some_threads_are_always_left(threads: int, calls: int) -> None:
    assert calls_at_once(threads) == calls


def test_a_neighbour_that_is_busy_is_not_ill(http_street: Street) -> None:
    busy = answer(b"{}", "503 Service Unavailable", "Refused: busy", "Retry-After: 1")
    with peer(always(busy)) as port:
        peers = asking(port, 4)
        for _ in range(40):
            with pytest.raises(Unavailable, match="with 503"):
                peers.send(shop.Ask())
