"""Processes that hang: they are there, hold what they hold, and do nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.world import World


class Hung(Fault):
    """SIGSTOP of a unit, and SIGCONT when it is lifted: from its own view no time has passed."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.name = f"hang-{unit.replace('.', '-')}"
        self.what = f"SIGSTOP of {unit}, which still takes connections"
        self.hurts = frozenset({unit})

    def inject(self, world: World, chance: random.Random) -> None:
        """Stop it."""
        world.pause(self.unit)

    def lift(self, world: World) -> None:
        """Let it go on."""
        world.resume(self.unit)


class Zombie(Hung):
    """A worker hangs, another one takes over its lanes and jobs, and then the first one goes on with
    what it had in its hands."""

    lasts_s = 15.0  # a lane's lease ends after 5 s, the claim on a job after 10 s

    def __init__(self, service: str) -> None:
        super().__init__(f"{service}.worker")
        self.name = f"zombie-{service}-worker"
        self.what = f"SIGSTOP of one of two workers of {service}, which then goes on where it was"
        self._second = f"{service}.worker2"

    def prepare(self, world: World, chance: random.Random) -> None:
        """A second worker."""
        world.add(self._second, like=self.unit)

    def tidy(self, world: World) -> None:
        """One is enough again."""
        world.remove(self._second)


def faults(services: Sequence[str]) -> list[Fault]:
    """Doors at which customers wait, and workers that come back."""
    return [Hung("catalog.web"), Hung("users.web"), Zombie("payments"), Zombie("notifications")]
