"""The one object through which a service publishes and notes jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from libs.db import Database
from libs.messaging import parked
from libs.messaging.bells import Ringer, sequence_bell
from libs.messaging.transaction import Tx


class Messages:
    """A service's transactions with their events and jobs.

        with messages.transaction() as tx:
            tx.session.add(Account(...))
            tx.publish(UserRegistered(...))

    What was published and noted is stored with the business rows; the bell rings after the commit
    from another thread, so that a dead Valkey costs neither a request's time nor a message.
    """

    def __init__(self, service: str, database: Database, queue_url: str) -> None:
        self.service = service
        self.database = database
        self.queue_url = queue_url
        self.ringer = Ringer(queue_url, self._send_jobs)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Commits when the block ends, rolls back when it raises; see Database.transaction for
        what it raises."""
        with self.database.transaction() as session:
            tx = Tx(session)
            yield tx
        self.ring(tx)

    def ring(self, tx: Tx) -> None:
        """Tell of what `tx` has committed. Never waits, never raises."""
        if tx.published:
            self.ringer.ring(sequence_bell(self.service))
        if tx.due_jobs:
            self.ringer.send(tx.due_jobs)

    def parked(self) -> list[parked.Parked]:
        """Events and jobs that failed for good, the oldest first."""
        with self.database.transaction() as session:
            return parked.listed(session)

    def requeue(self, parked_id: UUID) -> bool:
        """Have it tried again, with attempts as if new; False when nothing of that id is parked.

        An event is then handled after later ones of its key."""
        with self.database.transaction() as session:
            return parked.requeue(session, parked_id)

    def _send_jobs(self, jobs: Sequence[UUID]) -> None:
        # Imported by the first process that has a job to send; most web processes have none.
        from libs.messaging.queue import broker_for

        broker_for(self.service, self.queue_url).send(jobs)
