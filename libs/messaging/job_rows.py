"""The rows of jobs: claimed before a job runs, ended after it; each a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from libs.messaging.parked import shortened

CLAIM = timedelta(seconds=10)
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in hand. `number` fences: only the latest claim may say how the job ended."""

    job_id: UUID
    number: int
    name: str
    key: str
    data: str
    attempts: int
    waits: int
    traceparent: str | None


_CLAIM = text("""
    UPDATE job SET attempts = attempts + 1, claim = claim + 1,
        claimed_until = now() + :claim, wake_at = now() + :claim
    WHERE id = :id AND state = 'waiting' AND due_at <= now()
        AND (claimed_until IS NULL OR (claimed_until <= now() AND NOT :unsuspected))
    RETURNING id, claim, name, key, CAST(data AS text) AS data, attempts, waits, traceparent""")

_SUSPECTED = text("""
    SELECT id FROM job
    WHERE id = :id AND state = 'waiting' AND due_at <= now() AND claimed_until <= now()""")

_KEEP = text("""
    UPDATE job SET claimed_until = now() + :claim, wake_at = now() + :claim
    FROM unnest(CAST(:ids AS uuid[]), CAST(:claims AS int[])) AS ours (id, claim)
    WHERE job.id = ours.id AND job.claim = ours.claim AND state = 'waiting'""")

_MINE = "id = :id AND claim = :number AND state = 'waiting'"

_DONE = text(f"""
    UPDATE job SET state = 'done', finished_at = now(), claimed_until = NULL, error = NULL
    WHERE {_MINE}""")

_AGAIN = text(f"""
    UPDATE job SET claimed_until = NULL, waits = 0, sends = 0, error = :error,
        due_at = now() + :pause, wake_at = now() + :pause WHERE {_MINE}""")

_WAIT = text(f"""
    UPDATE job SET claimed_until = NULL, waits = waits + 1, attempts = attempts - 1, sends = 0,
        error = :error, due_at = now() + :pause, wake_at = now() + :pause WHERE {_MINE}""")

_PARK = text(f"""
    UPDATE job SET state = 'parked', finished_at = now(), claimed_until = NULL, error = :error,
        attempts = least(attempts, :attempts) WHERE {_MINE}""")

# Skipping locked rows, so that two sweepers share the work and a claim is never waited for.
_TO_SEND = text("""
    UPDATE job SET sends = sends + 1,
        wake_at = now() + least(power(2, least(sends, 4) + 1), 10) * interval '1 s'
    WHERE id IN (
        SELECT id FROM job WHERE state = 'waiting' AND wake_at <= now() AND due_at <= now()
            AND (claimed_until IS NULL OR claimed_until <= now())
        ORDER BY wake_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id""")

_NOT_SENT = text("""
    UPDATE job SET sends = 0, wake_at = now() + interval '1 s'
    WHERE id = ANY(:ids) AND state = 'waiting' AND claimed_until IS NULL""")

_ROUSE = text("""
    UPDATE job SET wake_at = now(), sends = 0 WHERE id IN (
        SELECT id FROM job WHERE state = 'waiting' AND due_at <= now() AND wake_at > now()
            AND claimed_until IS NULL FOR UPDATE SKIP LOCKED)""")

_NEXT = text("""
    SELECT extract(epoch FROM min(wake_at) - clock_timestamp()) FROM job WHERE state = 'waiting'""")

_FORGET = text("""
    DELETE FROM job WHERE id IN (
        SELECT id FROM job WHERE state = 'done' AND finished_at < now() - :kept
        LIMIT 1000 FOR UPDATE SKIP LOCKED)""")

_COUNT = text("""
    SELECT (SELECT count(*) FROM job WHERE state = 'waiting' AND due_at <= now()
                AND claimed_until IS NULL),
           (SELECT count(*) FROM job WHERE state = 'parked')
               + (SELECT count(*) FROM parked_event WHERE requeued_at IS NULL)""")


def claim(session: Session, job_id: UUID, *, unsuspected: bool = False) -> Claim | None:
    """Begin an attempt; None when the job is done, not due, or in somebody else's hands; and with
    `unsuspected`, when it is one of those that `is_suspected` names."""
    said = {"id": job_id, "claim": CLAIM, "unsuspected": unsuspected}
    row = session.execute(_CLAIM, said).one_or_none()
    if row is None:
        return None
    return Claim(
        row.id, row.claim, row.name, row.key, row.data, row.attempts, row.waits, row.traceparent
    )


def is_suspected(session: Session, job_id: UUID) -> bool:
    """Whether the process that last did this job, which is due, ended before it was done."""
    return session.scalar(_SUSPECTED, {"id": job_id}) is not None


def keep(session: Session, claims: Sequence[Claim]) -> None:
    """Say that these jobs are still being done."""
    session.execute(
        _KEEP,
        {
            "ids": [str(claim.job_id) for claim in claims],
            "claims": [claim.number for claim in claims],
            "claim": CLAIM,
        },
    )


def done(session: Session, claim: Claim) -> None:
    """The job is done."""
    session.execute(_DONE, _mine(claim))


def again(session: Session, claim: Claim, pause: timedelta, error: str) -> None:
    """The attempt failed; the next one is due after the pause."""
    session.execute(_AGAIN, _mine(claim) | {"pause": pause, "error": shortened(error)})


def wait(session: Session, claim: Claim, pause: timedelta, error: str) -> None:
    """What the job needs is unavailable: that was no attempt; it is due again after the pause."""
    session.execute(_WAIT, _mine(claim) | {"pause": pause, "error": shortened(error)})


def park(session: Session, claim: Claim, error: str, *, attempts: int) -> None:
    """The job is tried no more until it is requeued."""
    session.execute(_PARK, _mine(claim) | {"error": shortened(error), "attempts": attempts})


def to_send(session: Session, limit: int) -> list[UUID]:
    """Jobs that are due and that nobody has begun, for whom it is time to be sent (again). 2, 4, 8,
    then each 10 s are left to begin them before their turn comes again."""
    return list(session.scalars(_TO_SEND, {"limit": limit}))


def not_sent(session: Session, jobs: Sequence[UUID]) -> None:
    """They could not be sent; their turn comes in a second."""
    session.execute(_NOT_SENT, {"ids": list(jobs)})


def rouse(session: Session) -> None:
    """Have all that is due sent at once: the queue has lost what it was given."""
    session.execute(_ROUSE)


def next_in_s(session: Session) -> float | None:
    """Seconds until a job has to be sent; None when none waits."""
    seconds = session.scalar(_NEXT)
    return None if seconds is None else float(seconds)


def forget(session: Session) -> None:
    """Delete what was done long ago, and with it the memory that its keys were used."""
    session.execute(_FORGET, {"kept": KEPT})


def counts(session: Session) -> tuple[int, int]:
    """How many jobs are due and not begun, and how many events and jobs are parked."""
    due, parked = session.execute(_COUNT).one()
    return int(due), int(parked)


def _mine(claim: Claim) -> dict[str, object]:
    return {"id": claim.job_id, "number": claim.number}
