"""A circuit breaker for each neighbour, in memory, one a process.

pybreaker keeps the state; what surrounds it is what its own call forms get wrong for us: `call()`
lets one call through at a time, consecutive failures alone miss a neighbour that fails four times
in five, and in half-open every waiting thread passes at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from threading import Lock

import pybreaker

from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger
from libs.telemetry.metrics import gauge

log = get_logger(__name__)

WINDOW_S = 10
CALLS_AT_LEAST = 20
FAILURES_IN_A_ROW = 5
OPEN_S = 2.0

_state = gauge(
    "concord_breaker_open", "1 while calls to the neighbour fail at once", ("service", "neighbour")
)


class Outcome(Enum):
    """How a call ended, as far as the neighbour's health goes."""

    SUCCESS = "success"
    FAILURE = "failure"  # no connection, no answer in time, no protocol, 5xx
    NEITHER = "neither"  # 4xx, 429, no free connection of ours: says nothing about its health


class Breaker:
    """Opens when half of at least 20 calls in 10 s failed, or 5 in a row; then every call fails at
    once for `open_s`, after which one call a process is the probe that closes it or opens it again.
    """

    def __init__(
        self,
        service: str,
        neighbour: str,
        *,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._neighbour = neighbour
        self._open_s = open_s
        self._clock = clock
        self._lock = Lock()
        self._recent = _Window()
        # Counts the changes of state.
        self._epoch = 0
        self._opened_at = 0.0
        self._probing_since: float | None = None
        self._shown = _state.labels(service, neighbour)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES_IN_A_ROW,
            reset_timeout=0,  # our clock decides; the wall clock may jump
            throw_new_error_on_trip=False,
            name=neighbour,
        )

    @property
    def is_open(self) -> bool:
        """Whether calls fail at once."""
        return bool(self._breaker.current_state != pybreaker.STATE_CLOSED)

    def admit(self) -> int:
        """Let a call begin; what it gives is to be handed to `ended`. Raises Unavailable at once
        while the breaker is open."""
        epoch = self._epoch
        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            return epoch
        with self._lock:
            if self._breaker.current_state == pybreaker.STATE_CLOSED:
                return self._epoch
            now = self._clock()
            left = self._opened_at + self._open_s - now
            if left > 0:
                raise Unavailable(self._neighbour, "its breaker is open", retry_after_s=left)
            # A probe that never came back (its thread died) must not keep the others out forever.
            if self._probing_since is not None and now - self._probing_since < self._open_s * 5:
                raise Unavailable(self._neighbour, "a probe is under way", retry_after_s=0.5)
            self._probing_since = now
            self._breaker.half_open()
            self._epoch += 1
            return self._epoch

    def ended(self, outcome: Outcome, epoch: int) -> None:
        """Take note of how a call ended that `admit` let begin in this epoch."""
        with self._lock:
            # A slow call from before it opened says nothing about the neighbour of now, and must
            # not be taken for the probe.
            if epoch != self._epoch:
                return
            self._probing_since = None
            if outcome is not Outcome.NEITHER:
                self._tell(failed=outcome is Outcome.FAILURE)

    def _tell(self, *, failed: bool) -> None:
        now = self._clock()
        before = self._breaker.current_state
        self._recent.count(now, failed=failed)
        try:
            with self._breaker.calling():
                if failed:
                    raise _Failed
        except _Failed:
            if self._recent.half_failed(now):
                self._breaker.open()
        after = self._breaker.current_state
        if before != after:
            self._epoch += 1
            self._recent = _Window()
            if after == pybreaker.STATE_OPEN:
                self._opened_at = now
            self._shown.set(after != pybreaker.STATE_CLOSED)
            log.warning("breaker", neighbour=self._neighbour, state=after)


class _Window:
    """Calls and failures of the last ten seconds, by the second."""

    __slots__ = ("_calls", "_failures", "_seconds")

    def __init__(self) -> None:
        self._calls = [0] * WINDOW_S
        self._failures = [0] * WINDOW_S
        self._seconds = [-WINDOW_S] * WINDOW_S

    def count(self, now: float, *, failed: bool) -> None:
        second = int(now)
        place = second % WINDOW_S
        if self._seconds[place] != second:
            self._seconds[place] = second
            self._calls[place] = self._failures[place] = 0
        self._calls[place] += 1
        self._failures[place] += failed

    def half_failed(self, now: float) -> bool:
        # A place that was not written for a whole window still holds what has passed.
        fresh = [p for p, then in enumerate(self._seconds) if now - then < WINDOW_S]
        calls = sum(self._calls[place] for place in fresh)
        failures = sum(self._failures[place] for place in fresh)
        return calls >= CALLS_AT_LEAST and failures * 2 >= calls


class _Failed(Exception):
    pass
