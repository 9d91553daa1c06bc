"""Gives published events their positions: the order in which they are read.

A row that is inserted early may commit late. Whoever reads by the order of inserting passes by it
and never comes back; so positions are given to what has committed, in a second step.
"""

from __future__ import annotations

import time

import redis
from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.core.events import RETENTION
from libs.db import Database
from libs.messaging.bells import Ring, feed_bell
from libs.messaging.valkey import connect
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

_BATCH = 500
_POLL_S = 1.0
_MAINTENANCE_S = 3600.0
_MAINTENANCE_RETRY_S = 60.0

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('concord.sequencer'))")

_NUMBER = text("""
    WITH unnumbered AS MATERIALIZED (
        SELECT created_at, seq FROM feed WHERE pos IS NULL ORDER BY seq LIMIT :batch
    ), numbered AS MATERIALIZED (
        SELECT created_at, seq, nextval('feed_pos') AS pos
        FROM (SELECT created_at, seq FROM unnumbered ORDER BY seq) AS in_order
    )
    UPDATE feed SET pos = numbered.pos FROM numbered
    WHERE feed.created_at = numbered.created_at AND feed.seq = numbered.seq
    RETURNING feed.pos, feed.type, feed.key_hash""")


def number(session: Session) -> list[tuple[int, str, int]]:
    """Position, type and hash of the events that got a position, in no order; empty also when
    another sequencer is at work.

    The lock is taken in a statement of its own: the next one gets a new snapshot and sees what the
    lock's former holder has numbered. In one statement, the snapshot would be older than the
    lock, and the same rows numbered twice. It is a transaction's lock, so poolers work.
    """
    if not session.scalar(_LOCK):
        return []
    return [
        (pos, kind, key_hash) for pos, kind, key_hash in session.execute(_NUMBER, {"batch": _BATCH})
    ]


class Sequencer:
    """Numbers what was published and rings; `step` is for a Loop."""

    def __init__(self, service: str, database: Database, queue_url: str) -> None:
        self._database = database
        self._bell = feed_bell(service)
        self._valkey = connect(queue_url)
        self._maintain_at = 0.0

    def step(self) -> float:
        """One batch. Raises Unavailable without a database."""
        with self._database.transaction() as session:
            numbered = number(session)
        if numbered:
            self._ring(numbered)
        if len(numbered) == _BATCH:
            return 0.0
        if time.monotonic() >= self._maintain_at:
            self._maintain()
        return _POLL_S

    def _ring(self, numbered: list[tuple[int, str, int]]) -> None:
        positions = [pos for pos, _, _ in numbered]
        ring = Ring(
            min(positions),
            max(positions),
            tuple((kind, key_hash) for _, kind, key_hash in numbered),
        )
        try:
            self._valkey.publish(self._bell, ring.encode())
        except redis.RedisError as error:
            log.warning("bell_is_silent", why=str(error))

    def _maintain(self) -> None:
        """Make the next days' partitions, drop those past the retention."""
        self._maintain_at = time.monotonic() + _MAINTENANCE_RETRY_S
        with self._database.transaction() as session:
            if session.scalar(_LOCK):
                session.execute(text("SELECT maintain_feed(:keep)"), {"keep": RETENTION})
        self._maintain_at = time.monotonic() + _MAINTENANCE_S
