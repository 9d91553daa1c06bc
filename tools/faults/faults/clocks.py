"""The clock of one service is five minutes off; PostgreSQL's, and the others', are right."""

from __future__ import annotations

import random
import time
import urllib.request
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

_OFF_S = 300
_ABOUT_S = 30.0
_PATIENCE_S = 15.0


class ClockOff(Fault):
    """A service's web and worker believe in another time. Nothing is dead, so
    nobody may notice."""

    def __init__(self, service: str, off_s: int) -> None:
        super().__init__()
        self._units = (f"{service}.web", f"{service}.worker")
        self._off_s = off_s
        self._believe: dict[str, float] = {}
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
        self._believe = {}

    def lift(self, world: World) -> None:
        """Ask each what time it is."""
        self._believe = {unit: _off_s(world.url(unit)) for unit in self._units}
        self.figures |= {f"{unit} is off by, in s": off for unit, off in self._believe.items()}

    def tidy(self, world: World) -> None:
        """Restart it with the right one."""
        for unit in self._units:
            world.wrap(unit)
        world.restart(*self._units)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Both believed in it to the end."""
        wrong = sum(abs(off - self._off_s) < _ABOUT_S for off in self._believe.values())
        otherwise = f"they are off by {self._believe} s, not by {self._off_s}"
        return (was_met(wrong * (wrong == len(self._units)), otherwise),)


def _off_s(url: str) -> float:
    """By how much the clock of who answers there is ahead."""
    with urllib.request.urlopen(f"{url}/livez", timeout=_PATIENCE_S) as answer:
        said = parsedate_to_datetime(answer.headers["Date"])
    return round(said.timestamp() - time.time())


def faults(services: Sequence[str]) -> list[Fault]:
    """Who signs tokens, who asks with them, who has deadlines."""
    return [
        ClockOff("users", _OFF_S),
        ClockOff("users", -_OFF_S),
        ClockOff("orders", _OFF_S),
        ClockOff("payments", -_OFF_S),
    ]
