"""Asking a second time, and how often that may be done.

A lost connection is healed by asking again. But who asks everything twice doubles the load of a
neighbour that is down already: a retry takes a token, and ten calls earn one (the retry budget of
Finagle, and of Google's SRE book).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Lock

import httpx

from contracts.core import KEYED, SAFE
from libs.client.api import Call
from libs.operations.errors import Unavailable
from libs.telemetry.metrics import counter

PART_OF_TRAFFIC = 0.1
MOST_SAVED = 10.0
# Who asks seldom earns too little to retry even once: so often it may.
QUIET_S = 10.0
# Before the second try; so that many callers who lost their connections together do not come together.
PAUSE_S = (0.005, 0.05)
# Less than this is not worth another try.
WORTHWHILE_S = 0.05

_retried = counter(
    "concord_retries_total", "Calls that were made a second time", ("service", "neighbour")
)
_unpaid = counter(
    "concord_retries_refused_total",
    "Second calls for which the budget had nothing left",
    ("service", "neighbour"),
)


class RetryBudget:
    """Retries to one neighbour: at most a tenth of the calls, and one in ten seconds anyway."""

    def __init__(
        self, service: str, neighbour: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = Lock()
        self._saved = 0.0
        self._free_at = clock()
        self._retried = _retried.labels(service, neighbour)
        self._unpaid = _unpaid.labels(service, neighbour)

    def called(self) -> None:
        """A first call is made."""
        with self._lock:
            self._saved = min(MOST_SAVED, self._saved + PART_OF_TRAFFIC)

    def spend(self) -> bool:
        """Whether one more retry may be made; it then counts as made."""
        with self._lock:
            if self._saved >= 1.0:
                self._saved -= 1.0
            elif self._clock() >= self._free_at:
                self._free_at = self._clock() + QUIET_S
            else:
                self._unpaid.inc()
                return False
        self._retried.inc()
        return True


def may_be_repeated(call: Call, error: Unavailable) -> bool:
    """Whether the call can be made again without doing anything twice, and may help: the connection
    broke, or there was none. An answer, whatever it says, was an answer; a time-out leaves no time;
    an open breaker and a full bulkhead would say the same again."""
    operation = call.operation
    keyed = operation.repeat is KEYED and call.envelope.idempotency_key is not None
    if operation.repeat is not SAFE and not keyed:
        return False
    lost = isinstance(error.__cause__, httpx.NetworkError | httpx.RemoteProtocolError)
    return lost and call.deadline - time.monotonic() > WORTHWHILE_S


def pause(deadline: float) -> None:
    """Wait a moment, of random length."""
    left = deadline - time.monotonic()
    time.sleep(max(0.0, min(random.uniform(*PAUSE_S), left / 4)))
