"""Workers killed with -9 at random: every event has its effects once, every job is done."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import redis
from sqlalchemy import text

from libs.messaging import Messages
from libs.messaging.tests.shop import effects, sell
from libs.servers import Credentials, Valkey

_EVENTS = 300


class Workers:
    """Two workers that run, whoever of them was just killed."""

    def __init__(self, credentials: Credentials, valkey: Valkey, *faults: str) -> None:
        module = "libs.messaging.tests.program"
        self._command = [sys.executable, "-m", module, credentials.app_url, valkey.url, *faults]
        self._running: list[subprocess.Popen[bytes]] = []
        self.kills = 0

    def two(self) -> None:
        while len(self._running) < 2:
            self._running.append(subprocess.Popen(self._command, stdout=subprocess.DEVNULL))

    def kill_one(self) -> None:
        victim = self._running.pop(random.randrange(len(self._running)))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.kills += 1

    def end(self) -> None:
        while self._running:
            self.kill_one()


def sold_and_wrapped(messages: Messages) -> tuple[Counter[str], Counter[str]]:
    sold: Counter[str] = Counter()
    wrapped: Counter[str] = Counter()
    for effect in effects(messages.database):
        kind, sku, *_ = effect.split()
        (sold if kind == "sold" else wrapped)[sku] += 1
    return sold, wrapped


def produce(messages: Messages) -> None:
    """Four at once, some of them slow to commit."""

    def one(producer: int) -> None:
        for number in range(_EVENTS // 4):
            sell(messages, f"sku{producer}-{number}")
            time.sleep(random.random() * 0.03)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(
    messages: Messages, credentials: Credentials, valkey: Valkey, *faults: str, wiped: bool = False
) -> tuple[Counter[str], Counter[str], int]:
    workers = Workers(credentials, valkey, *faults)
    producing = threading.Thread(target=produce, args=(messages,))
    ends = time.monotonic() + 40
    try:
        workers.two()
        time.sleep(2)
        producing.start()
        for _ in range(4):
            time.sleep(random.uniform(0.5, 1.2))
            workers.kill_one()
            workers.two()
            if wiped:
                redis.Redis.from_url(valkey.url).flushall()
        producing.join()
        while time.monotonic() < ends:
            sold, wrapped = sold_and_wrapped(messages)
            if len(sold) == _EVENTS and len(wrapped) == _EVENTS:
                break
            time.sleep(0.2)
    finally:
        workers.end()
    return (*sold_and_wrapped(messages), workers.kills)


def test_killed_workers_and_a_wiped_valkey_double_no_effect_and_lose_no_job(
    messages: Messages, credentials: Credentials, valkey: Valkey
) -> None:
    sold, wrapped, kills = run(messages, credentials, valkey, wiped=True)

    assert kills >= 4
    assert len(sold) == len(wrapped) == _EVENTS
    assert set(sold.values()) == {1}
    assert messages.parked() == []


def test_two_workers_on_one_lane_double_nothing_for_the_cursor_is_compared(
    messages: Messages, credentials: Credentials, valkey: Valkey
) -> None:
    sold, _, _ = run(messages, credentials, valkey, "without_leases", "with_stalls")

    assert len(sold) == _EVENTS
    assert set(sold.values()) == {1}


@pytest.mark.timeout(180)
def test_without_the_comparison_effects_are_doubled(
    messages: Messages, credentials: Credentials, valkey: Valkey
) -> None:
    faults = "without_leases", "with_stalls", "without_compare_and_set"

    # Two that race do not always meet: on a busy machine one may be through before the other is up.
    most = 0
    for _ in range(3):
        sold, _, _ = run(messages, credentials, valkey, *faults)
        most = max(most, *sold.values())
        if most > 1:
            break
        with messages.database.transaction() as session:
            session.execute(text("DELETE FROM effect"))

    assert most > 1
