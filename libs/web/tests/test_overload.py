"""A web that is asked for more than it has threads for, or by clients that take their time."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from libs.web.tests.running import Running, receive, request, shop_running

ASK = "/api/v1/questions"
HALF = request("POST", ASK, body=b'{"words": "x"}')[:-5]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process with four threads, two of them for requests, and sixteen connections."""
    told = {"WEB_WORKERS": "1", "WEB_THREADS": "4", "CONNECTIONS": "16"}
    with shop_running(tmp_path_factory.mktemp("small"), **told) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The same, where a request has to arrive within a second."""
    told = {"WEB_WORKERS": "1", "WEB_THREADS": "4", "ARRIVE_S": "1"}
    with shop_running(tmp_path_factory.mktemp("hasty"), **told) as server:
        yield server


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The same, where a request waits for a thread as long as a slow machine needs to show it."""
    told = {"WEB_WORKERS": "1", "WEB_THREADS": "4", "PATIENCE_S": "20"}
    with shop_running(tmp_path_factory.mktemp("patient"), **told) as server:
        yield server


class Busy:
    """Requests that take a while, in all the threads that there are for requests."""

    def __init__(self, server: Running, seconds: float = 1.5) -> None:
        self._server = server
        self._body = b'{"words": "sleep %.1f"}' % seconds

    def __enter__(self) -> Busy:
        self.connections = [self._server.connect() for _ in range(2)]
        for connection in self.connections:
            connection.sendall(request("POST", ASK, body=self._body))
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.connections:
            with connection:
                assert receive(connection, 0).status == 200


def test_one_request_too_many_is_refused_at_once_with_everything_a_problem_has(
    small: Running,
) -> None:
    with Busy(small):
        refused = small.ask("GET", "/api/v1/things/mug")

    assert (refused.status, refused.took_s < 0.5) == (503, True)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["cache-control"] == "no-store"
    assert refused.json["type"] == "/problems/overloaded"
    assert re.fullmatch(r"[0-9a-f]{32}", refused.json["trace_id"])
    assert small.ask("GET", "/api/v1/things/mug").status == 200


def test_a_burst_waits_for_its_threads_and_what_is_more_than_that_is_refused(
    patient: Running,
) -> None:
    with Busy(patient), ExitStack() as closing:
        waiting = [closing.enter_context(patient.connect()) for _ in range(2)]
        for connection in waiting:
            connection.sendall(request("GET", "/api/v1/things/mug"))
        time.sleep(0.2)
        refused = patient.once(request("GET", "/api/v1/things/mug"))
        served = [receive(connection, 0).status for connection in waiting]

    assert (refused.status, served) == (503, [200, 200])


def test_who_waits_for_a_thread_and_leaves_takes_none(patient: Running) -> None:
    with Busy(patient):
        with patient.connect() as connection:
            connection.sendall(request("GET", "/api/v1/things/mug"))
            time.sleep(0.2)
        time.sleep(0.2)
        after = [patient.connect() for _ in range(2)]
        for connection in after:
            connection.sendall(request("GET", "/api/v1/things/mug"))
        served = [receive(connection, 0).status for connection in after]
        for connection in after:
            connection.close()

    assert served == [200, 200]


def test_who_reads_the_feed_leaves_threads_to_customers_and_waits_for_its_own(
    small: Running,
) -> None:
    with ExitStack() as stack:
        reader, customer, next_reader = (stack.enter_context(small.connect()) for _ in range(3))
        reader.sendall(request("GET", "/feed?sleep=0.4"))
        time.sleep(0.1)
        next_reader.sendall(request("GET", "/feed?sleep=0"))  # one of two threads is the feed's
        time.sleep(0.1)
        customer.sendall(request("GET", "/api/v1/things/mug"))
        started = time.monotonic()
        served = receive(customer, started)
        read = [receive(each, started) for each in (reader, next_reader)]

    assert (served.status, served.took_s < 0.15) == (200, True)
    assert [each.status for each in read] == [204, 204]
    assert served.took_s < read[0].took_s <= read[1].took_s


def test_a_connection_that_is_refused_again_and_again_is_not_taken_for_idle(tmp_path: Path) -> None:
    told = {"WEB_WORKERS": "1", "WEB_THREADS": "4", "KEEP_S": "1"}
    with shop_running(tmp_path, **told) as server, server.connect() as connection:
        statuses = []
        with Busy(server, 2.5):
            for _ in range(8):
                connection.sendall(request("GET", "/api/v1/things/mug"))
                statuses.append(receive(connection, 0).status)
                time.sleep(0.25)

    assert statuses == [503] * 8


def test_probes_have_a_thread_while_all_others_work(small: Running) -> None:
    before = small.counted('concord_web_refused_total{reason="busy"}')

    with Busy(small):
        probes = [small.once(request("GET", path)) for path in ("/livez", "/readyz", "/metrics")]
        small.ask("GET", "/api/v1/things/mug")

    assert [probe.status for probe in probes] == [200, 200, 200]
    assert max(probe.took_s for probe in probes) < 0.5
    assert small.counted('concord_web_refused_total{reason="busy"}') == before + 1


def test_a_refusal_keeps_the_connection_and_the_callers_trace(small: Running) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with small.connect() as connection:
        with Busy(small):
            for _ in range(3):
                connection.sendall(
                    request("POST", ASK, f"Traceparent: 00-{trace}-00f067aa0ba902b7-01", body=b"{}")
                )
                refused = receive(connection, 0)
                assert (refused.status, refused.json["trace_id"]) == (503, trace)
            connection.sendall(request("HEAD", "/api/v1/things/mug"))
            assert receive(connection, 0, method="HEAD").status == 503

        connection.sendall(request("GET", "/api/v1/things/mug"))
        assert receive(connection, 0).status == 200


def test_who_wants_the_connection_closed_is_refused_and_closed(small: Running) -> None:
    with Busy(small), small.connect() as connection:
        connection.sendall(request("GET", "/api/v1/things/mug", "Connection: close"))

        refused = receive(connection, 0)

        assert (refused.status, refused.headers["connection"]) == (503, "close")
        assert connection.recv(1) == b""


def test_who_still_sends_a_body_hears_the_refusal(small: Running) -> None:
    body = b'"' + b"x" * 2_000_000 + b'"'

    with Busy(small, 2.0):
        said = small.once(request("POST", ASK, body=body))

    assert said.status == 503


def test_clients_that_connect_and_say_nothing_take_no_thread(small: Running) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(small.connect())

        said = small.once(request("GET", "/api/v1/things/mug"))

    assert (said.status, said.took_s < 0.5) == (200, True)


@pytest.mark.parametrize("begun", [HALF, HALF[:30]], ids=["half a body", "half a head"])
def test_clients_that_send_by_the_byte_take_no_thread_and_not_for_ever(
    hasty: Running, begun: bytes
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(hasty.connect()) for _ in range(10)]
        for connection in slow:
            connection.sendall(begun)
        time.sleep(0.1)

        said = hasty.once(request("GET", "/api/v1/things/mug"))
        ended = []
        for connection in slow:
            connection.sendall(b" ")
            ended.append(receive(connection, time.monotonic()))

    assert (said.status, said.took_s < 0.5) == (200, True)
    assert {end.status for end in ended} == {408}
    assert {end.headers["connection"] for end in ended} == {"close"}


def test_bodies_that_a_thread_has_to_wait_for_leave_a_thread_to_the_others(hasty: Running) -> None:
    head = request("POST", ASK, "Expect: 100-continue", "Content-Length: 9", "Content-Type: a/b")
    with ExitStack() as stack:
        slow = [stack.enter_context(hasty.connect()) for _ in range(6)]
        for connection in slow:
            connection.sendall(head)
        time.sleep(0.1)

        said = hasty.once(request("GET", "/api/v1/things/mug"))
        first = [receive(connection, 0).status for connection in slow]
        last = receive(slow[first.index(100)], 0)

    assert (said.status, said.took_s < 0.5) == (200, True)
    assert sorted(first) == [100, 503, 503, 503, 503, 503]
    assert last.status == 408


CHUNKED = request("POST", ASK, "Transfer-Encoding: chunked", "Content-Type: application/json")


@pytest.mark.parametrize("promised", [b"ff", b"fffff"], ids=["a little", "more than we hold"])
def test_chunks_that_only_look_like_the_last_hold_neither_threads_nor_probes(
    hasty: Running, promised: bytes
) -> None:
    body = promised + b"\r\nx\r\n0\r\n\r\n"
    probe = request("GET", "/livez", "Transfer-Encoding: chunked")
    with ExitStack() as stack:
        for head in (CHUNKED, CHUNKED, CHUNKED, probe, probe, probe):
            stack.enter_context(hasty.connect()).sendall(head + body)
        time.sleep(0.1)

        said = [hasty.once(request("GET", path)) for path in ("/api/v1/things/mug", "/livez")]

    assert [(each.status, each.took_s < 0.5) for each in said] == [(200, True)] * 2


@pytest.mark.parametrize(
    "last", [b"0\r\n\r\n", b"00\r\n\r\n", b"0;a=b\r\n\r\n", b"0\r\nChecksum: x\r\n\r\n"]
)
def test_chunks_that_come_in_pieces_are_whole_at_their_last(hasty: Running, last: bytes) -> None:
    body = b'2\r\n{"\r\n' + b'b\r\nwords": "x"\r\n1\r\n}\r\n' + last
    with hasty.connect() as connection:
        for at in range(0, len(CHUNKED + body), 7):
            connection.sendall((CHUNKED + body)[at : at + 7])
            time.sleep(0.002)

        said = receive(connection, 0)

    assert (said.status, said.json) == (200, {"words": "x"})


def test_a_client_that_waits_to_be_told_to_go_on_is_told(small: Running) -> None:
    with small.connect() as connection:
        body = b'{"words": "x"}'
        head, _, _ = request("POST", ASK, "Expect: 100-continue", body=body).partition(body)
        connection.sendall(head)
        assert receive(connection, 0).status == 100

        connection.sendall(body)

        assert receive(connection, 0).json == {"words": "x"}


def test_a_request_that_waited_too_long_is_refused_rather_than_served_late(small: Running) -> None:
    (worker,) = small.workers()
    with small.connect() as early:
        early.sendall(request("GET", "/livez"))
        receive(early, 0)
        os.kill(worker, signal.SIGSTOP)
        try:
            early.sendall(request("GET", "/api/v1/things/mug"))
            time.sleep(1.5)
        finally:
            os.kill(worker, signal.SIGCONT)

        late = receive(early, 0)
        early.sendall(request("GET", "/api/v1/things/mug"))
        fresh = receive(early, 0)

    assert (late.status, fresh.status) == (503, 200)


def test_idle_connections_make_room_for_new_ones(small: Running) -> None:
    (worker,) = small.workers()
    before = len(os.listdir(f"/proc/{worker}/fd"))
    with ExitStack() as stack:
        idle = []
        for _ in range(40):
            idle.append(stack.enter_context(small.connect()))
            idle[-1].sendall(request("GET", "/livez"))
            receive(idle[-1], 0)

        said = small.once(request("GET", "/readyz"))

        assert said.status == 200
        assert len(os.listdir(f"/proc/{worker}/fd")) <= before + 17
        assert idle[0].recv(1) == b""  # the one that was silent for longest


def test_requests_that_come_together_are_all_answered(small: Running) -> None:
    with small.connect() as connection:
        connection.sendall(request("GET", "/api/v1/things/mug") * 5)
        read = b""
        while read.count(b"HTTP/1.1 200") < 5:
            chunk = connection.recv(65_536)
            assert chunk, read
            read += chunk


def test_memory_stays_flat_however_much_is_asked(tmp_path: Path) -> None:
    def resident_mb() -> float:
        (worker,) = server.workers()
        pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def hammer() -> None:
        with server.connect() as connection:
            for _ in range(100):
                connection.sendall(request("POST", ASK, body=b'{"words": "sleep 0.02"}'))
                statuses.add(receive(connection, 0).status)

    statuses: set[int] = set()
    with shop_running(tmp_path, WEB_WORKERS="1", WEB_THREADS="4") as server:
        for _ in range(50):
            server.ask("GET", "/api/v1/things/mug")
        before = resident_mb()
        threads = [threading.Thread(target=hammer) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = resident_mb()

    assert statuses == {200, 503}
    assert after - before < 15, (before, after)


def test_half_megabytes_are_not_held_without_a_bound(tmp_path: Path) -> None:
    told = {"WEB_WORKERS": "1", "WEB_THREADS": "4", "ARRIVE_S": "20"}
    head = request("POST", ASK, "Content-Length: 1000000", "Content-Type: application/json")
    with shop_running(tmp_path, **told) as server, ExitStack() as stack:
        (worker,) = server.workers()
        statuses = []
        for _ in range(60):
            connection = stack.enter_context(server.connect())
            connection.sendall(head + b"x" * 900_000)
            statuses.append(_has_said(connection))
        pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        said = server.once(request("GET", "/api/v1/things/mug"))

    assert pages * os.sysconf("SC_PAGE_SIZE") / 1e6 < 200
    assert statuses.count(None) < 60
    assert said.status in (200, 503)


def _has_said(connection: socket.socket) -> bytes | None:
    connection.settimeout(0.05)
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return None
