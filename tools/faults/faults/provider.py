"""A payment provider that does what it was asked, and is not heard."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.faults.kills import Going
from tools.faults.world import World


class AnswersLost(Going):
    """Again and again it grants a wish and cuts the connection before it answers, and its webhooks
    do not come either: only asking again under the same key finds out."""

    name = "provider-loses-answers"
    what = "captures and refunds are granted, the answers are cut off, no webhooks"
    hurts = frozenset({"provider"})

    def go_on(self, world: World, chance: random.Random) -> None:
        """Every second answer or so."""
        while not self.lifted.is_set():
            world.misbehave(fail_next=1, drop=True, webhooks=False)
            self.lifted.wait(chance.uniform(0.1, 0.5))

    def heal(self, world: World) -> None:
        """It behaves again."""
        world.misbehave()


def faults(services: Sequence[str]) -> list[Fault]:
    """One, where somebody takes payments."""
    return [AnswersLost()] if "payments" in services else []
