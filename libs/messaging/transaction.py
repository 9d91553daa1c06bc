"""What a business transaction can do beside its rows: publish facts, note jobs."""

from __future__ import annotations

import zlib
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.core import Event, JsonObject
from libs.messaging.jobs import Job
from libs.operations.context import current

# Readers take no event with more than a JsonObject in it; better the publisher hears of it.
_READABLE: TypeAdapter[object] = TypeAdapter(JsonObject)

_PUBLISH = text("""
    INSERT INTO feed (id, type, key, key_hash, data, traceparent)
    VALUES (:id, :type, :key, :key_hash, CAST(:data AS json), :traceparent)""")

# The sweeper sends a job that is due now a little later, in case the bell was lost.
_NOTE = text("""
    INSERT INTO job (id, key, name, data, traceparent, due_at, wake_at)
    VALUES (:id, :key, :name, CAST(:data AS json), :traceparent, now() + :delay,
            now() + CASE WHEN :delay > interval '0' THEN :delay ELSE interval '1.5 s' END)
    ON CONFLICT (key) DO NOTHING RETURNING id""")


def hash_of(key: str) -> int:
    """Spreads keys over lanes; the same in every process and release, unlike hash()."""
    return zlib.crc32(key.encode())


class Tx:
    """A transaction in hand; ends with the block or handler that got it.

    `session` is SQLAlchemy's. What is published or noted here happens if and only if the
    transaction commits.
    """

    def __init__(self, session: Session, *, event_id: str | None = None) -> None:
        self.session = session
        self.published = 0
        self.due_jobs: list[UUID] = []
        self._event_id = event_id
        self._counts: Counter[str] = Counter()

    def publish(self, event: Event) -> None:
        """State a fact that others may read once this transaction has committed."""
        declared = type(event).__event__
        data = event.model_dump_json(by_alias=True)
        _READABLE.validate_json(data)
        key = str(getattr(event, declared.key))
        self.session.execute(
            _PUBLISH,
            {
                "id": uuid4(),
                "type": declared.name,
                "key": key,
                "key_hash": hash_of(key),
                "data": data,
                "traceparent": _traceparent(),
            },
        )
        self.published += 1

    def later(self, job: Job, *, key: str | None = None, delay: timedelta | None = None) -> None:
        """Have a job done after this transaction has committed, and after `delay`.

        Of several jobs with one `key` the first is done (keys are kept for 7 days after). Without
        one, a consumer's job gets its key from the event, so that a replayed event notes it no
        second time; elsewhere each call is a job of its own.
        """
        noted = self.session.execute(
            _NOTE,
            {
                "id": (job_id := uuid4()),
                "key": key or self._key_for(job) or str(job_id),
                "name": job.__job__,
                "data": job.model_dump_json(by_alias=True),
                "traceparent": _traceparent(),
                "delay": delay or timedelta(),
            },
        ).scalar()
        if noted is not None and not delay:
            self.due_jobs.append(job_id)

    def _key_for(self, job: Job) -> str | None:
        if self._event_id is None:
            return None
        self._counts[job.__job__] += 1
        nth = self._counts[job.__job__]
        return f"{self._event_id}:{job.__job__}" + (f":{nth}" if nth > 1 else "")


def _traceparent() -> str | None:
    context = current()
    return context.trace.traceparent if context else None
