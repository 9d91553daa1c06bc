"""A small shop that publishes, reads its own feed and does jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from contracts.core import Consumer, Event, Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.db import Database
from libs.messaging import Job, JobHandler, Messages, Tx, Worker, feed
from libs.messaging.lanes import Fetch


class Sold(Event, name="shop.sold.v1", key="sku"):
    """Something was sold."""

    sku: str
    number: int = 0


class Returned(Event, name="shop.returned.v1", key="sku"):
    """Something came back."""

    sku: str


class Wrap(Job, name="shop.wrap"):
    """Wrap what was sold."""

    sku: str


def note_effect(tx: Tx, what: str) -> None:
    """An effect that can be counted; doubled, it stands there twice."""
    tx.session.execute(text("INSERT INTO effect (what) VALUES (:what)"), {"what": what})


def effects(database: Database) -> list[str]:
    """In the order in which they were had."""
    return column(database, "SELECT what FROM effect ORDER BY id")


def column(database: Database, statement: str, **values: object) -> list[Any]:
    with database.transaction() as session:
        return list(session.scalars(text(statement), values))


def execute(database: Database, statement: str, **values: object) -> None:
    with database.transaction() as session:
        session.execute(text(statement), values)


def own_feed(database: Database) -> Fetch:
    """Reads a feed without a network between."""

    def fetch(request: ReadFeed) -> Page[CloudEvent]:
        with database.transaction() as session:
            return feed.read(session, "shop", request)

    return fetch


def sell(messages: Messages, *skus: str) -> None:
    """Each in a transaction of its own."""
    for number, sku in enumerate(skus):
        with messages.transaction() as tx:
            tx.publish(Sold(sku=sku, number=number))


@contextmanager
def working(
    messages: Messages,
    consumers: Sequence[Consumer[Tx, None]] = (),
    jobs: Sequence[JobHandler[None]] = (),
    fetch: Fetch | None = None,
    **options: Any,
) -> Iterator[Worker]:
    """A worker at work."""
    feeds: Mapping[str, Fetch] = {"shop": fetch or own_feed(messages.database)}
    worker = Worker(
        messages, None, consumers=consumers, jobs=jobs, feed_of=lambda _: feeds["shop"], **options
    )
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(10)


def eventually(claim: Callable[[], bool], *, within_s: float = 10) -> None:
    """Wait until it is so; fail when it does not come to be in time."""
    ends = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < ends, f"not so after {within_s:g} s"
        time.sleep(0.01)
