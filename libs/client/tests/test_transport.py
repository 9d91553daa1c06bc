"""The transport: deadlines that hold, connections that are never mixed up."""

from __future__ import annotations

import os
import re
import resource
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from libs.client.tests.servers import (
    CERTIFICATE,
    always,
    answer,
    closed_port,
    drip,
    peer,
    read_request,
)
from libs.client.transport import PooledTransport


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def send(
    transport: PooledTransport,
    port: int,
    path: str = "/",
    *,
    within_s: float = 1.0,
    method: str = "GET",
    host: str = "127.0.0.1",
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    request = httpx.Request(
        method,
        f"http://{host}:{port}{path}",
        content=content,
        headers=headers,
        extensions={"deadline": time.monotonic() + within_s},
    )
    return transport.handle_request(request)


def dripping_head(connection: socket.socket) -> None:
    read_request(connection)
    drip(connection, answer(b"{}", "200 OK", "X-Long: " + "x" * 100), every_s=0.05)


def dripping_body(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(answer(b" " * 100)[:-100])
    drip(connection, b" " * 100, every_s=0.05)


def dripping_chunks(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(connection, b"1\r\nx\r\n" * 50, every_s=0.05)


def silent(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(3)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("talk", [dripping_head, dripping_body, dripping_chunks, silent])
def test_a_dripping_peer_is_cut_at_the_deadline(talk: object, tls: bool) -> None:
    with peer(talk, tls=tls) as port:  # type: ignore[arg-type]  # parametrised
        transport = PooledTransport(tls=trusting() if tls else None)
        started = time.monotonic()

        with pytest.raises(httpx.ReadTimeout):
            send(transport, port, within_s=0.4)

        assert 0.35 < time.monotonic() - started < 0.6


def test_httpx_alone_waits_for_a_dripping_peer_beyond_its_timeout() -> None:
    def dripping(connection: socket.socket) -> None:
        read_request(connection)
        drip(connection, answer(), every_s=0.02)

    with peer(dripping) as port, httpx.Client(timeout=0.2, trust_env=False) as naive:
        started = time.monotonic()

        naive.get(f"http://127.0.0.1:{port}/")

        assert time.monotonic() - started > 0.6


def test_a_peer_that_never_finishes_its_handshake_is_cut_at_the_deadline() -> None:
    with peer(lambda connection: time.sleep(3)) as port:
        started = time.monotonic()

        with pytest.raises(httpx.ConnectTimeout):
            send(PooledTransport(tls=trusting()), port, within_s=0.3)

        assert time.monotonic() - started < 0.5


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_peer_that_does_not_read_is_cut_at_the_deadline(tls: bool) -> None:
    def slow_reader(connection: socket.socket) -> None:
        for _ in range(100):
            connection.recv(1024)
            time.sleep(0.05)

    with peer(slow_reader, tls=tls) as port:
        transport = PooledTransport(tls=trusting() if tls else None)
        started = time.monotonic()

        with pytest.raises(httpx.TimeoutException):
            send(transport, port, within_s=0.4, method="POST", content=b"x" * 32_000_000)

        assert time.monotonic() - started < 0.6


def test_a_certificate_that_nobody_signed_is_refused() -> None:
    with peer(always(answer()), tls=True) as port:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            send(PooledTransport(tls=httpx.create_ssl_context(trust_env=False)), port)


def test_a_deadline_that_has_passed_is_not_even_connected_for() -> None:
    with pytest.raises(httpx.ConnectTimeout):
        send(PooledTransport(), closed_port(), within_s=-1)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        answer(b"{}")[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(b'"late"'),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        answer(b"x" * (16 * 1024 * 1024 + 1)),
    ],
    ids=[
        "nothing",
        "no-http",
        "no-status",
        "cut-off",
        "cut-off-chunk",
        "bad-chunk",
        "early-hints",
        "many-headers",
        "long-header",
        "too-long",
    ],
)
def test_an_answer_that_is_not_whole_is_a_protocol_error(reply: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(reply)

    with peer(talk) as port:
        transport = PooledTransport(connections=1)

        for _ in range(3):  # each gives its slot back
            with pytest.raises(httpx.RemoteProtocolError):
                send(transport, port)

        assert not transport._idle


def test_nobody_listening_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        send(PooledTransport(), closed_port())


def test_a_host_that_is_no_host_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        send(PooledTransport(), 80, host="no.such.host.invalid", within_s=5)


def test_a_request_waits_for_a_connection_and_then_gives_up() -> None:
    with peer(always(answer(), after_s=0.5)) as port:
        transport = PooledTransport(connections=1, pool_wait_s=0.1)
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(send, transport, port)
            time.sleep(0.1)
            started = time.monotonic()

            with pytest.raises(httpx.PoolTimeout):
                send(transport, port)

            assert time.monotonic() - started < 0.2
            assert first.result().status_code == 200


def test_every_way_to_end_gives_the_slot_back() -> None:
    transport = PooledTransport(connections=1, pool_wait_s=0)
    with peer(silent) as port:
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                send(transport, port, within_s=0.05)
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            send(transport, closed_port())
    with peer(always(answer())) as port:
        for _ in range(3):
            with pytest.raises(ValueError, match="Invalid header value"):
                send(transport, port, headers={"Idempotency-Key": "a\r\nX-Admin: yes"})

        assert send(transport, port).status_code == 200


def test_a_connection_is_used_again() -> None:
    connections: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        always(answer())(connection)

    with peer(talk) as port:
        transport = PooledTransport()
        for _ in range(20):
            send(transport, port)

    assert len(connections) == 1


def test_a_peer_that_closes_what_it_kept_costs_no_error() -> None:
    def closes_soon(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer())

    with peer(closes_soon) as port:
        transport = PooledTransport()
        for _ in range(20):
            assert send(transport, port).status_code == 200
            time.sleep(0.005)


def test_what_a_peer_says_unasked_is_nobodys_answer() -> None:
    def says_more(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(answer(b'"mine"'))
            time.sleep(0.02)
            connection.sendall(answer(b'"forged"'))

    with peer(says_more) as port:
        transport = PooledTransport()
        for _ in range(5):
            assert send(transport, port).content == b'"mine"'
            time.sleep(0.05)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_answers_without_a_body_leave_nothing_for_the_next(method: str) -> None:
    empty = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        if method == "HEAD"
        else b"HTTP/1.1 204 No Content\r\n\r\n"
    )

    with peer(always(empty)) as port:
        transport = PooledTransport()
        for _ in range(3):
            assert send(transport, port, method=method).content == b""


def echo(connection: socket.socket) -> None:
    while request := read_request(connection):
        found = re.search(rb" /([0-9-]+)", request)
        connection.sendall(answer(found[1] if found else b""))


def test_everybody_gets_their_own_answer() -> None:
    with peer(echo) as port:
        transport = PooledTransport(connections=4, pool_wait_s=5)

        def ask(number: int) -> bool:
            return all(
                send(transport, port, f"/{number}-{turn}", within_s=10).content
                == f"{number}-{turn}".encode()
                for turn in range(30)
            )

        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(ask, range(16)))
        assert len(transport._idle) <= 4
        idle = list(transport._idle)
        assert len(set(map(id, idle))) == len(idle)


def test_the_peers_address_may_be_of_version_six() -> None:
    try:
        with peer(echo, host="::1") as port:
            assert send(PooledTransport(), port, "/7", host="[::1]").content == b"7"
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_many_open_files_do_not_matter() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1300:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1300, hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1050)]
    try:
        with peer(echo) as port:
            transport = PooledTransport()
            for turn in range(3):
                assert send(transport, port, f"/{turn}").content == str(turn).encode()
    finally:
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_peer_that_closes_after_the_body_answers_too() -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    with peer(talk) as port:
        assert send(PooledTransport(), port).content == b"all of it"


def test_closing_leaves_no_connection() -> None:
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        always(answer())(connection)
        ended.set()

    with peer(talk) as port:
        transport = PooledTransport()
        send(transport, port)

        transport.close()

        assert ended.wait(2)
