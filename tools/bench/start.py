"""From the start of a process to its first answers: alive, and ready."""

from __future__ import annotations

import time
from statistics import median

from tools.bench import shop
from tools.bench.programs import end, until_ok
from tools.bench.tables import Report

AT_MOST_S = 2.0


def measure(*, rounds: int = 5) -> Report:
    """Each process alone, several times, its files in the page cache and its code compiled."""
    report = Report(
        "start",
        "Seconds from the start of a process to its first 200 (best; the median in brackets)",
        ("", "/livez", "/readyz"),
    )
    with shop.places() as places:
        for place in places:
            alive, ready = zip(*(_once(place) for _ in range(rounds)), strict=True)
            report.row(f"{place.service} {place.role}", _shown(alive), _shown(ready))
            report.target(f"{place.service} {place.role} is ready, s", min(ready), AT_MOST_S)
    return report


def _once(place: shop.Place) -> tuple[float, float]:
    began = time.perf_counter()
    process = place.start()
    try:
        alive = until_ok(f"{place.url}/livez", process)
        ready = until_ok(f"{place.url}/readyz", process)
    finally:
        end(process)
    return alive - began, ready - began


def _shown(seconds: tuple[float, ...]) -> str:
    return f"{min(seconds):.2f} ({median(seconds):.2f})"
