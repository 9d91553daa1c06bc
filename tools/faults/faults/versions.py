"""Some services run the next release of the contracts, the others the present one."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Sequence

from tools.faults.fault import Fault
from tools.faults.planting import publish
from tools.faults.releases import NEW_EVENT, next_release
from tools.faults.world import World

_EVERY_S = 0.3


class Ahead(Fault):
    """These services are deployed already, their neighbours are not yet. New values are really sent,
    and with orders among them also a type of events that nobody else knows."""

    def __init__(self, name: str, what: str, ahead: Sequence[str]) -> None:
        super().__init__()
        self.name = name
        self.what = what
        self._units = [f"{service}.{role}" for service in ahead for role in ("web", "worker")]
        self._publishes = "orders" in ahead
        self._lifted = threading.Event()
        self._thread: threading.Thread | None = None

    def prepare(self, world: World, chance: random.Random) -> None:
        """Deploy them."""
        release = next_release(world.places.root, world.places.dev / "next-release")
        path = os.pathsep.join([str(release), str(world.places.root)])
        for unit in self._units:
            # Safe path: else the working folder, with the present contracts, would come first.
            world.tell(unit, PYTHONPATH=path, PYTHONSAFEPATH="1")
        world.restart(*self._units)

    def inject(self, world: World, chance: random.Random) -> None:
        """They are at work; orders publishes what the present release has no name for."""
        self._lifted.clear()
        if self._publishes:
            self._thread = threading.Thread(target=self._publish, args=(world,), daemon=True)
            self._thread.start()

    def lift(self, world: World) -> None:
        """Nothing new any more."""
        self._lifted.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def tidy(self, world: World) -> None:
        """Roll back, with what they have written still under way."""
        for unit in self._units:
            world.tell(unit, PYTHONPATH=None, PYTHONSAFEPATH=None)
        world.restart(*self._units)

    def _publish(self, world: World) -> None:
        while not self._lifted.wait(_EVERY_S):
            publish(world, "orders", NEW_EVENT, f"ord_{uuid.uuid4().hex[:26]}", {"boxes": 2})


def faults(services: Sequence[str]) -> list[Fault]:
    """Both orders of deploying."""
    return [
        Ahead(
            "producers-ahead",
            "orders and payments run the next contracts, their consumers the present ones",
            ("orders", "payments"),
        ),
        Ahead(
            "consumers-ahead",
            "catalog and notifications run the next contracts, orders and payments the present ones",
            ("catalog", "notifications"),
        ),
    ]
