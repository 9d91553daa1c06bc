"""Nothing at all happens: what the invariants say of a shop that is well."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.world import World


class Calm(Fault):
    """The control of every experiment; a planted bug that needs no fault shows here."""

    name = "none"
    what = "nothing happens"

    def inject(self, world: World, chance: random.Random) -> None:
        """Nothing."""


def faults(services: Sequence[str]) -> list[Fault]:
    """One."""
    return [Calm()]
