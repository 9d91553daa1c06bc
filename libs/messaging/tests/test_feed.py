"""What the feed promises its readers: every committed event, once, in one order, by lane."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from contracts.core import Page, Service
from contracts.core.feed import CloudEvent, ReadFeed
from libs.db import Database
from libs.messaging import Messages, feed_route
from libs.messaging.sequencer import number
from libs.messaging.tests.shop import Returned, Sold, column, execute, own_feed, sell
from libs.messaging.transaction import hash_of
from libs.operations.context import Context, within
from libs.servers import Credentials
from libs.telemetry.trace import Trace


class Deps:
    """What the feed's route asks for."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages


def ask(messages: Messages, **request: object) -> Page[CloudEvent]:
    answer = feed_route.handler(
        ReadFeed.model_validate(request), Service(name="notifications"), Deps(messages)
    )
    assert isinstance(answer, Page)
    return answer


def skus(page: Page[CloudEvent]) -> list[str]:
    return [event.subject for event in page.items]


def numbered(database: Database) -> list[int]:
    with database.transaction() as session:
        return sorted(pos for pos, _, _ in number(session))


def test_an_event_that_commits_late_is_read_and_a_reader_by_its_id_would_lose_it(
    messages: Messages,
) -> None:
    naive: list[str] = []
    last_seq = 0

    def naive_read() -> None:
        nonlocal last_seq
        with messages.database.transaction() as session:
            rows = session.execute(
                text("SELECT seq, key FROM feed WHERE seq > :last ORDER BY seq"), {"last": last_seq}
            ).all()
        naive.extend(row.key for row in rows)
        last_seq = max([last_seq, *(row.seq for row in rows)])

    read: list[str] = []
    after = 0

    def careful_read() -> None:
        nonlocal after
        numbered(messages.database)
        page = ask(messages, after=after)
        read.extend(skus(page))
        after = int(page.next_cursor or 0)

    engine = messages.database.engine()
    with engine.begin() as late:
        late.execute(
            text(
                "INSERT INTO feed (id, type, key, key_hash, data)"
                " VALUES (gen_random_uuid(), 'shop.sold.v1', 'late', 1, '{}')"
            )
        )
        sell(messages, "early")
        naive_read()
        careful_read()
    naive_read()
    careful_read()

    assert naive == ["early"]
    assert read == ["early", "late"]


def test_one_sequencer_numbers_at_a_time(messages: Messages) -> None:
    sell(messages, *(f"sku{n}" for n in range(20)))

    with messages.database.transaction() as first, ThreadPoolExecutor(1) as elsewhere:
        mine = number(first)
        others = elsewhere.submit(numbered, messages.database).result()
    after = numbered(messages.database)

    assert len(mine) == 20
    assert (others, after) == ([], [])


def test_a_lock_taken_in_the_statement_that_numbers_would_number_twice(
    messages: Messages,
) -> None:
    naive = text("""
        WITH slow AS MATERIALIZED (SELECT pg_sleep(0.4)),
        lock AS MATERIALIZED (
            SELECT pg_try_advisory_xact_lock(hashtext('concord.sequencer')) AS held FROM slow),
        numbered AS MATERIALIZED (
            SELECT seq, nextval('feed_pos') AS pos FROM feed, lock WHERE held AND pos IS NULL)
        UPDATE feed SET pos = numbered.pos FROM numbered WHERE feed.seq = numbered.seq""")

    def number_naively() -> None:
        with messages.database.transaction() as session:
            session.execute(naive)

    sell(messages, "mug")
    with ThreadPoolExecutor(1) as elsewhere:
        running = elsewhere.submit(number_naively)
        time.sleep(0.2)  # it has its snapshot and not yet the lock
        first = numbered(messages.database)
        running.result()

    assert first == [1]
    assert column(messages.database, "SELECT pos FROM feed") == [2]


def test_an_answer_speaks_up_to_the_head_even_when_it_is_empty(messages: Messages) -> None:
    sell(messages, "mug", "cup")
    numbered(messages.database)

    nothing = ask(messages, type=("shop.returned.v1",))
    part = ask(messages, limit=1)
    unnumbered = ask(messages, after=2)

    assert (nothing.items, nothing.next_cursor) == ((), "2")
    assert (skus(part), part.next_cursor) == (["mug"], "1")
    assert (unnumbered.items, unnumbered.next_cursor) == ((), "2")


def test_each_event_is_in_one_lane_and_a_key_always_in_the_same(messages: Messages) -> None:
    sold = [f"sku{n % 9}" for n in range(45)]
    sell(messages, *sold)
    numbered(messages.database)

    lanes = [skus(ask(messages, lane=lane, lanes=4)) for lane in range(4)]

    assert sorted(sku for lane in lanes for sku in lane) == sorted(sold)
    assert all(hash_of(sku) % 4 == lane for lane, held in enumerate(lanes) for sku in held)
    assert hash_of("usr_1") == 3037882959  # the same in every release: lanes rest on it


def test_an_event_travels_as_a_cloud_event_in_the_trace_of_its_publisher(
    messages: Messages,
) -> None:
    trace = Trace.begin()
    with within(Context(trace=trace, request_id="r")):
        sell(messages, "mug")
    numbered(messages.database)

    (event,) = ask(messages).items

    assert (event.type, event.subject, event.data) == (
        "shop.sold.v1",
        "mug",
        {"sku": "mug", "number": 0},
    )
    assert event.source == f"/{messages.service}"
    assert event.position() == 1
    assert event.traceparent == trace.traceparent
    assert abs(datetime.now(UTC) - event.time) < timedelta(minutes=1)


def test_an_event_that_no_reader_could_take_is_refused_to_its_publisher(
    messages: Messages,
) -> None:
    with pytest.raises(ValidationError), messages.transaction() as tx:
        tx.publish(Returned(sku="x" * 20_000))

    assert column(messages.database, "SELECT id FROM feed") == []


def partitions(database: Database) -> list[str]:
    return column(
        database,
        """SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
           WHERE inhparent = 'feed'::regclass ORDER BY relname""",
    )


def day(offset: int) -> str:
    return f"feed_{datetime.now(UTC) + timedelta(days=offset):%Y%m%d}"


def test_the_runtime_role_tends_partitions_without_a_right_to_change_tables(
    messages: Messages, credentials: Credentials
) -> None:
    with psycopg.connect(credentials.owner_url) as owner:
        owner.execute(f"DROP TABLE {day(2)}".encode())
        for offset in (-20, -3):
            start = datetime.now(UTC).date() + timedelta(days=offset)
            owner.execute(
                f"CREATE TABLE {day(offset)} PARTITION OF feed"
                f" FOR VALUES FROM ('{start}') TO ('{start + timedelta(days=1)}')".encode()
            )

    execute(messages.database, "SELECT maintain_feed('14 days')")

    assert partitions(messages.database) == sorted(
        ["feed_default", *(day(offset) for offset in (-3, 0, 1, 2, 3))]
    )
    with pytest.raises(ProgrammingError, match="must be owner"):
        execute(messages.database, f"DROP TABLE {day(0)}")


def test_events_that_nobody_numbered_outlive_the_retention(
    messages: Messages, credentials: Credentials
) -> None:
    start = datetime.now(UTC).date() - timedelta(days=20)
    with psycopg.connect(credentials.owner_url) as owner:
        owner.execute(
            f"CREATE TABLE {day(-20)} PARTITION OF feed"
            f" FOR VALUES FROM ('{start}') TO ('{start + timedelta(days=1)}')".encode()
        )
    sell(messages, "mug")
    execute(messages.database, "UPDATE feed SET created_at = created_at - interval '20 days'")

    execute(messages.database, "SELECT maintain_feed('14 days')")
    kept = skus_in(messages.database)
    numbered(messages.database)
    execute(messages.database, "SELECT maintain_feed('14 days')")

    assert kept == ["mug"]
    assert skus_in(messages.database) == []


def skus_in(database: Database) -> list[str]:
    return column(database, "SELECT key FROM feed")


def test_an_event_of_a_day_without_partition_is_kept_and_read(
    messages: Messages, credentials: Credentials
) -> None:
    with psycopg.connect(credentials.owner_url) as owner:
        owner.execute(f"DROP TABLE {day(0)}".encode())
    sell(messages, "mug")

    execute(messages.database, "SELECT maintain_feed('14 days')")
    numbered(messages.database)

    assert skus(own_feed(messages.database)(ReadFeed())) == ["mug"]
    assert day(0) not in partitions(messages.database)
    with messages.transaction() as tx:
        tx.publish(Sold(sku="cup"))
    assert sorted(skus_in(messages.database)) == ["cup", "mug"]
