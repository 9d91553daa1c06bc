"""Has one event its effects, once, or parks it."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.core import Consumer, Event
from contracts.core.feed import CloudEvent
from libs.messaging import cursors, metrics
from libs.messaging.cursors import Moved, Place
from libs.messaging.messages import Messages
from libs.messaging.parked import ATTEMPTS, shortened
from libs.messaging.suspects import Suspects
from libs.messaging.transaction import Tx
from libs.operations.context import Context, within
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.trace import Trace

log = get_logger(__name__)

D = TypeVar("D")

_TURN_S = 0.5
PAUSES_S = (0.2, 1.0)  # after the first failure and the second; the third parks

_PARK = text("""
    INSERT INTO parked_event (id, producer, type, key, event, error, attempts)
    VALUES (:id, :producer, :type, :key, CAST(:event AS json), :error, :attempts)
    ON CONFLICT (id) DO UPDATE SET error = excluded.error, attempts = excluded.attempts,
        parked_at = now(), requeued_at = NULL""")


class Delivery(Generic[D]):
    """Runs the handlers of a table of consumers."""

    def __init__(
        self,
        messages: Messages,
        consumers: Mapping[str, Consumer[Tx, D]],
        deps: D,
        suspects: Suspects | None = None,
    ) -> None:
        self._suspects = suspects or Suspects()
        self._messages = messages
        self._database = messages.database
        self._consumers = consumers
        self._deps = deps
        self._owed: dict[Place, int] = {}

    def take_in_alone(
        self, place: Place, pos: int, event: CloudEvent, stopping: threading.Event
    ) -> bool:
        """As `take_in`, for the first event of a lane that was just taken: the process that had the
        lane before may have died of it. Other lanes wait for it meanwhile; it waits for no job."""
        while not stopping.is_set():
            with self._suspects.alone(_TURN_S, kind="event") as has_turn:
                if has_turn:
                    return self.take_in(place, pos, event, stopping)
        return False

    def take_in(self, place: Place, pos: int, event: CloudEvent, stopping: threading.Event) -> bool:
        """Whether the cursor has moved from `pos` to the event: its effects are committed, or it is
        parked. False: nobody here wants its type, or the worker stops before the next attempt.

        Raises Moved when somebody else has read on, Unavailable when it has to wait.
        """
        if event.type not in self._consumers:
            return False
        try:
            fact = self.decode(event)
        except ValidationError as error:
            why = str(error.errors(include_input=False, include_url=False))
            self._park(place, pos, event, f"it cannot be read: {why}", attempts=0)
            return True
        while True:
            attempts = self._begin(place, pos, event)
            if attempts > ATTEMPTS:
                self._park(
                    place, pos, event, "the process ended at each attempt", attempts=ATTEMPTS
                )
                return True
            try:
                self._handle(place, pos, event, fact)
            except Moved:
                raise
            except Unavailable:
                self._forgive(place, event)
                raise
            except Exception:
                if attempts >= ATTEMPTS:
                    self._park(place, pos, event, traceback.format_exc(), attempts=attempts)
                    return True
                log.exception("event_failed", event_id=event.id, type=event.type, attempt=attempts)
                if stopping.wait(PAUSES_S[attempts - 1]):
                    return False
            else:
                return True

    def decode(self, event: CloudEvent) -> Event:
        """The fact in the envelope, read as strictly as a body. Raises ValidationError."""
        return self._consumers[event.type].event.model_validate_json(
            to_json(event.data), strict=True
        )

    def run(self, session: Session, event: CloudEvent, fact: Event) -> Tx:
        """Run the handler in a transaction that is open; the caller commits, then rings."""
        tx = Tx(session, event_id=event.id)
        with metrics.timed(metrics.EVENT_SECONDS, event.type):
            self._consumers[event.type].handler(fact, tx, self._deps)
        return tx

    def wants(self, event_type: str) -> bool:
        """Whether there is a handler."""
        return event_type in self._consumers

    def _begin(self, place: Place, pos: int, event: CloudEvent) -> int:
        counts = self._owed.get(place) != event.position()
        with self._database.transaction() as session:
            attempts = cursors.attempt(session, place, pos, event.position(), counts=counts)
        self._owed.pop(place, None)
        return attempts

    def _handle(self, place: Place, pos: int, event: CloudEvent, fact: Event) -> None:
        with surroundings(event):
            with self._database.transaction() as session:
                # First, so that whoever is late waits here for the row and then finds it moved,
                # instead of running into our effects.
                cursors.move(session, place, pos, event.position())
                tx = self.run(session, event, fact)
            self._messages.ring(tx)

    def _forgive(self, place: Place, event: CloudEvent) -> None:
        # Where not even this can be written, the next attempt in this process does not count.
        self._owed[place] = event.position()
        with suppress(Unavailable):
            with self._database.transaction() as session:
                cursors.take_back(session, place, event.position())
            self._owed.pop(place)

    def _park(
        self, place: Place, pos: int, event: CloudEvent, error: str, *, attempts: int
    ) -> None:
        with self._database.transaction() as session:
            cursors.move(session, place, pos, event.position())
            park(session, place.producer, event, error, attempts=attempts)
        metrics.PARKED.labels(event.type).inc()
        log.error("event_parked", event_id=event.id, type=event.type, why=error[-500:])


def park(session: Session, producer: str, event: CloudEvent, error: str, *, attempts: int) -> None:
    """Keep the event where it can be looked at and requeued."""
    session.execute(
        _PARK,
        {
            "id": event.id,
            "producer": producer,
            "type": event.type,
            "key": event.subject,
            "event": event.model_dump_json(),
            "error": shortened(error),
            "attempts": attempts,
        },
    )


def surroundings(event: CloudEvent) -> AbstractContextManager[Context]:
    """Work on the event belongs to the trace in which it was published."""
    return within(Context(trace=Trace.continued(event.traceparent), request_id=event.id))
