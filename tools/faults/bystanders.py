"""How much of the machine others use: their work makes answers late, and is no fault of the shop's."""

from __future__ import annotations

import statistics
import threading
import time

import psutil

_EVERY_S = 1.0


class Bystanders:
    """A thread between `start` and `stop`; counts all that this process did not start."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: list[float] = []

    def start(self) -> None:
        """From now on."""
        self._seen = []
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, name="bystanders", daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Cores that others used, the median of the seconds since the start: in a second in which a
        process of ours ended, what it had used would count as theirs."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        return round(statistics.median(self._seen), 2) if self._seen else 0.0

    def _watch(self) -> None:
        before = _used()
        began = time.monotonic()
        while not self._ended.wait(_EVERY_S):
            now, ends = _used(), time.monotonic()
            ours = sum(used - before[1].get(who, 0.0) for who, used in now[1].items())
            self._seen.append(max(0.0, (now[0] - before[0] - ours) / (ends - began)))
            before, began = now, ends


def _used() -> tuple[float, dict[tuple[int, float], float]]:
    """CPU seconds of the whole machine, and of each of our processes."""
    machine = psutil.cpu_times()
    ours = {}
    myself = psutil.Process()
    for process in (myself, *myself.children(recursive=True)):
        try:
            times = process.cpu_times()
            ours[process.pid, process.create_time()] = times.user + times.system
        except psutil.Error:
            continue  # it ended
    # `guest` is in `user` already.
    busy = machine.user + machine.system + machine.nice + getattr(machine, "softirq", 0.0)
    return busy, ours
