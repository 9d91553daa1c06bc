"""What the fault proxy does to those who talk through it, over real sockets."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.faults.behaviours import (
    BLACK_HOLE,
    CUT,
    DEAF,
    DRIP,
    LATE,
    MUTE,
    NO_ROUTE,
    PASS,
    Behaviour,
)
from tools.faults.proxies import Proxies

EDGE = "caller->callee"
SOON_S = 5.0
NEVER_S = 0.4


class Callee:
    """Says back what it hears, and remembers it; `hello` is said to whoever comes."""

    def __init__(self) -> None:
        self.heard = b""
        self.hello = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes its thread, which holds it open
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._say_back, args=(connection,), daemon=True).start()

    def _say_back(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self.hello)
                while said := connection.recv(65536):
                    self.heard += said
                    connection.sendall(said)
            except OSError:
                return


@pytest.fixture
def callee() -> Iterator[Callee]:
    made = Callee()
    yield made
    with contextlib.suppress(OSError):
        made.close()


@pytest.fixture
def proxies(callee: Callee) -> Iterator[Proxies]:
    with Proxies() as made:
        made.open(EDGE, callee.port)
        yield made


def connect(proxies: Proxies, timeout_s: float = SOON_S) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxies.port(EDGE)), timeout=timeout_s)


def ask(connection: socket.socket, said: bytes, timeout_s: float = SOON_S) -> bytes:
    """What comes back, as many bytes as were said."""
    connection.settimeout(timeout_s)
    connection.sendall(said)
    return read(connection, len(said))


def read(connection: socket.socket, length: int) -> bytes:
    answer = b""
    while len(answer) < length and (more := connection.recv(65536)):
        answer += more
    return answer


def test_with_nothing_wrong_every_byte_and_both_ends_of_a_conversation_pass(
    proxies: Proxies, callee: Callee
) -> None:
    said = os.urandom(3_000_000)  # more than any buffer on the way holds
    with connect(proxies) as connection:
        sender = threading.Thread(target=connection.sendall, args=(said,))
        sender.start()
        answer = read(connection, len(said))
        sender.join()
        connection.shutdown(socket.SHUT_WR)

        assert answer == said
        assert connection.recv(1) == b""  # the callee has heard the end, and ended


def test_half_a_second_of_latency_is_half_a_second_a_round_trip(proxies: Proxies) -> None:
    with connect(proxies) as connection:
        ask(connection, b"warm")
        proxies.behave(EDGE, Behaviour(latency_s=0.5))
        began = time.monotonic()
        answer = ask(connection, b"late")
        late_s = time.monotonic() - began

        proxies.behave(EDGE, PASS)
        began = time.monotonic()
        ask(connection, b"soon")

    assert answer == b"late"
    assert 0.5 <= late_s < 0.9
    assert time.monotonic() - began < 0.4


def test_a_black_hole_takes_connections_and_never_answers(proxies: Proxies, callee: Callee) -> None:
    with connect(proxies) as old:
        ask(old, b"before")
        proxies.behave(EDGE, BLACK_HOLE)

        with connect(proxies) as new:
            for connection in (old, new):
                with pytest.raises(TimeoutError):
                    ask(connection, b"lost?", NEVER_S)
            assert callee.heard == b"before"
            proxies.behave(EDGE, PASS)

            # As with a network that comes back: what was sent arrives.
            for connection in (old, new):
                connection.settimeout(SOON_S)
                assert read(connection, 5) == b"lost?"


def test_without_a_route_even_connecting_hangs_until_there_is_one(proxies: Proxies) -> None:
    proxies.behave(EDGE, NO_ROUTE)
    with pytest.raises(TimeoutError):
        connect(proxies, NEVER_S)

    proxies.behave(EDGE, PASS)

    with connect(proxies) as connection:
        assert ask(connection, b"back") == b"back"


def test_a_connection_is_reset_in_the_middle_of_its_answer(
    proxies: Proxies, callee: Callee
) -> None:
    with connect(proxies) as connection:
        ask(connection, b"before")
        proxies.behave(EDGE, CUT)

        connection.sendall(b"x" * 100)
        began = b""
        with pytest.raises(ConnectionResetError):
            while True:
                began += connection.recv(10)

    assert callee.heard == b"before" + b"x" * 100  # it was done; only nobody heard of it
    assert len(began) <= 40
    proxies.behave(EDGE, PASS)
    with connect(proxies) as connection:
        assert ask(connection, b"y" * 100) == b"y" * 100


def test_answers_drip_at_the_rate_that_was_said(proxies: Proxies, callee: Callee) -> None:
    callee.hello = b"h" * 200
    proxies.behave(EDGE, Behaviour(answer_bytes_per_s=200))
    began = time.monotonic()
    with connect(proxies) as connection:
        first = connection.recv(65536)
        rest = read(connection, 200 - len(first))

    assert len(first) < 100
    assert first + rest == callee.hello
    assert 0.8 <= time.monotonic() - began < 2.0


@pytest.mark.parametrize(("behaviour", "heard"), [(DEAF, b""), (MUTE, b"lost")])
def test_what_one_way_loses_is_gone_and_so_is_its_connection(
    proxies: Proxies, callee: Callee, behaviour: Behaviour, heard: bytes
) -> None:
    proxies.behave(EDGE, behaviour)
    with connect(proxies) as connection:
        with pytest.raises(TimeoutError):
            ask(connection, b"lost", NEVER_S)
        assert callee.heard == heard

        proxies.behave(EDGE, PASS)
        # TCP never leaves bytes out: who lost some must not go on as if nothing had been.
        with pytest.raises(ConnectionResetError):
            connection.settimeout(SOON_S)
            connection.recv(1)


def test_edges_misbehave_each_for_itself(proxies: Proxies, callee: Callee) -> None:
    port = proxies.open("other->callee", callee.port)
    with proxies.behaving(BLACK_HOLE, EDGE):
        with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as other:
            assert ask(other, b"fine") == b"fine"
        assert proxies.traffic("other->callee").accepted == 1

    with connect(proxies) as connection:
        assert ask(connection, b"fine again") == b"fine again"
    with pytest.raises(LookupError, match="caller->callee, other->callee"):
        proxies.behave("nobody->callee", PASS)


@pytest.mark.parametrize(
    "behaviour",
    [LATE, BLACK_HOLE, NO_ROUTE, CUT, DRIP, DEAF, MUTE],
    ids=["late", "black hole", "no route", "cut", "drip", "deaf", "mute"],
)
def test_an_idle_connection_has_not_met_a_behaviour_and_one_that_is_used_has(
    proxies: Proxies, behaviour: Behaviour
) -> None:
    with connect(proxies) as connection:
        ask(connection, b"before")
        proxies.behave(EDGE, behaviour)
        idle = proxies.traffic(EDGE).met

        with contextlib.suppress(OSError):
            ask(connection, b"x" * 100, NEVER_S)

        assert idle == 0
        assert proxies.traffic(EDGE).met == 1
        assert proxies.heal(EDGE).met == 1
        assert proxies.traffic(EDGE).met == 0


@pytest.mark.parametrize("behaviour", [BLACK_HOLE, NO_ROUTE], ids=["black hole", "no route"])
def test_whoever_connects_and_gives_up_has_met_it_and_takes_no_place(
    proxies: Proxies, behaviour: Behaviour
) -> None:
    proxies.behave(EDGE, behaviour)
    for _ in range(3):
        with contextlib.suppress(TimeoutError), connect(proxies, 0.1) as connection:
            connection.sendall(b"anybody?")

    def all_came_and_went() -> bool:
        traffic = proxies.traffic(EDGE)
        return traffic.met >= 3 and traffic.open == 0

    assert eventually(all_came_and_went)
    assert proxies.heal(EDGE).met >= 3


def test_without_a_descriptor_left_callers_wait_and_nobody_else_is_hurt(
    proxies: Proxies, callee: Callee
) -> None:
    port = proxies.open("other->callee", callee.port)
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as other:
        ask(other, b"before")
        resource.prlimit(proxies.pid, resource.RLIMIT_NOFILE, (40, 40))
        connections = [connect(proxies) for _ in range(60)]
        assert ask(other, b"and now") == b"and now"

        for connection in connections:
            connection.close()
        with connect(proxies) as connection:
            assert ask(connection, b"again") == b"again"
        assert ask(other, b"still") == b"still"


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it became so soon."""
    ends = time.monotonic() + SOON_S
    while not (so := is_so()) and time.monotonic() < ends:
        time.sleep(0.02)
    return so


def test_a_callee_that_is_dead_looks_dead(proxies: Proxies, callee: Callee) -> None:
    callee.close()
    with pytest.raises(ConnectionResetError), connect(proxies) as connection:
        ask(connection, b"anybody?")


def test_a_hundred_idle_connections_cost_no_cpu(proxies: Proxies) -> None:
    connections = [connect(proxies) for _ in range(100)]
    for connection in connections:
        ask(connection, b"hello")

    before = cpu_ticks(proxies.pid)
    time.sleep(1.0)
    after = cpu_ticks(proxies.pid)

    for connection in connections:
        connection.close()
    assert after - before <= 1


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
