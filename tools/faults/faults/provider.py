"""A payment provider that does what it was asked, and is not heard."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing

from tools.faults.doors import Doors
from tools.faults.fault import Fault, was_met
from tools.faults.faults.kills import Going
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World


class AnswersLost(Going):
    """Again and again it grants a wish and cuts the connection before it answers, and its webhooks
    do not come either: only asking again under the same key finds out."""

    name = "provider-loses-answers"
    what = "captures and refunds are granted, the answers are cut off, no webhooks"
    hurts = frozenset({"provider"})
    lost = 0

    def inject(self, world: World, chance: random.Random) -> None:
        """Begin."""
        self.lost = 0
        super().inject(world, chance)

    def go_on(self, world: World, chance: random.Random) -> None:
        """Every second answer or so."""
        with closing(Doors(world.url)) as doors:
            while not self.lifted.is_set():
                _misbehave(world, fail_next=1, drop=True, webhooks=False)
                self.lifted.wait(chance.uniform(0.1, 0.5))
                left = doors.ask("GET", "provider", "/control")
                self.lost += left.status == 200 and left.body["fail_next"] == 0

    def heal(self, world: World) -> None:
        """It behaves again."""
        _misbehave(world)
        self.figures["answers lost"] = self.lost

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Somebody was not heard."""
        return (was_met(self.lost, "nobody asked the provider for money"),)


def _misbehave(world: World, **faults: object) -> None:
    """As of World. Told twice is told once, and on a busy machine the first may not be answered."""
    try:
        world.misbehave(**faults)
    except OSError:
        world.misbehave(**faults)


def faults(services: Sequence[str]) -> list[Fault]:
    """One, where somebody takes payments."""
    return [AnswersLost()] if "payments" in services else []
