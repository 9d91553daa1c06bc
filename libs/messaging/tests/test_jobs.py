"""What a job promises: done at least once under one key, never lost, parked when it cannot be."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import redis

from contracts.core import DeclarationError
from libs.db import Database
from libs.messaging import Job, Messages, job_rows, runner
from libs.messaging.queue import Broker
from libs.messaging.runner import Runner
from libs.messaging.tests.shop import Wrap, column, eventually, execute, working
from libs.operations.context import current, refuse_in_transaction
from libs.operations.errors import Unavailable
from libs.servers import Valkey


class Paper:
    """Remembers what was wrapped, under which key; can be out of stock, or torn."""

    def __init__(self) -> None:
        self.wrapped: list[tuple[str, str]] = []
        self.failures: list[Exception] = []
        self.guard = threading.Lock()

    def wrap(self, job: Wrap, _: None) -> None:
        with self.guard:
            if self.failures:
                raise self.failures.pop(0)
            self.wrapped.append((job.sku, job.key))


@pytest.fixture
def paper() -> Paper:
    return Paper()


def note(messages: Messages, *skus: str, delay: timedelta | None = None) -> None:
    with messages.transaction() as tx:
        for sku in skus:
            tx.later(Wrap(sku=sku), delay=delay)


def states(database: Database) -> list[str]:
    return column(database, "SELECT state FROM job ORDER BY created_at, id")


def test_a_job_is_done_once_and_outside_any_transaction(messages: Messages, paper: Paper) -> None:
    traces = []

    def wrap(job: Wrap, _: None) -> None:
        refuse_in_transaction("asking a neighbour")
        context = current()
        traces.append(context and context.request_id)
        paper.wrap(job, None)

    with working(messages, jobs=[Wrap.handled_by(wrap)]):
        note(messages, "mug", "cup")
        eventually(lambda: states(messages.database) == ["done", "done"])

    assert sorted(sku for sku, _ in paper.wrapped) == ["cup", "mug"]
    jobs = column(messages.database, "SELECT CAST(id AS text) FROM job")
    assert sorted(traces, key=str) == sorted(jobs)


def test_a_job_of_a_transaction_that_failed_is_never_done(messages: Messages, paper: Paper) -> None:
    with pytest.raises(ZeroDivisionError), messages.transaction() as tx:
        tx.later(Wrap(sku="mug"))
        raise ZeroDivisionError

    assert states(messages.database) == []


def test_of_two_jobs_with_one_key_one_is_done(messages: Messages, paper: Paper) -> None:
    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        for _ in range(2):
            with messages.transaction() as tx:
                tx.later(Wrap(sku="mug"), key="order 7")
        eventually(lambda: states(messages.database) == ["done"])

    assert paper.wrapped == [("mug", "order 7")]


def test_a_delayed_job_waits_for_its_time(messages: Messages, paper: Paper) -> None:
    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        note(messages, "mug", delay=timedelta(seconds=1))
        time.sleep(0.7)
        early = list(paper.wrapped)
        eventually(lambda: states(messages.database) == ["done"])

    assert early == []


def test_a_failure_is_tried_again_under_the_same_key(messages: Messages, paper: Paper) -> None:
    keys = set()

    def wrap(job: Wrap, _: None) -> None:
        keys.add(job.key)
        paper.wrap(job, None)

    paper.failures = [OSError("torn")]
    with working(messages, jobs=[Wrap.handled_by(wrap)]):
        note(messages, "mug")
        eventually(lambda: states(messages.database) == ["done"])

    assert len(paper.wrapped) == 1 and len(keys) == 1


def test_three_failures_park_a_job_until_it_is_requeued(
    messages: Messages, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.runner.PAUSES_S", (0.1, 0.1))
    paper.failures = [OSError("torn")] * 3

    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        note(messages, "mug")
        eventually(lambda: states(messages.database) == ["parked"])
        (parked,) = messages.parked()
        assert messages.requeue(parked.id)
        eventually(lambda: states(messages.database) == ["done"])

    assert (parked.kind, parked.name, parked.data, parked.attempts) == (
        "job",
        "shop.wrap",
        {"sku": "mug"},
        3,
    )
    assert "OSError: torn" in parked.error
    assert messages.parked() == []


def test_what_is_unavailable_parks_nothing(
    messages: Messages, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.runner.LONGEST_WAIT_S", 0.1)
    paper.failures = [Unavailable("users", "it is down")] * 5

    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        note(messages, "mug")
        eventually(lambda: states(messages.database) == ["done"], within_s=20)

    assert column(messages.database, "SELECT attempts FROM job") == [1]


def test_a_job_whose_process_died_three_times_is_parked_without_a_fourth(
    messages: Messages, paper: Paper
) -> None:
    note(messages, "mug")
    (job_id,) = column(messages.database, "SELECT id FROM job")
    runner = Runner(messages.database, {"shop.wrap": Wrap.handled_by(paper.wrap)}, None)
    for _ in range(3):
        with messages.database.transaction() as session:
            assert job_rows.claim(session, job_id) is not None
        execute(messages.database, "UPDATE job SET claimed_until = now()")

    runner.run(job_id)

    assert states(messages.database) == ["parked"]
    assert paper.wrapped == []


def test_a_claim_that_was_taken_over_says_nothing_more(messages: Messages) -> None:
    note(messages, "mug")
    (job_id,) = column(messages.database, "SELECT id FROM job")
    with messages.database.transaction() as session:
        frozen = job_rows.claim(session, job_id)
        assert job_rows.claim(session, job_id) is None
    execute(messages.database, "UPDATE job SET claimed_until = now()")
    with messages.database.transaction() as session:
        assert job_rows.claim(session, job_id) is not None

    with messages.database.transaction() as session:
        assert frozen is not None
        job_rows.done(session, frozen)

    assert states(messages.database) == ["waiting"]


def test_a_long_job_keeps_its_claim(
    messages: Messages, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.job_rows.CLAIM", timedelta(seconds=0.6))
    monkeypatch.setattr("libs.messaging.runner._KEEP_S", 0.1)

    def slowly(job: Wrap, _: None) -> None:
        paper.wrap(job, None)
        time.sleep(1.5)

    with working(messages, jobs=[Wrap.handled_by(slowly)]):
        note(messages, "mug")
        eventually(lambda: states(messages.database) == ["done"])

    assert len(paper.wrapped) == 1


def test_a_job_for_another_release_waits(messages: Messages, paper: Paper) -> None:
    class Unwrap(Job, name="shop.unwrap"):
        sku: str

    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        with messages.transaction() as tx:
            tx.later(Unwrap(sku="mug"))
        eventually(lambda: column(messages.database, "SELECT waits FROM job") == [1])

    assert states(messages.database) == ["waiting"]
    assert column(messages.database, "SELECT attempts FROM job") == [0]


def wipe(valkey: Valkey) -> None:
    redis.Redis.from_url(valkey.url).flushall()


def lose_jobs(messages: Messages, valkey: Valkey) -> None:
    """Noted and sent; then Valkey forgets them before a worker begins."""
    note(messages, "mug", "cup")
    queued = redis.Redis.from_url(valkey.url)
    eventually(lambda: queued.llen(f"jobs:{messages.service}") == 2)
    wipe(valkey)


def test_a_wiped_valkey_costs_a_job_seconds(
    messages: Messages, paper: Paper, valkey: Valkey
) -> None:
    lose_jobs(messages, valkey)

    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        eventually(lambda: states(messages.database) == ["done", "done"], within_s=6)

    assert len(paper.wrapped) == 2


def test_without_the_sweeper_a_wiped_valkey_loses_jobs(
    messages: Messages, paper: Paper, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.sweeper.Sweeper.step", lambda _: 1.0)
    lose_jobs(messages, valkey)

    with working(messages, jobs=[Wrap.handled_by(paper.wrap)]):
        time.sleep(4)

    assert paper.wrapped == []


def test_a_queue_that_was_wiped_is_noticed_however_often_it_was_filled(
    messages: Messages, valkey: Valkey
) -> None:
    note(messages, "mug")
    execute(messages.database, "UPDATE job SET sends = 9, wake_at = now() + interval '10 s'")
    broker = Broker(messages.service, valkey.url)

    noticed = [broker.has_forgotten(), broker.has_forgotten()]
    wipe(valkey)
    noticed.append(broker.has_forgotten())
    with messages.database.transaction() as session:
        job_rows.rouse(session)
        sent_at_once = job_rows.to_send(session, 10)

    assert noticed == [True, False, True]
    assert len(sent_at_once) == 1


def test_more_jobs_than_threads_are_not_kept_waiting_for_the_poll(
    messages: Messages, paper: Paper
) -> None:
    note(messages, *(f"sku{n}" for n in range(60)))
    with working(messages, jobs=[Wrap.handled_by(paper.wrap)], job_threads=2):
        began = time.monotonic()
        eventually(lambda: len(paper.wrapped) >= 60)
        took_s = time.monotonic() - began

    # Each half second a handful would be 10 s.
    assert took_s < 5
    assert len(paper.wrapped) == 60


def test_a_worker_that_stops_lets_its_job_end(messages: Messages, paper: Paper) -> None:
    begun = threading.Event()

    def slowly(job: Wrap, _: None) -> None:
        begun.set()
        time.sleep(0.5)
        paper.wrap(job, None)

    with working(messages, jobs=[Wrap.handled_by(slowly)]):
        note(messages, "mug")
        assert begun.wait(5)

    assert states(messages.database) == ["done"]


def test_done_jobs_are_forgotten_after_a_week(messages: Messages) -> None:
    note(messages, "old", "new")
    execute(
        messages.database,
        """UPDATE job SET state = 'done',
           finished_at = now() - CASE data->>'sku' WHEN 'old' THEN interval '8 d' ELSE '6 d' END""",
    )

    with messages.database.transaction() as session:
        job_rows.forget(session)

    assert column(messages.database, "SELECT data->>'sku' FROM job") == ["new"]


def test_a_job_has_its_key_only_where_it_runs() -> None:
    job = Wrap(sku="mug")

    with pytest.raises(RuntimeError, match="has a key once it runs"):
        _ = job.key

    assert job.keyed("k").key == "k"


def test_a_job_without_a_name_is_refused_at_import() -> None:
    with pytest.raises(DeclarationError, match="is no name"):

        class Nameless(Job):
            sku: str


def test_a_job_in_hand_when_its_worker_ends_is_not_begun_by_another(
    messages: Messages, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_rows, "CLAIM", timedelta(seconds=1))
    monkeypatch.setattr(runner, "_KEEP_S", 0.2)
    begun = threading.Event()

    def slowly(job: Wrap, deps: None) -> None:
        begun.set()
        time.sleep(3)
        paper.wrap(job, deps)

    with working(messages, jobs=(Wrap.handled_by(slowly),)) as first:
        note(messages, "vase")
        assert begun.wait(10)
        ending = threading.Thread(target=first.stop, args=(10,))
        ending.start()
        time.sleep(1.5)  # a claim that nobody renewed has ended
        (job_id,) = column(messages.database, "SELECT id FROM job")
        Runner(messages.database, {"shop.wrap": Wrap.handled_by(paper.wrap)}, None).run(job_id)
        in_hand = list(paper.wrapped)
        ending.join()

    assert in_hand == []
    assert [sku for sku, _ in paper.wrapped] == ["vase"]
    assert states(messages.database) == ["done"]
