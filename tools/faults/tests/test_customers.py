"""Customers know of each order what can be known from the answers: a broken one ends no run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.faults import steps
from tools.faults.customers import Customer
from tools.faults.history import History, Wish
from tools.faults.shelf import Shelf

Answer = tuple[int, object, dict[str, str]]

SESSION = {"user_id": "usr_ada", "access_token": "t"}
BUSY: Answer = (503, {"type": "/problems/overloaded"}, {"Refused": "busy"})
TIRED: Answer = (503, {"type": "/problems/overloaded"}, {})
WHOLE: Answer = (201, {"order_id": "ord_other", "status": "pending"}, {})
IN_FLIGHT: Answer = (409, {"type": "/problems/still-in-flight"}, {})
SOLD_OUT: Answer = (409, {"type": "/problems/line-unavailable"}, {})
HANGS_UP: Answer = (0, {}, {})


class Shop(ThreadingHTTPServer):
    """Registers everybody, and answers orders with what stands in `orders`, then the last of it."""

    daemon_threads = True

    def __init__(self, orders: list[Answer], session: object) -> None:
        self.orders, self.session = orders, session
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Shop
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        orders = self.server.orders
        status, said, headers = {
            "/api/v1/users": (201, {}, {}),
            "/api/v1/sessions": (201, self.server.session, {}),
        }.get(self.path) or (orders.pop(0) if len(orders) > 1 else orders[0])
        if status == 0:
            self.close_connection = True
            return
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def customer(*orders: Answer, session: object = SESSION) -> Iterator[tuple[Customer, History]]:
    """Who does nothing but order."""
    history, shop = History(), Shop(list(orders), session)
    history.next_round()
    try:
        yield (
            Customer(0, 1, history, lambda _: f"http://127.0.0.1:{shop.server_port}", WANTS),
            history,
        )
    finally:
        shop.shutdown()
        shop.server_close()


WANTS = {steps.ORDER: 1}
SHELF = Shelf({"mug": 10, "tea": 10})


def wished(*orders: Answer) -> tuple[Wish, list[str]]:
    """What a customer knows of one order after these answers to it, one for each attempt; and what
    of them nobody could read."""
    with customer(*orders) as (ada, history):
        ada.shop(SHELF)  # registers
        ada.shop(SHELF)
        (wish,) = history.wishes.values()
        for _ in orders[1:]:
            ada.place(wish)
    return wish, history.unreadable


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([BUSY], "failed"),
        ([BUSY, BUSY], "failed"),
        ([(401, {}, {}), BUSY], "failed"),
        ([TIRED], "unknown"),
        ([BUSY, (500, {}, {}), BUSY], "unknown"),
        ([IN_FLIGHT, BUSY], "unknown"),
        ([BUSY, HANGS_UP, BUSY], "unknown"),
        ([BUSY, SOLD_OUT], "ok"),
        ([(500, {}, {}), WHOLE], "ok"),
    ],
)
def test_an_order_has_failed_when_no_attempt_can_have_begun_anything(
    answers: list[Answer], said: str
) -> None:
    wish, unreadable = wished(*answers)

    assert wish.said == said
    assert unreadable == []


def test_an_order_that_met_a_closed_connection_is_sent_once_more_with_its_key() -> None:
    with customer(BUSY, HANGS_UP, WHOLE, SOLD_OUT) as (ada, history):
        ada.shop(SHELF)  # registers
        ada.shop(SHELF)
        (wish,) = history.wishes.values()
        ada.place(wish)

    assert [told.status for told in history.told() if told.step == "order"] == [503, 201]
    assert wish.said == "ok"


def test_who_finds_no_door_has_certainly_not_ordered() -> None:
    with customer(BUSY) as (ada, history):
        ada.shop(SHELF)
    ada.shop(SHELF)

    (wish,) = history.wishes.values()
    assert wish.said == "failed"


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"{}", b'{"order_id": 1}'])
@pytest.mark.parametrize(("status", "placed", "said"), [(201, True, "ok"), (409, False, "unknown")])
def test_an_answer_that_cannot_be_read_is_told_with_who_got_it(
    body: bytes, status: int, placed: bool, said: str
) -> None:
    wish, unreadable = wished((status, body, {}))

    assert (wish.placed, wish.said) == (placed, said)
    assert f"{wish.email}: order was answered {status} without" in unreadable[0]


def test_a_login_that_gives_no_token_is_told_and_is_tried_again() -> None:
    with customer(WHOLE, session=b"welcome") as (ada, history):
        ada.shop(SHELF)
        ada.shop(SHELF)

    assert len(history.unreadable) == 2
    assert "log in was answered 201 without user_id and access_token" in history.unreadable[0]
    assert not history.wishes
