"""What happens to an event that cannot be handled, and to its lane."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from contracts.core import Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.messaging import Messages, Tx
from libs.messaging.tests.shop import (
    Sold,
    column,
    effects,
    eventually,
    execute,
    note_effect,
    own_feed,
    sell,
    working,
)
from libs.operations.errors import Unavailable


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.messaging.delivery.PAUSES_S", (0.05, 0.05))


class Counter:
    """A handler that has its effect and then fails, as often as it is told to, on poisoned mugs."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.calls = 0

    def handle(self, event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, event.sku)
        if event.sku == "poison":
            self.calls += 1
            if self.failures:
                raise self.failures.pop(0)


def test_an_event_that_fails_three_times_is_parked_and_its_lane_goes_on(
    messages: Messages,
) -> None:
    counter = Counter(*[ValueError("no such colour")] * 3)
    sell(messages, "poison", "mug")

    with working(messages, [Sold.handled_by(counter.handle)], lanes=1):
        eventually(lambda: effects(messages.database) == ["mug"])

    (parked,) = messages.parked()
    assert counter.calls == 3
    assert (parked.kind, parked.name, parked.key, parked.attempts) == (
        "event",
        "shop.sold.v1",
        "poison",
        3,
    )
    assert parked.data == {"sku": "poison", "number": 0}
    assert "ValueError: no such colour" in parked.error


def test_a_failure_that_passes_leaves_one_effect(messages: Messages) -> None:
    counter = Counter(ValueError("once"), ValueError("twice"))
    sell(messages, "poison")

    with working(messages, [Sold.handled_by(counter.handle)]):
        eventually(lambda: effects(messages.database) == ["poison"])

    assert messages.parked() == []


def test_what_ends_a_thread_elsewhere_is_a_failure_that_is_tried_again(
    messages: Messages,
) -> None:
    counter = Counter(SystemExit(3))
    sell(messages, "poison")

    with working(messages, [Sold.handled_by(counter.handle)]) as worker:
        eventually(lambda: effects(messages.database) == ["poison"])
        worker.healthy()


def test_what_is_unavailable_parks_nothing_and_the_lane_waits(messages: Messages) -> None:
    counter = Counter(*[Unavailable("postgres", "it is busy")] * 5)
    sell(messages, "poison", "mug")

    with working(messages, [Sold.handled_by(counter.handle)], lanes=1):
        eventually(lambda: len(effects(messages.database)) == 2)

    assert effects(messages.database) == ["poison", "mug"]
    assert messages.parked() == []


def test_a_producer_that_is_down_costs_nothing_but_time(messages: Messages) -> None:
    asked = 0
    read = own_feed(messages.database)

    def flaky(request: ReadFeed) -> Page[CloudEvent]:
        nonlocal asked
        asked += 1
        if asked < 8:
            raise Unavailable("shop", "connection refused")
        return read(request)

    sell(messages, "mug")
    with working(messages, [Sold.handled_by(Counter().handle)], fetch=flaky):
        eventually(lambda: effects(messages.database) == ["mug"])

    assert messages.parked() == []


def test_an_event_whose_process_died_three_times_is_parked_without_a_fourth(
    messages: Messages,
) -> None:
    counter = Counter()
    sell(messages, "poison", "mug")
    execute(
        messages.database,
        """INSERT INTO cursor (producer, lane, lanes, pos, attempting, attempts)
           VALUES ('shop', 0, 1, 0, 1, 3)""",
    )

    with working(messages, [Sold.handled_by(counter.handle)], lanes=1):
        eventually(lambda: effects(messages.database) == ["mug"])

    (parked,) = messages.parked()
    assert counter.calls == 0
    assert "process ended" in parked.error


def test_an_event_that_cannot_be_read_is_parked_at_once_without_its_content(
    messages: Messages,
) -> None:
    execute(
        messages.database,
        """INSERT INTO feed (id, type, key, key_hash, data)
           VALUES (gen_random_uuid(), 'shop.sold.v1', 'x', 0, '{"sku": ["secret"]}')""",
    )

    with working(messages, [Sold.handled_by(Counter().handle)], lanes=1):
        eventually(lambda: len(messages.parked()) == 1)

    (parked,) = messages.parked()
    assert parked.attempts == 0
    assert "sku" in parked.error and "secret" not in parked.error


def test_a_requeued_event_has_its_effects_once_and_is_parked_no_more(
    messages: Messages,
) -> None:
    counter = Counter(*[ValueError("no such colour")] * 4)
    sell(messages, "poison")

    with working(messages, [Sold.handled_by(counter.handle)], lanes=1):
        eventually(lambda: len(messages.parked()) == 1)
        assert messages.requeue(messages.parked()[0].id)
        eventually(lambda: effects(messages.database) == ["poison"])

    assert counter.calls == 5
    assert messages.parked() == []
    assert column(messages.database, "SELECT id FROM parked_event") == []


def test_a_requeued_event_that_fails_again_is_parked_again(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.sweeper._RETRY", timedelta(0))
    counter = Counter(*[ValueError(f"failure {n}") for n in range(6)])
    sell(messages, "poison")

    with working(messages, [Sold.handled_by(counter.handle)], lanes=1):
        eventually(lambda: len(messages.parked()) == 1)
        assert messages.requeue(messages.parked()[0].id)
        eventually(lambda: counter.calls == 6 and len(messages.parked()) == 1)

    assert "failure 5" in messages.parked()[0].error
    assert effects(messages.database) == []


def test_requeuing_what_is_not_parked_says_so(messages: Messages) -> None:
    (unknown,) = column(messages.database, "SELECT gen_random_uuid()")

    assert not messages.requeue(unknown)


def test_a_connection_cut_in_the_middle_of_a_handler_is_no_failure(messages: Messages) -> None:
    cut: list[int] = []

    def handle(event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, event.sku)
        if len(cut) < 4:
            cut.append(1)
            tx.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    sell(messages, "mug")
    with working(messages, [Sold.handled_by(handle)]):
        eventually(lambda: effects(messages.database) == ["mug"])
        time.sleep(0.2)

    assert messages.parked() == []
