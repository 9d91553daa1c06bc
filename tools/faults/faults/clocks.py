"""The clock of one service is five minutes off; PostgreSQL's, and the others', are right."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

_OFF_S = 300
_SERVED = 0.99


class ClockOff(Fault):
    """A service's web and worker believe in another time. It must be served as before, and serve."""

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

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Customers, who are spared nothing here, are served."""
        told = history.told("fault")
        wrong = [each for each in told if each.said != "ok"]
        served = len(told) > 0 and len(wrong) <= len(told) * (1 - _SERVED)
        evidence = [f"{len(wrong)} of {len(told)} requests went wrong"] if not served else []
        evidence += [
            f"{each.step} got {each.status}: {each.why}" for each in wrong[:4] if not served
        ]
        return (Verdict("served all the same", served, len(told), tuple(evidence)),)


def faults(services: Sequence[str]) -> list[Fault]:
    """Who signs tokens, who asks with them, who has deadlines."""
    return [
        ClockOff("users", _OFF_S),
        ClockOff("users", -_OFF_S),
        ClockOff("orders", _OFF_S),
        ClockOff("payments", -_OFF_S),
    ]
