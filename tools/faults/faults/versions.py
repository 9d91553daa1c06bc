"""Some services run the next release of the contracts, the others the present one."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing

from tools.faults.doors import Doors
from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.planting import publish
from tools.faults.releases import NEW_EVENT, NEW_FIELDS, NEW_IN_PRODUCTS, next_release
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
        self._ahead = tuple(ahead)
        self._publishes = "orders" in ahead
        self._said: Mapping[str, int] = {}
        self._new: dict[str, int] = {}
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
        self._said = _said_anew(world, self._ahead)
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
        now = _said_anew(world, self._ahead)
        self._new = {service: now[service] - before for service, before in self._said.items()}
        if "catalog" in self._ahead:
            self._new["catalog"] = _products_with(world, NEW_IN_PRODUCTS)
        self.figures |= {f"{service} said something new": n for service, n in self._new.items()}

    def tidy(self, world: World) -> None:
        """Roll back, with what they have written still under way."""
        for unit in self._units:
            world.tell(unit, PYTHONPATH=None, PYTHONSAFEPATH=None)
        world.restart(*self._units)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Each that can has said something that only the next release knows."""
        silent = [service for service, times in self._new.items() if times <= 0]
        otherwise = f"{', '.join(silent)} said nothing that is new"
        return (was_met(0 if silent else sum(self._new.values()), otherwise),)

    def _publish(self, world: World) -> None:
        while not self._lifted.wait(_EVERY_S):
            publish(world, "orders", NEW_EVENT, f"ord_{uuid.uuid4().hex[:26]}", {"boxes": 2})


def _said_anew(world: World, services: Sequence[str]) -> dict[str, int]:
    """By service: its events that have a field which only the next release has."""
    found = {}
    for service in services:
        if field := NEW_FIELDS.get(service):
            ((found[service],),) = world.rows(
                service, "SELECT count(*) FROM feed WHERE data->>%(f)s IS NOT NULL", f=field
            )
    return found


def _products_with(world: World, field: str) -> int:
    """How many of the first products have it."""
    with closing(Doors(world.url)) as doors:
        answer = doors.ask("GET", "catalog", "/api/v1/products")
    return sum(field in product for product in answer.body["items"]) if answer.body else 0


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
