"""Runs one job: claims its row, does the work outside any transaction, writes down how it ended."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from libs.db import Database
from libs.messaging import job_rows, metrics
from libs.messaging.job_rows import Claim
from libs.messaging.jobs import JobHandler
from libs.messaging.parked import ATTEMPTS
from libs.messaging.suspects import Suspects
from libs.operations.context import Context, within
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.trace import Trace

log = get_logger(__name__)

D = TypeVar("D")

PAUSES_S = (1.0, 5.0)  # after the first failure and the second; the third parks
LONGEST_WAIT_S = 10.0
_KEEP_S = 3.0
_TURN_S = 5.0
# While the database is away the claim ends after 10 s; then somebody else may begin.
_WRITING_PAUSES_S = (0.1, 0.3, 1.0, 2.0, 4.0)


class Runner(Generic[D]):
    """A table of jobs with what runs them."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, JobHandler[D]],
        deps: D,
        suspects: Suspects | None = None,
    ) -> None:
        self._suspects = suspects or Suspects()
        self._database = database
        self._handlers = handlers
        self._deps = deps
        self._guard = threading.Lock()
        self._running: dict[UUID, Claim] = {}

    def run(self, job_id: UUID) -> None:
        """Do the job, unless that was done or somebody is at it. Raises nothing: what happened
        stands in the row, and what could not be written there comes again."""
        try:
            with self._database.transaction() as session:
                claim = job_rows.claim(session, job_id, unsuspected=True)
                suspected = claim is None and job_rows.is_suspected(session, job_id)
            if claim is not None:
                self._attempt(claim)
            elif suspected:
                self._attempt_alone(job_id)
        except Unavailable as error:
            log.warning("job_waits", job_id=str(job_id), why=str(error))
        except Exception:
            log.exception("job_broken", job_id=str(job_id))

    def _attempt_alone(self, job_id: UUID) -> None:
        """Claimed only when its turn has come: to wait is no attempt."""
        with self._suspects.alone(_TURN_S) as has_turn:
            if not has_turn:
                return  # the sweeper sends it again
            with self._database.transaction() as session:
                claim = job_rows.claim(session, job_id)
            if claim is not None:
                self._attempt(claim)

    def keep_claims(self) -> float:
        """Renew the claims of what is running; for a Loop."""
        with self._guard:
            claims = list(self._running.values())
        if claims:
            with self._database.transaction() as session:
                job_rows.keep(session, claims)
        return _KEEP_S

    def _attempt(self, claim: Claim) -> None:
        if claim.attempts > ATTEMPTS:
            self._park(claim, "the process ended at each attempt", ATTEMPTS)
            return
        handler = self._handlers.get(claim.name)
        if handler is None:
            # Noted by a newer release than this one, or an older one: the other may still come.
            self._wait(claim, LONGEST_WAIT_S, f"no handler here is for {claim.name}")
            log.error("job_unknown", job_id=str(claim.job_id), name=claim.name)
            return
        with self._guard:
            self._running[claim.job_id] = claim
        try:
            self._do(claim, handler)
        except Unavailable as error:
            patience_s = 2.0 ** min(claim.waits, 4)
            pause_s = min(max(error.retry_after_s, patience_s), LONGEST_WAIT_S)
            self._wait(claim, pause_s, str(error))
        except Exception:
            self._failed(claim, traceback.format_exc())
        else:
            self._write(claim, lambda session: job_rows.done(session, claim))
        finally:
            with self._guard:
                self._running.pop(claim.job_id, None)

    def _do(self, claim: Claim, handler: JobHandler[D]) -> None:
        job = handler.job.model_validate_json(claim.data).keyed(claim.key)
        context = Context(trace=Trace.continued(claim.traceparent), request_id=str(claim.job_id))
        with within(context), metrics.timed(metrics.JOB_SECONDS, claim.name):
            handler.handler(job, self._deps)

    def _failed(self, claim: Claim, error: str) -> None:
        log.error("job_failed", job_id=str(claim.job_id), attempt=claim.attempts, why=error[-500:])
        if claim.attempts >= ATTEMPTS:
            self._park(claim, error, claim.attempts)
            return
        pause = timedelta(seconds=PAUSES_S[claim.attempts - 1])
        self._write(claim, lambda session: job_rows.again(session, claim, pause, error))

    def _wait(self, claim: Claim, pause_s: float, error: str) -> None:
        pause = timedelta(seconds=pause_s)
        self._write(claim, lambda session: job_rows.wait(session, claim, pause, error))

    def _park(self, claim: Claim, error: str, attempts: int) -> None:
        self._write(claim, lambda session: job_rows.park(session, claim, error, attempts=attempts))
        metrics.PARKED.labels(claim.name).inc()
        log.error("job_parked", job_id=str(claim.job_id), name=claim.name)

    def _write(self, claim: Claim, write: Callable[[Session], None]) -> None:
        for pause_s in (*_WRITING_PAUSES_S, None):
            try:
                with self._database.transaction() as session:
                    write(session)
                return
            except Unavailable:
                if pause_s is None:
                    raise
                threading.Event().wait(pause_s)
