"""The answers of keyed requests, in the service's own database."""

from __future__ import annotations

import json
import time
from datetime import timedelta

from sqlalchemy import text

from contracts.core.chassis import KeyTaken, StillInFlight
from libs.db.database import Database
from libs.operations.envelope import Reply
from libs.operations.errors import Unavailable
from libs.operations.repeats import Asked, Claim
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

KEPT = timedelta(hours=24)
_FORGET_EVERY_S = 60.0
_BATCH = 500

_THIS = "operation = :operation AND caller = :caller AND key = :key"

# Of those who come at once one inserts; the others wait until it has committed, a moment later.
_CLAIM = text("""
    INSERT INTO keyed_request (operation, caller, key, fingerprint, leased_until)
    VALUES (:operation, :caller, :key, :fingerprint, now() + :lease)
    ON CONFLICT DO NOTHING RETURNING claim""")

_FIND = text(f"""
    SELECT fingerprint, status, headers, body, leased_until <= now() AS is_free
    FROM keyed_request WHERE {_THIS}""")

_TAKE_OVER = text(f"""
    UPDATE keyed_request SET claim = claim + 1, leased_until = now() + :lease
    WHERE {_THIS} AND status IS NULL AND leased_until <= now() RETURNING claim""")

_MINE = f"{_THIS} AND claim = :number AND status IS NULL"

_FINISH = text(f"""
    UPDATE keyed_request SET status = :status, headers = CAST(:headers AS json), body = :body
    WHERE {_MINE} RETURNING claim""")

_RELEASE = text(f"UPDATE keyed_request SET leased_until = now() WHERE {_MINE}")

_FORGET = text("""
    DELETE FROM keyed_request WHERE (operation, caller, key) IN (
        SELECT operation, caller, key FROM keyed_request WHERE created_at < now() - :kept
        ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING claim""")


class StoredRepeats:
    """As of libs.operations.repeats.Repeats. What is older than 24 hours is deleted by the way, in
    small steps, by those who finish."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forget_at = 0.0

    def claim(self, asked: Asked, lease_s: float) -> Claim | Reply:
        """As of Repeats."""
        this = _named(asked)
        lease = {"lease": timedelta(seconds=lease_s)}
        with self._database.transaction() as session:
            number = session.scalar(_CLAIM, this | lease | {"fingerprint": asked.fingerprint})
            if number is not None:
                return Claim(asked, number)
            found = session.execute(_FIND, this).one_or_none()
            if found is None:
                raise StillInFlight  # forgotten just now
            if bytes(found.fingerprint) != asked.fingerprint:
                raise KeyTaken
            if found.status is not None:
                headers = tuple((str(name), str(value)) for name, value in found.headers)
                return Reply(found.status, bytes(found.body), headers)
            number = session.scalar(_TAKE_OVER, this | lease) if found.is_free else None
            if number is None:
                raise StillInFlight
            log.info("key_taken_over", operation=asked.operation, attempt=number)
            return Claim(asked, number)

    def finish(self, claim: Claim, reply: Reply) -> bool:
        """As of Repeats."""
        answer = {
            "status": reply.status,
            "headers": json.dumps(reply.headers),
            "body": reply.body,
        }
        with self._database.transaction() as session:
            finished = session.scalar(_FINISH, _mine(claim) | answer) is not None
        if time.monotonic() >= self._forget_at:
            self._forget()
        return finished

    def release(self, claim: Claim) -> None:
        """As of Repeats."""
        with self._database.transaction() as session:
            session.execute(_RELEASE, _mine(claim))

    def _forget(self) -> None:
        self._forget_at = time.monotonic() + _FORGET_EVERY_S
        try:
            with self._database.transaction() as session:
                deleted = session.execute(_FORGET, {"kept": KEPT, "batch": _BATCH}).all()
        except Unavailable as error:
            log.warning("keys_not_forgotten", why=str(error))
            return
        if len(deleted) == _BATCH:  # there is more; the next one goes on
            self._forget_at = 0.0


def _named(asked: Asked) -> dict[str, object]:
    return {"operation": asked.operation, "caller": asked.caller, "key": asked.key}


def _mine(claim: Claim) -> dict[str, object]:
    return _named(claim.asked) | {"number": claim.number}
