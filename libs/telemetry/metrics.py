"""Metrics in Prometheus' form, summed over the processes of a service.

prometheus_client decides when it is first imported whether its values are shared, by the variable
PROMETHEUS_MULTIPROC_DIR. So an entry point calls `share_between_processes` before it imports
anything that counts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import REGISTRY as _ONE_PROCESS
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# Around the targets: an operation takes well under 10 ms, a deadline is 2 s.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """A count that only grows; its name ends in `_total`."""
    return Counter(name, text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A value that goes up and down; of several processes the living ones' largest is shown."""
    return Gauge(name, text, labels, multiprocess_mode="livemax")


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = BUCKETS
) -> Histogram:
    """A distribution, in base units; a duration's name ends in `_seconds`."""
    return Histogram(name, text, labels, buckets=tuple(buckets))


def exposition() -> tuple[str, bytes]:
    """The content type and the text that Prometheus reads: of all processes that share."""
    registry: CollectorRegistry = _ONE_PROCESS
    if os.environ.get(_VARIABLE):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client
    return CONTENT_TYPE_LATEST, generate_latest(registry)


def process_died(pid: int) -> None:
    """Forget the gauges of a process that is gone; its counters stay counted."""
    if os.environ.get(_VARIABLE):
        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # prometheus_client
