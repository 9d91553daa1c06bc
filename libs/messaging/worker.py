"""What a service's worker process does: number its feed, follow others', run jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from contracts.core import Consumer, Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.messaging.jobs import JobHandler
from libs.messaging.messages import Messages
from libs.messaging.transaction import Tx

D = TypeVar("D")
Fetch = Callable[[ReadFeed], Page[CloudEvent]]
Start = Literal["beginning", "now"]


class Worker:
    """The threads of one service's worker: sequencer, consumers, jobs, sweeper.

    `feed_of` gives the reader of a producer's feed by the producer's name (`peers.feed_of`).
    `start` says for a producer whose feed this service has never read where to begin; the
    beginning if it says nothing.
    """

    def __init__(
        self,
        messages: Messages,
        deps: D,
        *,
        consumers: Sequence[Consumer[Tx, D]] = (),
        jobs: Sequence[JobHandler[D]] = (),
        feed_of: Callable[[str], Fetch] | None = None,
        start: Mapping[str, Start] | None = None,
        lanes: int = 4,
        job_threads: int = 4,
    ) -> None:
        raise NotImplementedError("comes with the next commit")

    def start(self) -> None:
        """Start all threads. Raises Unavailable without a database, ValueError when the number of
        lanes cannot be changed now."""

    def stop(self, timeout_s: float) -> None:
        """Finish what is under way, give back the lanes, and return, at the latest then."""

    def healthy(self) -> None:
        """Return when every thread is at work; else raise Unavailable naming those that are not."""
