"""Follows one producer's feed: a scout that looks once a second, and the lanes it wakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from contracts.core.feed import ReadFeed
from libs.messaging import cursors, metrics
from libs.messaging.bells import Ring
from libs.messaging.cursors import Place
from libs.messaging.delivery import Delivery
from libs.messaging.feed import FAR
from libs.messaging.lanes import Fetch, Lane
from libs.messaging.loops import Loop
from libs.messaging.messages import Messages

Start = Literal["beginning", "now"]

_POLL_S = 1.0
# A type that nobody publishes: the answer is empty and speaks for all up to the head.
_NONE = ("none",)


class Follower:
    """All that a worker does for one producer."""

    def __init__(
        self,
        producer: str,
        messages: Messages,
        fetch: Fetch,
        types: Sequence[str],
        delivery: Delivery[Any],
        *,
        owner: UUID,
        lanes: int,
        start: Start,
    ) -> None:
        self.producer = producer
        self.lanes = [
            Lane(
                Place(producer, n, lanes, owner),
                messages.database,
                fetch,
                types,
                delivery,
                lambda: self._seen,
                metrics.LAG.labels(messages.service, producer, str(n)),
            )
            for n in range(lanes)
        ]
        self.scout = Loop(f"scout {producer}", self._look)
        self._database = messages.database
        self._fetch = fetch
        self._types = tuple(types)
        self._start = start
        self._prepared = False
        self._seen = 0

    @property
    def loops(self) -> list[Loop]:
        """Scout and lanes."""
        return [self.scout, *(lane.loop for lane in self.lanes)]

    def prepare(self) -> None:
        """Make the cursors, except where their place has to be asked for first. Raises ValueError
        when the number of lanes cannot be changed, Unavailable."""
        begin_at = 0 if self._start == "beginning" else None
        with self._database.transaction() as session:
            self._prepared = cursors.prepare(session, self.producer, len(self.lanes), begin_at)

    def heard(self, message: bytes | None) -> None:
        """The producer's bell: wake the lanes of the events it names. None: it was silent for a
        while, so look."""
        if message is None:
            self.scout.wake()
            return
        ring = Ring.decode(message)
        if ring.events is None:
            self._wake_all()
        else:
            for kind, key_hash in ring.events:
                if kind in self._types:
                    self.lanes[key_hash % len(self.lanes)].look()
        # Only a ring that follows on what we know tells that there is nothing else. Set last: whoever
        # reads it may rely on the lanes being awake.
        if ring.first <= self._seen + 1:
            self._seen = max(self._seen, ring.last)

    def _look(self) -> float:
        if not self._prepared:
            head = self._head(0)
            with self._database.transaction() as session:
                cursors.prepare(session, self.producer, len(self.lanes), head)
            self._prepared = True
        if any(lane.held for lane in self.lanes):
            page = self._fetch(ReadFeed(after=self._seen, type=self._types, limit=1))
            if page.items:
                # Asked for before the lanes are woken: they will read at least so far.
                head = self._head(self._seen)
                self._wake_all()
                self._seen = head
            else:
                began, self._seen = self._seen, max(self._seen, int(page.next_cursor or 0))
                return 0.0 if self._seen - began >= FAR else _POLL_S
        return _POLL_S

    def _head(self, after: int) -> int:
        while True:
            page = self._fetch(ReadFeed(after=after, type=_NONE, limit=1))
            began, after = after, max(after, int(page.next_cursor or 0))
            if after - began < FAR:
                return after

    def _wake_all(self) -> None:
        for lane in self.lanes:
            lane.look()
