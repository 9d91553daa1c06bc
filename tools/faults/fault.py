"""What a fault is: something that is done to a running shop, and undone."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tools.faults.outcome import Verdict

if TYPE_CHECKING:
    from tools.faults.history import History
    from tools.faults.world import World


class Fault:
    """One fault; subclass it. The run calls, in this order: `can_run`, `prepare`, `inject`, (the
    seconds pass), `lift`, `tidy`; then it waits for the drain, judges, and asks `judge`.

    `name` is what `--only` takes; `what` a line for people. `hurts` names the parts that are dead or
    slow while it lasts, as units ("catalog.web", "postgres", "valkey_queue", "provider", "mail"): a
    customer's request that needs none of them must go well (I6).
    """

    name: str
    what: str
    hurts: frozenset[str] = frozenset()
    lasts_s: float | None = None
    """So long at least, whatever `--seconds` says."""
    only_by_name = False
    """Left out unless --only names it."""
    customers = True
    """Whether the customers shop while it lasts."""
    figures: dict[str, float | str]
    """What it measured, for the report; empty at first."""

    def __init__(self) -> None:
        self.figures = {}

    def can_run(self, world: World) -> str | None:
        """Why this machine can't do it; None when it can."""
        return None

    def prepare(self, world: World, chance: random.Random) -> None:
        """What has to be done before, while customers shop but nothing is measured: a proxy between
        two services, a second instance, a service in another version."""

    def inject(self, world: World, chance: random.Random) -> None:
        """Begin. Returns at once; what goes on for longer is a thread of its own that `lift` ends."""
        raise NotImplementedError

    def last(self, seconds: float) -> None:
        """Return when it has lasted long enough: after so many seconds."""
        time.sleep(seconds)

    def lift(self, world: World) -> None:
        """End it. Called once if `inject` was, also when that raised; returns when it has ended."""

    def tidy(self, world: World) -> None:
        """Undo what `prepare` did; customers shop on. Returns when the shop is as it was."""

    def parked(self, world: World) -> frozenset[str]:
        """The ids of the events and jobs that are parked because this fault poisoned them."""
        return frozenset()

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Claims of its own, beside the invariants; first of all that it hit something (`was_met`)."""
        return ()


def was_met(times: int, otherwise: str, *, surely: bool = True) -> Verdict:
    """That a fault hit somebody so many times: what held against nothing has proved nothing. What is not
    met `surely` in some seconds of customers is then not broken, but was not run."""
    if not times and surely:
        return Verdict("it was met", False, 0, (f"it was never met: {otherwise}",))
    note = "" if times else f"it was never met: {otherwise}"
    return Verdict("it was met", True, times, (), note)
