"""Edges that misbehave: what a network, a firewall or a proxy in between does to those who trust it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.faults.behaviours import BLACK_HOLE, CUT, DEAF, DRIP, LATE, MUTE, NO_ROUTE, Behaviour
from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

_SAID = {
    LATE: ("late", "half a second more a round trip"),
    BLACK_HOLE: ("black-hole", "connections are taken and nothing is answered"),
    NO_ROUTE: ("no-route", "connecting hangs too"),
    CUT: ("cut", "connections are reset in the middle of an answer"),
    DRIP: ("drip", "answers come at 100 bytes a second"),
    DEAF: ("deaf", "requests are lost on the way"),
    MUTE: ("mute", "requests arrive, answers are lost"),
}


class Misbehaves(Fault):
    """All edges of some names misbehave in one way. Its name is the behaviour's and what `between`
    says: `late-orders-catalog`."""

    def __init__(self, behaviour: Behaviour, between: str, *patterns: str, words: str = "") -> None:
        super().__init__()
        how, what = _SAID.get(behaviour, ("", words))
        self.name = f"{how}-{between}" if how else between
        self.what = f"{', '.join(patterns)}: {words or what}"
        self._behaviour = behaviour
        self._patterns = patterns
        self._edges: list[str] = []
        self._met = 0

    def inject(self, world: World, chance: random.Random) -> None:
        """At once, for connections old and new."""
        self._edges = world.proxies.named(*self._patterns)
        self.hurts = frozenset(self._edges)
        for edge in self._edges:
            world.proxies.behave(edge, self._behaviour)

    def lift(self, world: World) -> None:
        """All passes again."""
        self._met = sum(world.proxies.heal(edge).met for edge in self._edges)
        self.figures["connections that met it"] = self._met

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Connections that were only open do not count."""
        return (was_met(self._met, f"nobody used {', '.join(self._edges)}"),)


def faults(services: Sequence[str]) -> list[Fault]:
    """On edges that tell: a neighbour that is asked while a customer waits; money; the truth in the
    database and the bell in Valkey; the door by which mail leaves."""
    catalog = ("orders-catalog", "orders.web->catalog.web")
    provider = ("payments-provider", "payments.*->provider")
    databases = ("workers-postgres", "*.worker->postgres")
    queue = ("queue", "*->valkey_queue")
    users = ("notifications-users", "notifications.worker->users.web")
    mail = ("notifications-mail", "notifications.worker->mail")
    feeds = ("feeds", "*.worker->*.web")
    return [
        *(Misbehaves(how, *catalog) for how in (LATE, BLACK_HOLE, CUT, DRIP, MUTE)),
        Misbehaves(
            Behaviour(latency_s=10.0),
            "ten-seconds-catalog",
            catalog[1],
            words="it takes 10 s to answer",
        ),
        *(Misbehaves(how, *provider) for how in (LATE, NO_ROUTE, CUT, MUTE)),
        *(Misbehaves(how, *databases) for how in (LATE, BLACK_HOLE, CUT)),
        *(Misbehaves(how, *queue) for how in (LATE, BLACK_HOLE, CUT)),
        *(Misbehaves(how, *users) for how in (DEAF, DRIP)),
        *(Misbehaves(how, *mail) for how in (CUT, MUTE)),
        Misbehaves(CUT, *feeds),
    ]
