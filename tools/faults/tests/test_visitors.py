"""Visitors count every answer, and tell one that was put off from one that failed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tools.faults.visitors import Visitors

OVERLOADED = json.dumps({"type": "/problems/overloaded", "status": 503}).encode()


class Shop(ThreadingHTTPServer):
    """Answers well, but for the requests whose turn is in `instead`. After those in `hangs_up` it
    closes the connection without having said so; those in `mute` get no answer at all."""

    daemon_threads = True

    def __init__(self) -> None:
        self.instead: dict[int, tuple[int, bytes]] = {}
        self.hangs_up: set[int] = set()
        self.mute: set[int] = set()
        self.connections = 0
        self.keys: list[str | None] = []
        self._asked = 0
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next(self) -> int:
        self._asked += 1
        return self._asked

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Shop
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self, good: int) -> None:
        turn = self.server.next()
        if turn in self.server.hangs_up | self.server.mute:
            self.close_connection = True
        if turn in self.server.mute:
            return
        status, body = self.server.instead.get(turn, (good, b"{}"))
        self.send_response(status)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self._answer(201)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.shutdown()
    made.server_close()


def visit(shop: Shop, at_once: int = 1) -> Visitors:
    visitors = Visitors(shop.server_port, token="t", sku="mug", wanted=40, at_once=at_once)
    visitors.start()
    while visitors.are_inside:
        time.sleep(0.02)
    return visitors


def test_of_ten_requests_one_writes_each_with_a_key_of_its_own(shop: Shop) -> None:
    count = visit(shop).count

    assert (count.reads, count.writes, count.failed) == (36, 4, [])
    assert len(set(shop.keys)) == 4


def test_a_wrong_answer_and_a_bug_are_failures_and_to_be_put_off_is_none(shop: Shop) -> None:
    shop.instead = {3: (503, OVERLOADED), 11: (500, b"oh"), 20: (503, b'{"type": "unavailable"}')}

    count = visit(shop).count

    assert count.put_off == 1
    assert [said.partition(": ")[2][:3] for said in count.failed] == ["500", "503"]
    assert count.asked == 40


def test_half_of_them_keep_their_connection(shop: Shop) -> None:
    one = visit(shop).count
    after_one = shop.connections
    visit(shop, at_once=2)

    assert (one.asked, after_one) == (40, 1)
    assert shop.connections > 3


def test_who_finds_an_idle_connection_closed_asks_once_more_reads_and_keyed_orders(
    shop: Shop,
) -> None:
    shop.hangs_up = {5, 10, 20}  # the 11th and the 21st are orders

    count = visit(shop).count

    assert (count.failed, count.reconnects) == ([], 3)
    assert len(shop.keys) == len(set(shop.keys)) == 4


def test_a_new_connection_without_an_answer_is_a_failure(shop: Shop) -> None:
    shop.hangs_up, shop.mute = {5}, {6}

    count = visit(shop).count

    assert [said.partition(": ")[2].partition(":")[0] for said in count.failed] == [
        "RemoteDisconnected"
    ]
    assert count.reconnects == 1
