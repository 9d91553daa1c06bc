"""How much of the machine others use: their work makes answers late, and is no fault of the shop's.

Others are programs beside us, and whoever shares the machine's processors with it (`steal`)."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator

import psutil

from tools.faults.world import World

_EVERY_S = 1.0


class Bystanders:
    """A thread between `start` and `stop`; counts all that neither this process started nor the world,
    whose servers would outlive it and so are not its children."""

    def __init__(self, world: World) -> None:
        self._world = world
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
        before = _used(self._world)
        began = time.monotonic()
        while not self._ended.wait(_EVERY_S):
            now, ends = _used(self._world), time.monotonic()
            ours = sum(used - before[1].get(who, 0.0) for who, used in now[1].items())
            self._seen.append(max(0.0, (now[0] - before[0] - ours) / (ends - began)))
            before, began = now, ends


def _used(world: World) -> tuple[float, dict[tuple[int, float], float]]:
    """CPU seconds of the whole machine, and of each of our processes."""
    machine = psutil.cpu_times()
    ours = {}
    for process in _ours(world):
        try:
            times = process.cpu_times()
            ours[process.pid, process.create_time()] = times.user + times.system
        except psutil.Error:
            continue  # it ended
    return busy_s(machine), ours


def busy_s(machine: object) -> float:
    """Seconds in which the processors did not wait for us, of psutil.cpu_times."""
    # `guest` is in `user` already; not every system counts the last three.
    kinds = ("user", "system", "nice", "softirq", "steal")
    return sum(getattr(machine, kind, 0.0) for kind in kinds)


def _ours(world: World) -> Iterator[psutil.Process]:
    pids = {os.getpid()}
    pids |= {unit.process.pid for unit in world.units.values() if unit.process is not None}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            yield from (process, *process.children(recursive=True))
        except psutil.Error:
            continue
