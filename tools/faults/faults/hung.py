"""Processes that hang: they are there, hold what they hold, and do nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

import psutil

from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

_STALL_S = 12.0


class Hung(Fault):
    """SIGSTOP of a unit, and SIGCONT when it is lifted: from its own view no time has passed."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.name = f"hang-{unit.replace('.', '-')}"
        self.what = f"SIGSTOP of {unit}, which still takes connections"
        self.hurts = frozenset({unit})
        self._before: dict[str, int] = {}
        self._asked = 0
        self._stopped = False

    def inject(self, world: World, chance: random.Random) -> None:
        """Stop it."""
        self._before = _asked(world, self.unit)
        world.pause(self.unit)

    def lift(self, world: World) -> None:
        """Let it go on."""
        try:
            self._stopped = _is_stopped(world, self.unit)
            now = _asked(world, self.unit)
            self._asked = sum(now[edge] > before for edge, before in self._before.items())
        finally:
            world.resume(self.unit)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """It stood still to the end, and customers or neighbours wanted something of it."""
        waited = sum(bool(told.needs & self.hurts) for told in history.told("fault"))
        self.figures["requests that it kept waiting"] = waited
        self.figures["edges on which it was asked"] = self._asked
        otherwise = "nobody asked it for anything" if self._stopped else "it did not stand still"
        return (was_met((waited + self._asked) * self._stopped, otherwise),)


class Stalled(Hung):
    """A Valkey that takes connections and answers nothing: worse than a dead one."""

    lasts_s = _STALL_S

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.name = f"stall-{server.replace('_', '-')}"
        self.what = f"SIGSTOP of the queue's Valkey for {_STALL_S:g} s"


class Zombie(Hung):
    """A worker hangs, another one takes over its lanes and jobs, and then the first one goes on with
    what it had in its hands."""

    lasts_s = 15.0  # a lane's lease ends after 5 s, the claim on a job after 10 s

    def __init__(self, service: str) -> None:
        super().__init__(f"{service}.worker")
        self.name = f"zombie-{service}-worker"
        self.what = f"SIGSTOP of one of two workers of {service}, which then goes on where it was"
        self._second = f"{service}.worker2"
        self._service = service
        self._taken_over = 0
        self._owners: dict[tuple[str, int], object] = {}

    def prepare(self, world: World, chance: random.Random) -> None:
        """A second worker."""
        world.add(self._second, like=self.unit)

    def inject(self, world: World, chance: random.Random) -> None:
        """Stop the first."""
        super().inject(world, chance)
        self._owners = self._owners_now(world)

    def lift(self, world: World) -> None:
        """Let it go on, when another has its lanes."""
        try:
            now = self._owners_now(world)
            self._taken_over = sum(now[lane] != owner for lane, owner in self._owners.items())
        finally:
            super().lift(world)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """What it had was taken over while it stood still."""
        self.figures["lanes taken over"] = self._taken_over
        otherwise = "nobody took over a lane of it" if self._stopped else "it did not stand still"
        return (was_met(self._taken_over * self._stopped, otherwise),)

    def tidy(self, world: World) -> None:
        """One is enough again."""
        world.remove(self._second)

    def _owners_now(self, world: World) -> dict[tuple[str, int], object]:
        found = world.rows(self._service, "SELECT producer, lane, owner FROM cursor")
        return {(producer, lane): owner for producer, lane, owner in found}


def _asked(world: World, unit: str) -> dict[str, int]:
    """Bytes of requests, by the edge over which they went to it."""
    edges = [edge for edge in world.proxies.edges if edge.endswith(f"->{unit}")]
    return {edge: world.proxies.traffic(edge).asked for edge in edges}


def _is_stopped(world: World, unit: str) -> bool:
    process = world.process(unit)
    return process is not None and psutil.Process(process.pid).status() == psutil.STATUS_STOPPED


def faults(services: Sequence[str]) -> list[Fault]:
    """Doors at which customers wait, a queue that does not answer, and workers that come back."""
    return [
        Hung("catalog.web"),
        Hung("users.web"),
        Stalled("valkey_queue"),
        Zombie("payments"),
        Zombie("notifications"),
    ]
