"""Work that is as good as any other, and was under way when some other killed the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from libs.messaging import Messages, Tx, job_rows
from libs.messaging.runner import Runner
from libs.messaging.tests.shop import (
    Sold,
    Wrap,
    column,
    effects,
    eventually,
    execute,
    note_effect,
    sell,
    working,
)
from libs.messaging.transaction import hash_of

INNOCENT = 3


class Together:
    """How many of a kind are done at once, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def do(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.1)
        with self._lock:
            self._now -= 1


def note_jobs(messages: Messages) -> None:
    with messages.transaction() as tx:
        for number in range(INNOCENT + 1):
            tx.later(Wrap(sku=f"mug {number}"))


def let_the_process_die(messages: Messages) -> None:
    """While all of the jobs were under way."""
    for job_id in column(messages.database, "SELECT id FROM job"):
        with messages.database.transaction() as session:
            assert job_rows.claim(session, job_id) is not None
    execute(messages.database, "UPDATE job SET claimed_until = now()")


def run_all(messages: Messages, wrap: Callable[[Wrap, None], None]) -> None:
    """Each job in a thread of its own."""
    runner = Runner(messages.database, {"shop.wrap": Wrap.handled_by(wrap)}, None)
    threads = [
        threading.Thread(target=runner.run, args=(job_id,))
        for job_id in column(messages.database, "SELECT id FROM job")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def most_at_once(messages: Messages) -> int:
    """All jobs are done; how many of them at once."""
    together = Together()

    def wrap(job: Wrap, _: None) -> None:
        together.do()

    run_all(messages, wrap)
    return together.most


def test_jobs_that_were_under_way_when_the_process_died_are_done_one_at_a_time(
    messages: Messages,
) -> None:
    note_jobs(messages)
    let_the_process_die(messages)

    assert most_at_once(messages) == 1
    assert column(messages.database, "SELECT DISTINCT state FROM job") == ["done"]


def test_others_are_done_at_once(messages: Messages) -> None:
    note_jobs(messages)

    assert most_at_once(messages) > 1


def test_who_waits_for_a_turn_has_made_no_attempt(messages: Messages) -> None:
    note_jobs(messages)
    let_the_process_die(messages)
    counted: list[int] = []

    def wrap(job: Wrap, _: None) -> None:
        # The others have been given to threads by now; were this one to kill the process, they
        # would be no more suspected than before.
        time.sleep(0.2)
        counted.append(sum(column(messages.database, "SELECT attempts FROM job")))

    run_all(messages, wrap)

    assert counted == [INNOCENT + 1 + turn for turn in range(1, INNOCENT + 2)]


def test_the_first_events_of_all_lanes_are_handled_one_at_a_time(messages: Messages) -> None:
    together = Together()

    def handle(event: Sold, tx: Tx, _: None) -> None:
        together.do()
        note_effect(tx, event.sku)

    one_a_lane = {hash_of(sku) % 4: sku for sku in (f"mug {number}" for number in range(50))}
    sell(messages, *one_a_lane.values())
    with working(messages, [Sold.handled_by(handle)], lanes=4):
        eventually(lambda: len(effects(messages.database)) == 4)
        at_first = together.most
        sell(messages, *one_a_lane.values())
        eventually(lambda: len(effects(messages.database)) == 8)

    assert at_first == 1
    assert together.most > 1


def test_a_suspected_job_that_hangs_keeps_no_lane_from_its_first_event(messages: Messages) -> None:
    note_jobs(messages)
    let_the_process_die(messages)
    hangs, goes_on = threading.Event(), threading.Event()

    def wrap(job: Wrap, _: None) -> None:
        hangs.set()
        goes_on.wait(10)  # for its provider

    def handle(event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, event.sku)

    with working(messages, [Sold.handled_by(handle)], [Wrap.handled_by(wrap)], lanes=4):
        try:
            assert hangs.wait(10)
            sell(messages, "mug")
            eventually(lambda: effects(messages.database) == ["mug"], within_s=5)
        finally:
            goes_on.set()
