"""Bugs on purpose: something is done the naive way, in the process that calls one of these.

A checker that does not notice them proves nothing. BUGS are what it has to notice; CONDITIONS do no
harm in themselves, and make a bug show soon: whoever plants a bug under one also tries it alone.
`planted.py` runs a program with them.
"""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from contracts.core import Event
from contracts.shared.ids import OrderId
from libs.client.breaker import Breaker, Outcome
from libs.messaging import feed, sequencer
from libs.messaging.transaction import Tx
from libs.testing import switches

# Long enough for a kill to come in between.
_BETWEEN_S = 0.4
_SLOWEST_COMMIT_S = 0.4
_THINKS_S = 0.03


def no_compare_and_set() -> None:
    """The cursor moves without a look at where it is."""
    switches.without_compare_and_set()


def read_modify_write_stock() -> None:
    """Stock is read, computed and written back, as an ORM does with an attribute."""
    catalog: Any = importlib.import_module("services.catalog.reservations")
    catalog._LOCK = text(str(catalog._LOCK).replace("FOR NO KEY UPDATE OF stock", ""))
    catalog._TAKE = text("""
        WITH seen AS MATERIALIZED (
            SELECT stock.sku, on_hand - line.units AS on_hand, reserved + line.units AS reserved
            FROM unnest(CAST(:skus AS text[]), CAST(:units AS bigint[])) AS line (sku, units)
            JOIN stock ON stock.sku = line.sku
        ), thought AS MATERIALIZED (SELECT pg_sleep(0.15) FROM (SELECT count(*) FROM seen) AS n)
        UPDATE stock SET on_hand = seen.on_hand, reserved = seen.reserved
        FROM seen, thought WHERE stock.sku = seen.sku RETURNING stock.sku, stock.on_hand""")


def publish_after_commit() -> None:
    """Events are published in a transaction of their own, once the business one has committed."""
    publish = Tx.publish

    def later(tx: Tx, fact: Event) -> None:
        engine = tx.session.connection().engine

        def committed(_: Session) -> None:
            time.sleep(_BETWEEN_S)
            with Session(engine) as session:
                publish(Tx(session), fact)
                session.commit()

        event.listen(tx.session, "after_commit", committed, once=True)
        tx.published += 1

    _replace(Tx, "publish", later)


def feed_by_insertion_id() -> None:
    """The feed is numbered and read in the order of inserting: what commits late is passed by. To
    be planted where it is read and where it is numbered, or cursors and positions differ in kind."""
    feed_: Any = feed
    feed_._READ = text(_BY_INSERTION)
    sequencer_: Any = sequencer
    sequencer_._NUMBER = text(str(sequencer_._NUMBER).replace("nextval('feed_pos')", "seq"))


_BY_INSERTION = """
    SELECT head.pos AS head, e.* FROM (SELECT max(seq) AS pos FROM feed) head
    LEFT JOIN LATERAL (
        SELECT seq AS pos, id, type, key, data, traceparent, created_at FROM feed
        WHERE seq > :after AND seq <= :until AND key_hash % :lanes = :lane
            AND (:every_type OR type = ANY(:types))
        ORDER BY seq LIMIT :limit
    ) e ON true ORDER BY e.pos"""


def breaker_off() -> None:
    """Every call goes to the neighbour, however dead it is."""

    def admit(self: Breaker) -> int:
        return 0

    def ended(self: Breaker, outcome: Outcome, epoch: int) -> None:
        return None

    _replace(Breaker, "admit", admit)
    _replace(Breaker, "ended", ended)


def no_idempotency_key() -> None:
    """The provider is asked to capture under a new key at each attempt."""
    jobs: Any = importlib.import_module("services.payments.jobs")

    def capture_key(order_id: OrderId) -> str:
        return f"capture:{order_id}:{uuid4()}"

    jobs.capture_key = capture_key


BUGS: Mapping[str, Callable[[], None]] = {
    "no-compare-and-set": no_compare_and_set,
    "read-modify-write-stock": read_modify_write_stock,
    "publish-after-commit": publish_after_commit,
    "feed-by-insertion-id": feed_by_insertion_id,
    "breaker-off": breaker_off,
    "no-idempotency-key": no_idempotency_key,
}


def racing() -> None:
    """All workers read all lanes, as one does that stood still until its lease had ended."""
    switches.without_leases()
    switches.with_stalls(_THINKS_S)


def no_job_keys() -> None:
    """Jobs have no keys by which the second of two is dropped: the compare-and-set is alone."""
    later = Tx.later

    def unkeyed(tx: Tx, job: Any, *, key: str | None = None, delay: Any = None) -> None:
        later(tx, job, key=str(uuid4()), delay=delay)

    _replace(Tx, "later", unkeyed)


def slow_commits() -> None:
    """A commit takes its time after the publishing: a disk that stalls, a lock that is waited for."""
    publish = Tx.publish

    def slowly(tx: Tx, fact: Event) -> None:
        publish(tx, fact)
        time.sleep(random.random() * _SLOWEST_COMMIT_S)

    _replace(Tx, "publish", slowly)


CONDITIONS: Mapping[str, Callable[[], None]] = {
    "racing": racing,
    "no-job-keys": no_job_keys,
    "slow-commits": slow_commits,
}


PLANTED: Mapping[str, Callable[[], None]] = {**CONDITIONS, **BUGS}


def _replace(owner: type, name: str, naive: object) -> None:
    """Behind mypy's back: it is wrong on purpose."""
    setattr(owner, name, naive)
