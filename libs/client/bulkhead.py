"""How many calls one neighbour may hold up at once."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Self

from libs.operations.context import current
from libs.operations.errors import Unavailable
from libs.telemetry.metrics import counter

# Threads of a web that do not wait for one neighbour: two for probes, and two for requests that do
# without it.
FREE_THREADS = 4
# Where nobody says how many threads there are.
AT_ONCE = 32

_full = counter(
    "concord_bulkhead_refused_total",
    "Calls that were not made, for too many to the neighbour were under way",
    ("service", "neighbour"),
)


def calls_at_once(threads: int) -> int:
    """How many of a web's threads may wait for the same neighbour."""
    return max(1, threads - FREE_THREADS)


class Bulkhead:
    """Lets `at_once` calls through, and refuses the next one at once: a neighbour that is slow must
    not hold the threads of requests that do without it.

    It counts calls on behalf of a request, which has a deadline. Jobs and consumers have threads of
    their own, as many as they were given, and wait as long as they like.
    """

    def __init__(self, service: str, neighbour: str, at_once: int) -> None:
        self._neighbour = neighbour
        self._slots = BoundedSemaphore(at_once)
        self._full = _full.labels(service, neighbour)

    def enter(self) -> Passage:
        """A place for one call. Raises Unavailable when there is none."""
        context = current()
        if context is None or context.deadline is None:
            return _FREE
        if not self._slots.acquire(blocking=False):
            self._full.inc()
            raise Unavailable(self._neighbour, "too many calls are under way", retry_after_s=1.0)
        return Passage(self._slots)


class Passage:
    """A place that is given back at the end of the block."""

    __slots__ = ("_slots",)

    def __init__(self, slots: BoundedSemaphore | None) -> None:
        self._slots = slots

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._slots is not None:
            self._slots.release()


_FREE = Passage(None)
