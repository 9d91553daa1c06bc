"""Finds what the doorbells forgot: jobs whose ids were lost, parked events that were requeued."""

from __future__ import annotations

import time
import traceback
from datetime import timedelta
from typing import Any
from uuid import UUID

import redis
from sqlalchemy import text

from contracts.core.feed import CloudEvent
from libs.db import Database
from libs.messaging import job_rows, metrics
from libs.messaging.delivery import Delivery, park, surroundings
from libs.messaging.messages import Messages
from libs.messaging.parked import ATTEMPTS
from libs.messaging.queue import Broker
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

_POLL_S = 1.0
_SHORTEST_S = 0.05
_BATCH = 500
_COUNT_S = 5.0
_RETRY = timedelta(seconds=2)


class Sweeper:
    """Sends jobs that are due and that nobody has begun; `step` is for a Loop. Several workers'
    sweepers share the work."""

    def __init__(self, service: str, database: Database, broker: Broker) -> None:
        self._service = service
        self._database = database
        self._broker = broker
        self._count_at = 0.0
        self._silent = False

    def step(self) -> float:
        """One look. Raises Unavailable without a database; without Valkey jobs wait."""
        self._count()
        try:
            self._sweep(forgotten=self._broker.has_forgotten())
            self._silent = False
        except redis.RedisError as error:
            if not self._silent:
                log.warning("queue_is_silent", why=str(error))
            self._silent = True
            return _POLL_S
        with self._database.transaction() as session:
            next_in_s = job_rows.next_in_s(session)
        return min(_POLL_S, max(_SHORTEST_S, _POLL_S if next_in_s is None else next_in_s))

    def _sweep(self, *, forgotten: bool) -> None:
        with self._database.transaction() as session:
            if forgotten:
                job_rows.rouse(session)
            jobs = job_rows.to_send(session, _BATCH)
        if jobs:
            try:
                self._broker.send(jobs)
            except redis.RedisError:
                with self._database.transaction() as session:
                    job_rows.not_sent(session, jobs)
                raise

    def _count(self) -> None:
        if time.monotonic() < self._count_at:
            return
        self._count_at = time.monotonic() + _COUNT_S
        with self._database.transaction() as session:
            job_rows.forget(session)
            due, parked = job_rows.counts(session)
        metrics.JOBS_DUE.labels(self._service).set(due)
        metrics.PARKED_NOW.labels(self._service).set(parked)


# Hidden from others while it is tried; after a death it shows again.
_PICK = text("""
    UPDATE parked_event SET attempts = attempts + 1, requeued_at = now() + interval '10 s'
    WHERE id = (SELECT id FROM parked_event WHERE requeued_at <= now()
                ORDER BY requeued_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, producer, event, attempts""")

_MINE = "id = :id AND attempts = :attempts AND requeued_at IS NOT NULL"
_UNPARK = text(f"DELETE FROM parked_event WHERE {_MINE} RETURNING id")
_AGAIN = text(f"""
    UPDATE parked_event SET requeued_at = now() + :pause, attempts = attempts - :given_back
    WHERE {_MINE}""")


class SecondChance:
    """Tries events again that were requeued; `step` is for a Loop.

    Deleting the row is here what moving the cursor is for a lane: it happens in the transaction
    of the effects, once.
    """

    def __init__(self, messages: Messages, delivery: Delivery[Any]) -> None:
        self._messages = messages
        self._database = messages.database
        self._delivery = delivery

    def step(self) -> float:
        """One event at most. Raises Unavailable without a database."""
        with self._database.transaction() as session:
            row = session.execute(_PICK).one_or_none()
        if row is None:
            return _POLL_S
        event = CloudEvent.model_validate(row.event)
        mine = {"id": row.id, "attempts": row.attempts}
        try:
            if row.attempts > ATTEMPTS:
                raise RuntimeError("the process ended at each attempt")
            if not self._delivery.wants(event.type):
                raise LookupError(f"no handler here is for {event.type}")
            self._try(event, mine)
        except Unavailable:
            self._again(mine, given_back=1)
        except Exception:
            if row.attempts < ATTEMPTS and self._delivery.wants(event.type):
                self._again(mine, given_back=0)
            else:
                self._park(row.producer, event, row.attempts)
        return 0.0

    def _try(self, event: CloudEvent, mine: dict[str, UUID | int]) -> None:
        with surroundings(event):
            with self._database.transaction() as session:
                if session.scalar(_UNPARK, mine) is None:
                    return  # it took so long that somebody else has begun
                tx = self._delivery.run(session, event, self._delivery.decode(event))
            self._messages.ring(tx)

    def _again(self, mine: dict[str, UUID | int], *, given_back: int) -> None:
        with self._database.transaction() as session:
            session.execute(_AGAIN, mine | {"pause": _RETRY, "given_back": given_back})

    def _park(self, producer: str, event: CloudEvent, attempts: int) -> None:
        error = traceback.format_exc()
        with self._database.transaction() as session:
            park(session, producer, event, error, attempts=min(attempts, ATTEMPTS))
        log.error("event_parked", event_id=event.id, type=event.type, why=error[-500:])
