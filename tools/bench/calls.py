"""A guarded call to a neighbour over loopback: the caller's CPU, and whether calls overlap."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from tools.bench import neighbour
from tools.bench.callers import OURS, SEED, WAYS, Ask
from tools.bench.tables import Report
from tools.bench.timing import Call, interleaved

SHARE_OF_SEED = 0.12
THREADS, DELAY_MS = 8, 20.0


def measure(*, rounds: int = 30, calls: int = 60, slow_calls: int = 160) -> Report:
    """Ours beside pooled httpx and the article's form, in one run."""
    report = Report(
        "calls",
        f"A call to a neighbour over loopback: CPU of the caller, and {THREADS} threads that ask "
        f"a neighbour which takes {DELAY_MS:g} ms",
        ("", "CPU us (median)", "of seed's", "calls/s", "ms a call, p50", "p95"),
    )
    with neighbour.running(0) as quick, neighbour.running(DELAY_MS) as slow:
        made = {name: (way(quick), way(slow)) for name, way in WAYS.items()}
        ways = {name: (q, s) for name, (q, s) in made.items() if q is not None and s is not None}
        quickly: dict[str, Call] = {name: pair[0] for name, pair in ways.items()}
        costs = interleaved(quickly, rounds=rounds, calls=calls)
        seed_us = costs[SEED].best_us if SEED in costs else None
        for name, (_, ask) in ways.items():
            rate, waited = _at_once(ask, slow_calls)
            share = f"{costs[name].best_us / seed_us:.2f}" if seed_us else ""
            cpu = f"{costs[name].best_us:.0f} ({costs[name].median_us:.0f})"
            p50, p95 = median(waited), sorted(waited)[int(len(waited) * 0.95)]
            report.row(name, cpu, share, f"{rate:.0f}", f"{p50 * 1000:.1f}", f"{p95 * 1000:.1f}")
            if name == OURS:
                report.target(f"p50 of {THREADS} at once, ms", p50 * 1000, DELAY_MS * 1.5)
    if seed_us:
        report.target("CPU of the seed's", costs[OURS].best_us / seed_us, SHARE_OF_SEED)
    else:
        report.missing("requests", "the article's form is left out")
    return report


def _at_once(ask: Ask, calls: int) -> tuple[float, list[float]]:
    """Calls a second, and the seconds that each took, of eight threads."""

    def timed(_: int) -> float:
        began = time.perf_counter()
        ask()
        return time.perf_counter() - began

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(timed, range(THREADS)))  # connections are opened
        began = time.perf_counter()
        waited = list(pool.map(timed, range(calls)))
        return calls / (time.perf_counter() - began), waited
