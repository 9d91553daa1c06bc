"""Doorbells: a dead Valkey costs neither a request's time nor a message."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from libs.db import Database
from libs.messaging import Messages, Tx
from libs.messaging.bells import Ring
from libs.messaging.listener import Listener
from libs.messaging.tests.shop import Sold, Wrap, effects, eventually, note_effect, sell, working
from libs.servers import Valkey


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing, like a Valkey that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def usual_s(messages: Messages) -> float:
    """What a transaction takes in the middle of twenty."""
    took_s = []
    for number in range(20):
        began = time.perf_counter()
        with messages.transaction() as tx:
            tx.publish(Sold(sku=f"sku{number}"))
            tx.later(Wrap(sku="mug"))
        took_s.append(time.perf_counter() - began)
    return sorted(took_s)[10]


def test_a_valkey_that_hangs_or_is_dead_delays_no_transaction(
    database: Database, silent_port: int
) -> None:
    hanging = Messages("shop", database, f"redis://127.0.0.1:{silent_port}/0")
    dead = Messages("shop", database, "redis://127.0.0.1:1/0")

    # One that waited would take half a second for each bell.
    assert usual_s(hanging) < 0.3
    assert usual_s(dead) < 0.3


def test_events_and_jobs_outlast_a_valkey_that_dies(database: Database) -> None:
    def sold(event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, event.sku)
        tx.later(Wrap(sku=event.sku))

    wrapped = []
    with Valkey() as valkey:
        messages = Messages("shop", database, valkey.url)
        with working(
            messages,
            [Sold.handled_by(sold)],
            [Wrap.handled_by(lambda job, _: wrapped.append(job.sku))],
        ) as worker:
            os.kill(valkey.pid, signal.SIGKILL)
            sell(messages, "mug")
            eventually(lambda: effects(database) == ["mug"], within_s=5)
            worker.healthy()
            while valkey.alive:
                time.sleep(0.01)
            valkey.start()
            eventually(lambda: wrapped == ["mug"], within_s=8)
            sell(messages, "cup")
            eventually(lambda: wrapped == ["mug", "cup"], within_s=8)


def test_a_ring_that_names_too_many_events_names_none() -> None:
    few = Ring(1, 2, (("shop.sold.v1", 7), ("shop.sold.v1", 8)))
    many = Ring(1, 60, tuple(("shop.sold.v1", n) for n in range(60)))

    assert Ring.decode(few.encode().encode()) == few
    assert Ring.decode(many.encode().encode()) == Ring(1, 60, None)


def test_bells_ring_in_a_child_whose_parent_has_rung(messages: Messages, valkey: Valkey) -> None:
    sell(messages, "parent")
    heard: list[object] = []
    channel = f"child of {messages.service}"
    listener = Listener(valkey.url, {channel: heard.append})
    listener.step()

    child = os.fork()
    if child == 0:
        messages.ringer.ring(channel)
        time.sleep(1)
        os._exit(0)
    os.waitpid(child, 0)

    listener.step()
    listener.close()
    assert heard == [None, b""]


def test_who_only_publishes_carries_neither_dramatiq_nor_redis() -> None:
    heavy = "('dramatiq', 'redis', 'alembic')"
    program = f"import sys, libs.messaging; print([m for m in {heavy} if m in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert said == "[]\n"


def test_the_package_names_what_is_public() -> None:
    import libs.messaging

    named = libs.messaging.__all__

    assert named == sorted(named)
    assert all(hasattr(libs.messaging, name) for name in named)
