"""Reading a service's events: the route that serves its feed."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from contracts.core import Binding, Page, Service
from contracts.core.feed import CloudEvent, ReadFeed
from libs.messaging.messages import Messages

# The head and the events are of one snapshot, so the answer speaks for all up to the head. Only
# one sequencer numbers at a time and its lock ends after its commit is visible: whoever sees a
# position sees all lower ones.
_READ = text("""
    SELECT head.pos AS head, e.* FROM (SELECT max(pos) AS pos FROM feed WHERE pos IS NOT NULL) head
    LEFT JOIN LATERAL (
        SELECT pos, id, type, key, data, traceparent, created_at FROM feed
        WHERE pos > :after AND pos <= :until AND key_hash % :lanes = :lane
            AND (:every_type OR type = ANY(:types))
        ORDER BY pos LIMIT :limit
    ) e ON true ORDER BY e.pos""")


# One answer looks at so many positions at most: a rare type in a long feed would take longer than a
# statement may. Who got an answer that comes this far without being full asks once more.
_WINDOW = 50_000
FAR = 10_000


class HasMessages(Protocol):
    """What the feed's route asks of a service's `Deps`."""

    @property
    def messages(self) -> Messages: ...


def read(session: Session, service: str, request: ReadFeed) -> Page[CloudEvent]:
    """The events after a place; `next_cursor` is always set, see ReadFeed."""
    rows = session.execute(
        _READ,
        {
            "after": request.after,
            "until": request.after + _WINDOW,
            "lanes": request.lanes,
            "lane": request.lane,
            "every_type": not request.type,
            "types": list(request.type),
            "limit": request.limit,
        },
    ).all()
    events = tuple(
        CloudEvent(
            id=str(row.id),
            source=f"/{service}",
            type=row.type,
            subject=row.key,
            time=row.created_at,
            sequence=str(row.pos),
            traceparent=row.traceparent,
            data=row.data,
        )
        for row in rows
        if row.pos is not None
    )
    if len(events) == request.limit:
        spoken_for = events[-1].position()
    else:
        spoken_for = min(max(request.after, rows[0].head or 0), request.after + _WINDOW)
    return Page[CloudEvent](items=events, next_cursor=str(spoken_for))


def _read_feed(request: ReadFeed, caller: Service, deps: HasMessages) -> Page[CloudEvent]:
    with deps.messages.database.transaction() as session:
        return read(session, deps.messages.service, request)


feed_route: Binding[HasMessages] = ReadFeed.handled_by(_read_feed)
"""The row for a service's table of routes."""
