"""How a service's events are read: one request that every service with events serves."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts.core.callers import Service
from contracts.core.json_object import JsonObject
from contracts.core.requests import Request
from contracts.core.values import Page, Value


class CloudEvent(Value):
    """An event in the envelope of CloudEvents 1.0, structured JSON.

    `subject` is the event's key, `sequence` its place in the feed, `traceparent` the trace in which
    it was published.
    """

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: str = "application/json"
    sequence: str
    traceparent: str | None = None
    data: JsonObject

    def position(self) -> int:
        """The place in the feed as a number; a cursor that has read the event stands there."""
        return int(self.sequence)


class ReadFeed(Request[Service, Page[CloudEvent]], http="GET /feed"):
    """The events after a place in the feed, in order, after the http-feeds convention.

    Of `lanes` lanes (events are spread by their key) only those of lane `lane`; of all types only
    `type`, repeated for several. `next_cursor` is the place up to which the answer speaks, also when
    it is empty: events of other lanes and types need not be asked for again.
    """

    after: Annotated[int, Field(ge=0)] = 0
    lane: Annotated[int, Field(ge=0, lt=64)] = 0
    lanes: Annotated[int, Field(ge=1, le=64)] = 1
    type: tuple[str, ...] = ()
    limit: Annotated[int, Field(ge=1, le=500)] = 100


__all__ = ["CloudEvent", "ReadFeed"]
