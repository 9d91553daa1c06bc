"""What failed for good: kept to be looked at, and tried again when its cause is mended."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.orm import Session

ATTEMPTS = 3
_ERROR_LENGTH = 4000


class Parked(BaseModel):
    """An event or a job that is tried no more. `error` ends with what was raised last."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: Literal["event", "job"]
    name: str
    key: str
    data: dict[str, object]
    error: str
    attempts: int
    since: datetime


_LIST = text("""
    SELECT id, 'event' AS kind, type AS name, key, event->'data' AS data, error, attempts,
           parked_at AS since FROM parked_event WHERE requeued_at IS NULL
    UNION ALL
    SELECT id, 'job', name, key, data, coalesce(error, ''), attempts, coalesce(finished_at, created_at)
    FROM job WHERE state = 'parked'
    ORDER BY since""")

_REQUEUE_EVENT = text("""
    UPDATE parked_event SET requeued_at = now(), attempts = 0
    WHERE id = :id AND requeued_at IS NULL RETURNING id""")

_REQUEUE_JOB = text("""
    UPDATE job SET state = 'waiting', attempts = 0, waits = 0, sends = 0, due_at = now(),
                   wake_at = now(), claimed_until = NULL, finished_at = NULL
    WHERE id = :id AND state = 'parked' RETURNING id""")


def listed(session: Session) -> list[Parked]:
    """Events and jobs, the oldest first."""
    return [Parked.model_validate(dict(row._mapping)) for row in session.execute(_LIST)]


def requeue(session: Session, parked_id: UUID) -> bool:
    """Whether something of that id was parked; a worker tries it within a second or two."""
    found = [
        session.execute(statement, {"id": parked_id}).scalar()
        for statement in (_REQUEUE_EVENT, _REQUEUE_JOB)
    ]
    return any(found)


def shortened(error: str) -> str:
    """The end of it, where a traceback says what happened; a NUL would not go into a column."""
    return error.replace("\0", "\\0")[-_ERROR_LENGTH:]
