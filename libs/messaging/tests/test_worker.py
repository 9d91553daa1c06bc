"""What a worker promises about events: each has its effects once, in the order of its key."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

import pytest

from libs.messaging import Messages, Tx
from libs.messaging.tests.shop import (
    Returned,
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


def remember(event: Sold, tx: Tx, _: None) -> None:
    note_effect(tx, f"{event.sku} {event.number}")


REMEMBER = (Sold.handled_by(remember),)


def test_what_was_published_before_and_after_the_worker_began_has_its_effects(
    messages: Messages,
) -> None:
    sell(messages, "mug")

    with working(messages, REMEMBER):
        eventually(lambda: effects(messages.database) == ["mug 0"])
        sell(messages, "cup", "jar")
        eventually(lambda: len(effects(messages.database)) == 3)

    assert sorted(effects(messages.database)) == ["cup 0", "jar 1", "mug 0"]


def test_nothing_is_published_by_a_transaction_that_fails(messages: Messages) -> None:
    with pytest.raises(ZeroDivisionError), messages.transaction() as tx:
        tx.publish(Sold(sku="mug"))
        raise ZeroDivisionError

    assert column(messages.database, "SELECT id FROM feed") == []


def test_events_of_a_key_stay_in_order_with_two_workers_on_four_lanes(messages: Messages) -> None:
    skus = [f"sku{n % 7}" for n in range(140)]

    with working(messages, REMEMBER), working(messages, REMEMBER):
        sell(messages, *skus)
        eventually(lambda: len(effects(messages.database)) >= 140)

    in_order: dict[str, list[int]] = defaultdict(list)
    for effect in effects(messages.database):
        sku, number = effect.split()
        in_order[sku].append(int(number))
    assert sum(map(len, in_order.values())) == 140
    assert all(numbers == sorted(numbers) for numbers in in_order.values())


def test_a_cursor_set_back_replays_and_notes_no_job_twice(messages: Messages) -> None:
    def wrap_later(event: Sold, tx: Tx, _: None) -> None:
        note_effect(tx, event.sku)
        tx.later(Wrap(sku=event.sku))
        tx.later(Wrap(sku="spare"))

    sell(messages, "mug")
    with working(messages, [Sold.handled_by(wrap_later)]):
        eventually(lambda: effects(messages.database) == ["mug"])
        execute(messages.database, "UPDATE cursor SET pos = 0")

        eventually(lambda: effects(messages.database) == ["mug", "mug"])

    assert column(messages.database, "SELECT data->>'sku' FROM job ORDER BY key") == [
        "mug",
        "spare",
    ]


def test_an_event_without_handler_only_moves_the_cursor(messages: Messages) -> None:
    with messages.transaction() as tx:
        tx.publish(Returned(sku="mug"))

    with working(messages, REMEMBER):
        eventually(lambda: column(messages.database, "SELECT pos FROM feed") == [1])
        sell(messages, "mug")
        eventually(lambda: effects(messages.database) == ["mug 0"])

    assert column(messages.database, "SELECT max(pos) FROM cursor") == [2]
    assert messages.parked() == []


def test_lanes_that_have_read_all_stop_equally_far_so_that_their_number_can_change(
    messages: Messages,
) -> None:
    with working(messages, REMEMBER):
        sell(messages, "mug", "cup")
        eventually(lambda: len(effects(messages.database)) == 2)
        time.sleep(2)  # two looks of the scout
    assert column(messages.database, "SELECT pos FROM cursor") == [2] * 4

    with working(messages, REMEMBER, lanes=3):
        sell(messages, "jar")
        eventually(lambda: len(effects(messages.database)) == 3)


def test_a_new_reader_may_begin_now(messages: Messages) -> None:
    sell(messages, "old")
    with working(messages):  # numbers only
        eventually(lambda: column(messages.database, "SELECT pos FROM feed") == [1])

    with working(messages, REMEMBER, start={"shop": "now"}):
        eventually(lambda: column(messages.database, "SELECT min(pos) FROM cursor") == [1])
        sell(messages, "new")
        eventually(lambda: effects(messages.database) != [])

    assert effects(messages.database) == ["new 0"]


def test_a_rare_event_in_a_long_feed_is_found_window_by_window(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.feed._WINDOW", 10)
    for module in ("lanes", "follower"):
        monkeypatch.setattr(f"libs.messaging.{module}.FAR", 5)
    with messages.transaction() as tx:
        for number in range(95):
            tx.publish(Returned(sku=f"sku{number}"))
        tx.publish(Sold(sku="mug"))
        for number in range(20):
            tx.publish(Returned(sku=f"sku{number}"))

    with working(messages, REMEMBER):
        eventually(lambda: effects(messages.database) == ["mug 0"])
    with working(messages, [Returned.handled_by(lambda *_: None)], start={"shop": "now"}):
        pass

    assert column(messages.database, "SELECT max(pos) FROM cursor") >= [96]


def test_a_worker_that_stops_finishes_its_event_and_gives_back_its_lanes(
    messages: Messages,
) -> None:
    begun = threading.Event()

    def slowly(event: Sold, tx: Tx, _: None) -> None:
        begun.set()
        tx.session.connection().exec_driver_sql("SELECT pg_sleep(0.3)")
        note_effect(tx, event.sku)

    sell(messages, "mug")
    with working(messages, [Sold.handled_by(slowly)]):
        begun.wait(5)

    assert effects(messages.database) == ["mug"]
    assert column(messages.database, "SELECT owner FROM cursor") == [None] * 4


def test_each_thread_is_watched(messages: Messages) -> None:
    with working(messages, REMEMBER) as worker:
        worker.healthy()

    with pytest.raises(Exception, match="sequencer does not run"):
        worker.healthy()
