"""Messages that come too often, in the wrong order, or ten minutes late."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from libs.messaging.queue import broker_for
from tools.faults.behaviours import BLACK_HOLE
from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

_EVERY_S = 2.0
_TIMES = 3
_BACK = 30  # events that each cursor is set back by, in the lifetime of which each is read thrice
_LATE_S = 25.0  # longer than an order may stay open in this shop

# All that one may hear of time: how old an event is, since when a job is due, how long a hold lasts.
_TEN_MINUTES_LATER: tuple[LiteralString, ...] = (
    "UPDATE feed SET created_at = created_at - interval '10 minutes' "
    "WHERE created_at > now() - interval '40 seconds' RETURNING 1",
    "UPDATE job SET due_at = due_at - interval '10 minutes', wake_at = now(), "
    "created_at = created_at - interval '10 minutes' WHERE state = 'waiting' RETURNING 1",
)
_HOLDS: LiteralString = (
    "UPDATE reservation SET expires_at = expires_at - interval '10 minutes' "
    "WHERE state = 'held' RETURNING 1"
)


class Thrice(Fault):
    """Every job's id comes three more times, shuffled, long after it was done too; and every cursor
    is set back, so that each event is read again, three times and more."""

    name = "messages-thrice"
    what = "ids of jobs and events are delivered three times and more, shuffled"

    def __init__(self) -> None:
        super().__init__()
        self._lifted = threading.Event()
        self._thread: threading.Thread | None = None
        self._sent = 0
        self._replayed = 0

    def inject(self, world: World, chance: random.Random) -> None:
        """Every other second."""
        self._sent = self._replayed = 0
        self._lifted.clear()
        self._thread = threading.Thread(target=self._go_on, args=(world, chance), daemon=True)
        self._thread.start()

    def lift(self, world: World) -> None:
        """No more of it; what was sent is still to be read."""
        self._lifted.set()
        if self._thread is not None:
            self._thread.join()
        self.figures["ids sent again"] = self._sent
        self.figures["cursors set back by, in all"] = self._replayed

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Both were sent again."""
        otherwise = f"{self._sent} ids sent again, cursors set back by {self._replayed}"
        return (was_met(min(self._sent, self._replayed), otherwise),)

    def _go_on(self, world: World, chance: random.Random) -> None:
        while not self._lifted.wait(_EVERY_S):
            for service in world.keepers:
                self._send_again(world, service, chance)
                self._set_back(world, service)

    def _send_again(self, world: World, service: str, chance: random.Random) -> None:
        rows = world.rows(service, "SELECT id FROM job ORDER BY created_at DESC LIMIT 20")
        ids = [UUID(str(id_)) for (id_,) in rows] * _TIMES
        chance.shuffle(ids)
        if ids:
            url = f"redis://127.0.0.1:{world.ports['valkey_queue']}/0"
            broker_for(service, url).send(ids)
            self._sent += len(ids)

    def _set_back(self, world: World, service: str) -> None:
        # A third of the way each time: what is read now is read again twice.
        moved = world.rows(
            service,
            "UPDATE cursor SET pos = greatest(0, pos - %(back)s) WHERE pos > 0 RETURNING pos",
            back=_BACK // _TIMES,
        )
        self._replayed += len(moved) * (_BACK // _TIMES)


class TenMinutesLate(Fault):
    """Nothing that services say to each other arrives for longer than an order may stay open; then
    all of it does, and is ten minutes old by every clock that it can be judged by."""

    name = "messages-ten-minutes-late"
    what = "events and jobs come ten minutes late, when their orders' deadlines are over"
    lasts_s = _LATE_S

    def __init__(self) -> None:
        super().__init__()
        self._edges: list[str] = []
        self._late = 0
        self._met = 0

    def inject(self, world: World, chance: random.Random) -> None:
        """No worker reaches a neighbour."""
        self._edges = world.proxies.named("*.worker->*.web")
        for edge in self._edges:
            world.proxies.behave(edge, BLACK_HOLE)

    def lift(self, world: World) -> None:
        """Ten minutes have passed."""
        try:
            self._late = len(world.rows("catalog", _HOLDS))
            for service in world.keepers:
                for statement in _TEN_MINUTES_LATER:
                    self._late += len(world.rows(service, statement))
        finally:
            self._met = sum(world.proxies.heal(edge).met for edge in self._edges)
        self.figures["ten minutes older"] = self._late
        self.figures["connections that met a black hole"] = self._met

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Something was under way, and did not arrive."""
        otherwise = f"{self._late} rows were under way, {self._met} connections met a black hole"
        return (was_met(min(self._late, self._met), otherwise),)


def faults(services: Sequence[str]) -> list[Fault]:
    """Both."""
    return [Thrice(), TenMinutesLate()]
