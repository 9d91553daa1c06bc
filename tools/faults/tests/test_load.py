"""A load that does not wait for its answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tools.faults.load import Answer, Plan, fire, get, post, started, summed


@contextmanager
def one_at_a_time(takes_s: float, answer: bytes) -> Iterator[int]:
    """A server that has one connection, and answers one request after the other."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            while connection.recv(65_536):
                time.sleep(takes_s)
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    with listening:
        yield listening.getsockname()[1]


def test_a_slow_server_does_not_slow_the_load_down() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    with one_at_a_time(0.1, answer) as port:
        answers = fire(Plan(port, (get("/"),), rate=50, seconds=0.2, connections=1))

    assert [round(a.due_s, 2) for a in answers] == [round(n * 0.02, 2) for n in range(10)]
    # The last was due after 0.18 s and answered after 1.0: it waited, and that is its time.
    assert answers[-1].took_s > 0.7


def test_what_is_not_answered_in_time_is_lost() -> None:
    with one_at_a_time(10, b"") as port:
        answers = fire(Plan(port, (post("/", b"{}"),), rate=10, seconds=0.3, patience_s=0.2))

    assert [answer.status for answer in answers] == [0, 0, 0]


def test_who_may_ask_until_it_closes_is_answered_as_fast_as_can_be_and_no_more() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    plan = Plan(0, (get("/"),), rate=1000, seconds=0.4, connections=1, until_it_closes=True)

    with one_at_a_time(0.05, answer) as port:
        answers = fire(replace(plan, port=port))

    assert {answer.status for answer in answers} == {200}
    assert 2 <= len(answers) <= 9


def test_refusals_are_told_apart_from_failures() -> None:
    refusal = b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"

    with one_at_a_time(0, refusal) as port:
        with started(Plan(port, (get("/"),), rate=20, seconds=0.5, connections=1)) as load:
            told = summed(load.answers(), seconds=0.5)

    assert (told.refused, told.good, told.wrong, told.lost) == (10, 0, 0, 0)
    assert told.without_retry_after == 0


def test_goodput_is_what_was_answered_while_the_load_was_offered() -> None:
    late = [Answer(0, 0.9, 0.5, 200, False), Answer(0, 0.5, 0.1, 200, False)]

    told = summed(late, seconds=1.0)

    assert (told.good, told.good_per_s) == (2, 1.0)
