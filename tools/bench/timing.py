"""CPU time of short calls on a machine that does other things as well."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of one call in microseconds: of the best round, and of the one in the middle."""

    best_us: float
    median_us: float


def interleaved(contenders: Mapping[str, Call], *, rounds: int, calls: int) -> dict[str, Cost]:
    """What each contender's call costs this thread in CPU.

    Each round times all of them, `calls` calls each, one after the other: what slows the machine
    down for a while slows all of them, so that the ratios hold though the figures move.
    """
    for call in contenders.values():
        for _ in range(max(1, calls // 5)):
            call()
    gc.collect()
    gc.freeze()
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            seen[name].append(cpu_us(call, calls))
    return {name: Cost(min(costs), median(costs)) for name, costs in seen.items()}


def cpu_us(call: Call, calls: int) -> float:
    """Microseconds of this thread's CPU for one call."""
    began = time.thread_time_ns()
    for _ in range(calls):
        call()
    return (time.thread_time_ns() - began) / calls / 1000
