"""Neighbours and foreign APIs over HTTP: what a network can do to a call."""

from __future__ import annotations

import os
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import httpx
import pytest
from joserfc.jwk import ECKey

from libs import client
from libs.access import ServiceTokens
from libs.client import HttpNeighbour, Outbound, Peers
from libs.client.retry_after import retry_after_of
from libs.client.tests.conftest import Street, context_of
from libs.client.tests.servers import (
    CERTIFICATE,
    always,
    answer,
    closed_port,
    drip,
    peer,
    read_request,
)
from libs.operations.context import holding_transaction, within
from libs.operations.errors import Misunderstood, Unavailable
from libs.testing import shop

GREETING = answer(b'{"words": "hello"}')


def asking(url: str) -> Peers:
    tokens = ServiceTokens("orders", ECKey.generate_key("P-256"))
    return Peers("orders", (shop.page,), {"shop": url}, tokens)


def test_eight_calls_to_a_slow_neighbour_take_as_long_as_one() -> None:
    with peer(always(GREETING, after_s=0.5)) as port:
        peers = asking(f"http://127.0.0.1:{port}")
        started = time.monotonic()

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: peers.send(shop.Ask()), range(8)))

        assert len(answers) == 8
        assert time.monotonic() - started <= 0.7


def test_a_dripping_neighbour_is_cut_at_the_deadline() -> None:
    def dripping(connection: socket.socket) -> None:
        read_request(connection)
        drip(connection, GREETING, every_s=0.05)

    with peer(dripping) as port:
        peers = asking(f"http://127.0.0.1:{port}")
        started = time.monotonic()

        with pytest.raises(Unavailable):
            peers.send(shop.Count())  # 0.5 s, says its contract

        assert 0.45 < time.monotonic() - started < 0.7


def test_a_dead_neighbour_opens_the_breaker_which_fails_at_once_and_lets_one_probe_through() -> (
    None
):
    port = closed_port()
    peers = asking(f"http://127.0.0.1:{port}")

    def ask() -> str:
        try:
            return peers.send(shop.Ask()).words
        except Unavailable as error:
            return error.why

    calls = 0
    while "breaker is open" not in ask():
        calls += 1
    assert calls <= 20
    started = time.perf_counter()
    for _ in range(100):
        ask()
    assert (time.perf_counter() - started) / 100 < 0.001

    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            asked.append(request)
            time.sleep(0.2)
            connection.sendall(GREETING)

    time.sleep(2.0)  # the breaker's own time
    with peer(talk, port=port), ThreadPoolExecutor(16) as threads:
        said = list(threads.map(lambda _: ask(), range(16)))
        assert len(asked) == 1
        assert said.count("hello") == 1
        assert ask() == "hello"


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many Requests", "401 Unauthorized"])
def test_a_refusal_does_not_open_the_breaker(status: str) -> None:
    with peer(always(answer(b"{}", status))) as port:
        peers = asking(f"http://127.0.0.1:{port}")
        for _ in range(40):
            with pytest.raises((Unavailable, Misunderstood), match=f"with {status[:3]}"):
                peers.send(shop.Ask())


def test_a_full_pool_does_not_open_the_breaker() -> None:
    with peer(always(GREETING, after_s=0.6)) as port:
        neighbour = HttpNeighbour("orders", "shop", f"http://127.0.0.1:{port}", connections=1)
        peers = asking("http://127.0.0.1:9")
        peers.put("shop", neighbour)
        with ThreadPoolExecutor(12) as threads:
            futures = [threads.submit(peers.send, shop.Ask()) for _ in range(12)]
            failed = [f.exception() for f in futures]

        assert sum(error is None for error in failed) == 1
        assert {str(error) for error in failed if error} == {
            "shop is unavailable: every connection is in use"
        }
        assert peers.send(shop.Ask()).words == "hello"


def test_callers_without_time_cannot_open_the_breaker_for_the_others(http_street: Street) -> None:
    with peer(always(GREETING, after_s=0.05)) as port:
        peers = asking(f"http://127.0.0.1:{port}")
        for _ in range(30):
            with within(context_of(http_street, left_s=0.01)), pytest.raises(Unavailable):
                peers.send(shop.Ask())

        assert peers.send(shop.Ask()).words == "hello"


def test_a_request_that_cannot_be_written_is_our_bug_and_not_the_neighbours() -> None:
    with peer(always(GREETING)) as port:
        peers = asking(f"http://127.0.0.1:{port}")
        for _ in range(30):
            with pytest.raises(ValueError):
                peers.send(shop.Ask(), key="a\r\nX-Admin: yes")
            with pytest.raises(ValueError, match="cannot stand in a path"):
                peers.send(shop.GetThing(sku=".."))

        assert peers.send(shop.Ask()).words == "hello"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"words": 7}', b"\xff", b"[" * 100_000, b'{"words": NaN}'],
)
def test_an_answer_that_is_not_of_the_contract_is_no_answer(body: bytes) -> None:
    with peer(always(answer(body))) as port:
        with pytest.raises(Unavailable, match="is not of the contract"):
            asking(f"http://127.0.0.1:{port}").send(shop.Ask())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"type": 7}', b"[" * 100_000])
def test_a_refusal_that_is_no_problem_is_misunderstood(body: bytes) -> None:
    with peer(always(answer(body, "404 Not Found"))) as port:
        with pytest.raises(Misunderstood):
            asking(f"http://127.0.0.1:{port}").send(shop.GetThing(sku="mug"))


def test_a_redirect_is_not_followed() -> None:
    with peer(always(answer(b"", "302 Found", "Location: http://127.0.0.1:9/"))) as port:
        with pytest.raises(Unavailable, match="with 302"):
            asking(f"http://127.0.0.1:{port}").send(shop.Ask())


def test_an_address_may_have_a_path_before_the_contracts() -> None:
    requests: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            requests.append(request)
            connection.sendall(GREETING)

    with peer(talk) as port:
        asking(f"http://localhost:{port}/shop/").send(shop.Ask())
        neighbour = HttpNeighbour("orders", "shop", f"http://localhost:{port}/shop")
        neighbour.get("/.well-known/jwks.json")

    first, second = (request.decode() for request in requests)
    assert first.startswith("POST /shop/api/v1/questions HTTP/1.1\r\n")
    assert f"\r\nHost: localhost:{port}\r\n" in first
    assert second.startswith("GET /shop/.well-known/jwks.json HTTP/1.1\r\n")
    assert "authorization" not in second.lower()


def test_an_address_may_be_of_version_six_and_the_environments_proxy_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    try:
        with peer(always(GREETING), host="::1") as port:
            assert asking(f"http://[::1]:{port}").send(shop.Ask()).words == "hello"
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_an_https_address_is_spoken_to_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    trust(monkeypatch)

    with peer(always(GREETING), tls=True) as port:
        assert asking(f"https://127.0.0.1:{port}").send(shop.Ask()).words == "hello"


def echo(connection: socket.socket) -> None:
    while request := read_request(connection):
        connection.sendall(answer(request.partition(b"\r\n\r\n")[2]))


def children_of(peers: Peers) -> list[int]:
    """How four children fare who each ask fifty times: 0 when every answer was their own."""
    peers.send(shop.Ask(words="before"))
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            right = False
            try:
                right = all(
                    peers.send(shop.Ask(words=f"{child}-{n}")).words == f"{child}-{n}"
                    for n in range(50)
                )
            finally:
                os._exit(0 if right else 1)
        children.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def test_after_a_fork_everybody_gets_their_own_answers() -> None:
    with peer(echo) as port:
        peers = asking(f"http://127.0.0.1:{port}")

        assert children_of(peers) == [0, 0, 0, 0]
        assert peers.send(shop.Ask(words="after")).words == "after"


def test_a_client_from_before_the_fork_gives_answers_to_the_wrong_callers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # the naive form: nobody looks

    with peer(echo) as port:
        assert 1 in children_of(asking(f"http://127.0.0.1:{port}"))


def test_a_plain_view_of_a_neighbour_can_be_read() -> None:
    with peer(always(answer(b'{"keys": []}'))) as port:
        assert asking(f"http://127.0.0.1:{port}").get("shop", "/jwks") == b'{"keys": []}'
    with peer(always(answer(b"", "404 Not Found"))) as port:
        with pytest.raises(Unavailable, match="with 404"):
            asking(f"http://127.0.0.1:{port}").get("shop", "/jwks")


def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: context)


def test_a_foreign_api_is_asked_without_our_tokens_and_our_trace(http_street: Street) -> None:
    requests: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            requests.append(request.lower())
            connection.sendall(answer(b'{"id": "7"}', "202 Accepted"))

    with peer(talk) as port, within(context_of(http_street)):
        api = Outbound("orders", "stripe", f"http://127.0.0.1:{port}/v3")
        response = api.request("POST", "/mails", form={"to": "a b"}, auth=("api", "key"))

    assert (response.status_code, response.json()) == (202, {"id": "7"})
    (request,) = requests
    assert request.startswith(b"post /v3/mails http/1.1") and request.endswith(b"to=a+b")
    for ours in (b"traceparent", b"service-authorization", b"bearer", b"deadline-ms"):
        assert ours not in request


def test_a_dripping_foreign_api_is_cut_at_the_deadline_over_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(monkeypatch)

    def dripping(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        drip(connection, b"1\r\nx\r\n" * 50, every_s=0.05)

    with peer(dripping, tls=True) as port:
        api = Outbound("orders", "stripe", f"https://127.0.0.1:{port}", deadline_s=0.4)
        started = time.monotonic()

        with pytest.raises(Unavailable):
            api.request("GET", "/")

        assert 0.35 < time.monotonic() - started < 0.6


@pytest.mark.parametrize(
    ("header", "wait_s"), [("30", 30), ("soon", 1), ("9" * 50, 3600), ("-5", 1), ("٣", 1)]
)
def test_a_foreign_api_that_has_enough_says_when_to_come_back(header: str, wait_s: int) -> None:
    said = answer(b"", "429 Too Many Requests", "Retry-After: " + header).replace(
        "٣".encode(), b"?"
    )
    with peer(always(said)) as port:
        api = Outbound("orders", "stripe", f"http://127.0.0.1:{port}")

        with pytest.raises(Unavailable) as refused:
            api.request("GET", "/")

    assert refused.value.retry_after_s == wait_s


def test_a_time_to_come_back_may_be_a_date() -> None:
    assert 50 < retry_after_of(formatdate(time.time() + 60, usegmt=True)) <= 60
    assert retry_after_of(formatdate(0, usegmt=True)) == 1
    assert retry_after_of(None) == 1


def test_a_foreign_api_that_fails_opens_its_breaker() -> None:
    with peer(always(answer(b"", "502 Bad Gateway"))) as port:
        api = Outbound("orders", "stripe", f"http://127.0.0.1:{port}")
        for _ in range(5):
            with pytest.raises(Unavailable, match="it answered 502"):
                api.request("GET", "/")

        with pytest.raises(Unavailable, match="breaker is open"):
            api.request("GET", "/")


def test_a_foreign_api_is_not_asked_in_a_transaction_nor_at_another_address() -> None:
    api = Outbound("orders", "stripe", "http://127.0.0.1:9")

    with holding_transaction(), pytest.raises(RuntimeError, match="while a transaction is open"):
        api.request("GET", "/")
    for path in ("https://evil.example/", "//evil.example/", "charges"):
        with pytest.raises(ValueError, match="is no path"):
            api.request("GET", path)
    with pytest.raises(ValueError, match="is no address"):
        Outbound("orders", "stripe", "api.stripe.com")


def test_a_compressed_answer_that_is_none_is_a_failure_and_no_bug() -> None:
    with peer(always(answer(b"rubbish", "200 OK", "Content-Encoding: gzip"))) as port:
        with pytest.raises(Unavailable):
            Outbound("orders", "stripe", f"http://127.0.0.1:{port}").request("GET", "/")


def test_the_package_exports_what_it_lists() -> None:
    assert client.__all__ == sorted(client.__all__)
    assert all(hasattr(client, name) for name in client.__all__)
