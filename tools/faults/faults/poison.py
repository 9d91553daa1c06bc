"""Work that can't be done, however often it is tried: it is parked after three tries, and nothing else
waits for it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tools.faults.fault import Fault
from tools.faults.planting import note, publish
from tools.faults.world import World

_PARKED_WITHIN_S = 60.0
_LOOK_S = 0.5


class _Poison(Fault):
    """What is planted is known by its id, and must be parked under it."""

    def __init__(self) -> None:
        super().__init__()
        self._planted: dict[str, str] = {}

    def parked(self, world: World) -> frozenset[str]:
        """All that was planted."""
        return frozenset(self._planted)

    def wait_until_parked(self, world: World) -> None:
        """Or for a minute; then the invariant says what is missing."""
        began = time.monotonic()
        while time.monotonic() < began + _PARKED_WITHIN_S:
            if all(_is_parked(world, service, id_) for id_, service in self._planted.items()):
                break
            for unit in self.hurts:
                world.release(unit)  # its supervisor would wait longer after each death
            time.sleep(_LOOK_S)
        self.figures["parked within"] = f"{time.monotonic() - began:.0f} s of the lift"


class Raises(_Poison):
    """Events and jobs whose handlers raise: an order that was confirmed and that nobody has heard
    of, an event that can't be read, a mail about an order that is not there."""

    name = "poison-exception"
    what = "events and jobs that make their handlers raise"

    def inject(self, world: World, chance: random.Random) -> None:
        """Plant them."""
        nobody = f"ord_{secrets.token_hex(13)}"
        user = f"usr_{secrets.token_hex(13)}"
        kind = "orders.order_confirmed.v1"
        strange = publish(world, "orders", kind, nobody, {"order_id": nobody, "user_id": user})
        unreadable = publish(world, "orders", kind, nobody, {"order_id": 17})
        told = {"order_id": nobody, "user_id": user}
        job = note(world, "notifications", "notifications.mail_cancelled", told)
        self._planted = {strange: "catalog", unreadable: "catalog", job: "notifications"}
        self._key = f"confirmed:{nobody}"

    def lift(self, world: World) -> None:
        """It ends when all is parked."""
        # notifications made a job of the strange event, and that is poison too.
        for (job,) in world.rows(
            "notifications", "SELECT id FROM job WHERE key = %(k)s", k=self._key
        ):
            self._planted[str(job)] = "notifications"
        self.wait_until_parked(world)


class Kills(_Poison):
    """An event and a job of which the process dies, each time anew."""

    name = "poison-death"
    what = "an event and a job that kill notifications' worker as it handles them"
    hurts = frozenset({"notifications.worker"})

    def __init__(self) -> None:
        super().__init__()
        self._word = ""

    def prepare(self, world: World, chance: random.Random) -> None:
        """A worker that dies of them."""
        self._word = f"usr_{secrets.token_hex(13)}"
        world.wrap("notifications.worker", "tools.faults.poison", self._word)
        world.restart("notifications.worker")

    def inject(self, world: World, chance: random.Random) -> None:
        """Plant them."""
        told = {"user_id": self._word}
        fact = {**told, "registered_at": datetime.now(UTC).isoformat()}
        event = publish(world, "users", "users.user_registered.v1", self._word, fact)
        job = note(world, "notifications", "notifications.send_welcome", told)
        self._planted = {event: "notifications", job: "notifications"}

    def lift(self, world: World) -> None:
        """It ends when both are parked."""
        self.wait_until_parked(world)

    def tidy(self, world: World) -> None:
        """A worker as it should be."""
        world.wrap("notifications.worker")
        world.restart("notifications.worker")


def _is_parked(world: World, service: str, id_: str) -> bool:
    found = world.rows(
        service,
        "SELECT 1 FROM parked_event WHERE id = %(id)s UNION ALL "
        "SELECT 1 FROM job WHERE id = %(id)s AND state = 'parked'",
        id=id_,
    )
    return bool(found)


def faults(services: Sequence[str]) -> list[Fault]:
    """Both kinds."""
    return [Raises(), Kills()]
