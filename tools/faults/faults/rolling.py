"""A rolling restart: two instances behind a balancer, restarted in turns while customers come."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tools.faults import shelf
from tools.faults.balancer import Balancer
from tools.faults.bystanders import Bystanders
from tools.faults.fault import Fault
from tools.faults.history import History, Said, Told
from tools.faults.outcome import Verdict
from tools.faults.spared import OTHERS_AT_MOST_CORES
from tools.faults.troubles import and_then
from tools.faults.visitors import Count, Visitors
from tools.faults.world import World

REQUESTS = 5000
_CLAIM = "none failed"
# Who was refused at once and served when they came again has not failed; but of a thousand requests
# one at most, as of those who do not need what a fault hurts. A starting instance takes one of two
# cores for a second, with the other's customers on it.
PUT_OFF_AT_MOST = REQUESTS // 1000
_FIRST, _SECOND = "orders.web", "orders.web2"
_READY_S = 30.0
_PAUSE_S = 1.0
_ALL_ASKED_WITHIN_S = 200.0


class RollingRestart(Fault):
    """Of orders' web, again and again. Each is ended with SIGTERM and takes leave; nobody notices."""

    name = "rolling-restart"
    what = f"two instances of orders are restarted in turns, under {REQUESTS} requests"
    hurts = frozenset({_FIRST})
    customers = False

    def __init__(self) -> None:
        super().__init__()
        self._visitors: Visitors | None = None
        self._others_cores = 0.0
        self._restarts = 0

    def prepare(self, world: World, chance: random.Random) -> None:
        """The second instance."""
        world.add(_SECOND, like=_FIRST)

    def inject(self, world: World, chance: random.Random) -> None:
        """Restart them while there are visitors."""
        ports = [int(world.url(unit).rpartition(":")[2]) for unit in (_FIRST, _SECOND)]
        token, sku = shelf.visitor(world, REQUESTS)
        self._restarts = 0
        bystanders = Bystanders(world)
        bystanders.start()
        try:
            with Balancer(ports) as balancer:
                _both(balancer)
                self._visitors = Visitors(balancer.port, token=token, sku=sku, wanted=REQUESTS)
                with and_then(self._visitors.send_away):
                    self._visitors.start()
                    self._restart(world, balancer, self._visitors)
        finally:
            self._others_cores = bystanders.stop()

    def _restart(self, world: World, balancer: Balancer, visitors: Visitors) -> None:
        """In turns, as long as there are visitors, and time."""
        ends = time.monotonic() + _ALL_ASKED_WITHIN_S
        while visitors.are_inside and time.monotonic() < ends:
            for unit in (_FIRST, _SECOND):
                world.restart(unit)
                _both(balancer)
                self._restarts += 1
                time.sleep(_PAUSE_S)

    def tidy(self, world: World) -> None:
        """One is enough again."""
        world.remove(_SECOND)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Not one request may fail."""
        assert self._visitors is not None
        count = self._visitors.count
        for at, took_s, well in count.took:  # for the curve
            said: Said = "ok" if well else "failed"
            history.note(
                Told(at, took_s, "fault", 0, "orders", self.hurts, said, 200 if well else 0)
            )
        self.figures["requests"] = f"{count.reads} reads, {count.writes} orders"
        self.figures["restarts"] = self._restarts
        self.figures["failed"] = len(count.failed)
        self.figures["told to come again"] = count.put_off
        self.figures["idle connections closed on a request"] = count.reconnects
        return (verdict_of(count, self._restarts, self._others_cores),)


def verdict_of(count: Count, restarts: int, others_cores: float) -> Verdict:
    """What they are worth: a failure always counts, but while others use the machine it is nobody's
    fault that not all could be asked, or had to come again too often; then it is not judged."""
    evidence = count.failed[:10]
    if restarts < 2:
        evidence.append(f"there were {restarts} restarts")
    late = [f"only {count.asked} of {REQUESTS} could be asked"] * (count.asked < REQUESTS)
    too_often = count.put_off > PUT_OFF_AT_MOST
    late += [f"{count.put_off} times somebody was told to come again"] * too_often
    if late and not evidence and others_cores > OTHERS_AT_MOST_CORES:
        late.append(f"other programs used {others_cores:.1f} cores")
        return Verdict(_CLAIM, True, 0, (), f"not judged: {'; '.join(late)}")
    evidence += late
    return Verdict(_CLAIM, not evidence, count.asked, tuple(evidence))


def _both(balancer: Balancer) -> None:
    ends = time.monotonic() + _READY_S
    while len(balancer.ready) < 2 and time.monotonic() < ends:
        time.sleep(0.05)


def faults(services: Sequence[str]) -> list[Fault]:
    """One."""
    return [RollingRestart()]
