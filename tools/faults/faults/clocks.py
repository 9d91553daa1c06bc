"""The clock of one service is five minutes off; PostgreSQL's, and the others', are right."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.world import World

_OFF_S = 300


class ClockOff(Fault):
    """A service's web and worker believe in another time. Nothing is dead, so
    nobody may notice."""

    def __init__(self, service: str, off_s: int) -> None:
        super().__init__()
        self._units = (f"{service}.web", f"{service}.worker")
        self._off_s = off_s
        which = "ahead" if off_s > 0 else "behind"
        self.name = f"clock-{service}-{which}"
        self.what = f"the clock of {service} is {abs(off_s) // 60} minutes {which}"

    def prepare(self, world: World, chance: random.Random) -> None:
        """Restart it with the wrong clock."""
        for unit in self._units:
            world.wrap(unit, "tools.faults.clock", str(self._off_s))
        world.restart(*self._units)

    def inject(self, world: World, chance: random.Random) -> None:
        """It is wrong already; from now on it is looked at."""

    def tidy(self, world: World) -> None:
        """Restart it with the right one."""
        for unit in self._units:
            world.wrap(unit)
        world.restart(*self._units)


def faults(services: Sequence[str]) -> list[Fault]:
    """Who signs tokens, who asks with them, who has deadlines."""
    return [
        ClockOff("users", _OFF_S),
        ClockOff("users", -_OFF_S),
        ClockOff("orders", _OFF_S),
        ClockOff("payments", -_OFF_S),
    ]
