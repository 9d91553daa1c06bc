"""One lane of a feed: asks for its events and has them handled in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.core import Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.db import Database
from libs.messaging import cursors
from libs.messaging.cursors import Moved, Place
from libs.messaging.delivery import Delivery
from libs.messaging.feed import FAR
from libs.messaging.loops import Loop
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)


class Lag(Protocol):
    """Takes the age in seconds of what the lane has not handled."""

    def set(self, value: float) -> None: ...


Fetch = Callable[[ReadFeed], Page[CloudEvent]]

_PAGE = 100
_IDLE_S = 10.0
_KEEP_S = 5.0


class Lane:
    """A thread that reads one lane while it is leased to this worker."""

    def __init__(
        self,
        place: Place,
        database: Database,
        fetch: Fetch,
        types: Sequence[str],
        delivery: Delivery[Any],
        seen: Callable[[], int],
        lag: Lag,
    ) -> None:
        self.place = place
        self.loop = Loop(f"lane {place}", self.step)
        self._database = database
        self._fetch = fetch
        self._types = tuple(types)
        self._delivery = delivery
        self._seen = seen
        self._lag = lag
        self._news = threading.Event()
        self._offered = threading.Event()
        self._pos: int | None = None  # of the cursor's row; None while the lane is not ours
        self._read = 0  # up to here there is nothing more for us; the row follows now and then
        self._kept_at = 0.0
        self._suspected = False  # what comes next may have been under way when somebody died

    @property
    def held(self) -> bool:
        """Whether the lane is read here."""
        return self._pos is not None

    def offer(self, pos: int) -> None:
        """The lane is leased to this worker and its cursor is there: new to us, or set back by
        somebody who wants events replayed."""
        if pos != self._pos:
            self._offered.set()
            self.loop.wake()

    def look(self) -> None:
        """There may be events."""
        self._news.set()
        self.loop.wake()

    def step(self) -> float:
        """Handle one page, if there is news. Raises Unavailable when it has to wait."""
        if self._offered.is_set():
            self._take()
        if self._pos is None:
            return _IDLE_S
        seen = self._seen()  # asked first: for all up to there, the news has been set by now
        if not self._news.is_set():
            self._keep(self._pos, seen)
            return _IDLE_S
        self._news.clear()
        try:
            return self._advance()
        except Moved as error:
            log.info("lane_lost", lane=str(self.place), why=str(error))
            self._lag.set(0.0)
            self._pos = None
            self._offered.set()  # perhaps it was only set back, and is still ours
            return 0.0
        except BaseException:
            self._news.set()
            raise

    def give_back(self) -> None:
        """Write down how far it has read; after the thread has ended."""
        seen = self._seen()
        if self._pos is not None and not self._news.is_set():
            self._kept_at = 0.0
            self._keep(self._pos, seen)

    def _take(self) -> None:
        with self._database.transaction() as session:
            # Cleared first: an offer that comes meanwhile is looked at again.
            self._offered.clear()
            try:
                self._pos = cursors.take(session, self.place)
            except BaseException:
                self._offered.set()
                raise
        if self._pos is not None:
            self._read = self._pos
            self._suspected = True
            self._news.set()

    def _advance(self) -> float:
        page = self._fetch(
            ReadFeed(
                after=self._read,
                lane=self.place.lane,
                lanes=self.place.lanes,
                type=self._types,
                limit=_PAGE,
            )
        )
        for event in page.items:
            assert self._pos is not None
            self._lag.set(max(0.0, (datetime.now(UTC) - event.time).total_seconds()))
            if self.loop.stopping.is_set():
                self._news.set()
                return 0.0
            take_in = self._delivery.take_in_alone if self._suspected else self._delivery.take_in
            if take_in(self.place, self._pos, event, self.loop.stopping):
                self._pos = event.position()
                self._suspected = False
            elif self._delivery.wants(event.type):
                self._news.set()  # it stops before the next attempt
                return 0.0
            self._read = event.position()
        began, self._read = self._read, max(self._read, int(page.next_cursor or 0))
        if len(page.items) == _PAGE or self._read - began >= FAR:
            self._news.set()
            return 0.0
        self._lag.set(0.0)
        return _IDLE_S

    def _keep(self, pos: int, seen: int) -> None:
        """So that a restart need not look again at events that are not for us, and that lanes which
        have read all stand equally far."""
        self._read = max(self._read, seen)
        if self._read == pos or time.monotonic() - self._kept_at < _KEEP_S:
            return
        self._kept_at = time.monotonic()
        try:
            with self._database.transaction() as session:
                cursors.move(session, self.place, pos, self._read)
        except (Moved, Unavailable):
            return
        self._pos = self._read
