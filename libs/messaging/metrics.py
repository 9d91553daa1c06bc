"""What an operator watches: are events and jobs keeping up, and does anything fail for good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from libs.telemetry.metrics import counter, gauge, histogram


class Durations(Protocol):
    """A histogram by name; so that nobody but telemetry knows Prometheus."""

    def labels(self, *labels: str) -> Observer: ...


class Observer(Protocol):
    """One row of it."""

    def observe(self, amount: float) -> None: ...


LAG = gauge(
    "feed_lag_seconds",
    "Age of the oldest event that a lane has not handled; 0 when it has read all",
    ("consumer", "producer", "lane"),
)
EVENT_SECONDS = histogram("event_handler_seconds", "Duration of an event's handler", ("type",))
JOB_SECONDS = histogram("job_handler_seconds", "Duration of a job's handler", ("name",))
PARKED = counter("parked_total", "Events and jobs that failed for good", ("name",))
PARKED_NOW = gauge("parked_waiting", "Events and jobs that are parked", ("service",))
JOBS_DUE = gauge("jobs_due", "Jobs that are due and not begun", ("service",))


@contextmanager
def timed(durations: Durations, name: str) -> Iterator[None]:
    """Observe how long the block takes, whatever its end."""
    began = time.perf_counter()
    try:
        yield
    finally:
        durations.labels(name).observe(time.perf_counter() - began)
