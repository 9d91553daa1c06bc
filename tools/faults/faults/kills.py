"""Kill -9 of anything that runs."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from libs.messaging.valkey import connect
from tools.faults.fault import Fault, was_met
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

# After a kill the supervisor starts it again; the next one comes so long after it is ready.
_BETWEEN_S = (0.2, 2.0)
_DEAD_FROM = 2 / 3  # of the fault's time, at the latest
_AWAY_S = 2.0
_LOOK_S = 0.2


class Going(Fault):
    """A fault that goes on in a thread until it is lifted."""

    def __init__(self) -> None:
        super().__init__()
        self.lifted = threading.Event()
        self._thread: threading.Thread | None = None

    def inject(self, world: World, chance: random.Random) -> None:
        """Begin."""
        self.lifted.clear()
        self._thread = threading.Thread(target=self.go_on, args=(world, chance), daemon=True)
        self._thread.start()

    def lift(self, world: World) -> None:
        """End it, and see that all is started again."""
        self.lifted.set()
        if self._thread is not None:
            self._thread.join()
        self.heal(world)

    def go_on(self, world: World, chance: random.Random) -> None:
        """In the thread."""
        raise NotImplementedError

    def heal(self, world: World) -> None:
        """After it."""


class Killing(Going):
    """One that counts whom it killed."""

    kills = 0

    def inject(self, world: World, chance: random.Random) -> None:
        """Begin to kill."""
        self.kills = 0
        super().inject(world, chance)

    def lift(self, world: World) -> None:
        """No more of it."""
        super().lift(world)
        self.figures["kills"] = self.kills

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Somebody was there to be killed."""
        return (was_met(self.kills, "there was nothing to kill"),)


class Killed(Killing):
    """A service's web or worker: twice killed and started again by its supervisor at once, which
    meets work half done; then dead until the fault is lifted, which meets neighbours that have to
    do without."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.name = f"kill-{unit.replace('.', '-')}"
        self.what = f"kill -9 of {unit}, again and again, then dead"
        self.hurts = frozenset({unit})
        self._late = threading.Event()
        self._stayed_dead = False

    def inject(self, world: World, chance: random.Random) -> None:
        """Begin."""
        self._late.clear()
        self._stayed_dead = False
        super().inject(world, chance)

    def last(self, seconds: float) -> None:
        """However long it takes to start, in the last third it is dead."""
        time.sleep(seconds * _DEAD_FROM)
        self._late.set()
        time.sleep(seconds * (1 - _DEAD_FROM))

    def lift(self, world: World) -> None:
        """It runs again, or is about to."""
        self._late.set()
        super().lift(world)

    def go_on(self, world: World, chance: random.Random) -> None:
        """As said above."""
        for _ in range(2):
            self.kills += world.kill(self.unit)
            if not until(lambda: world.is_ready(self.unit), self._late):
                break
            if self._late.wait(chance.uniform(*_BETWEEN_S)):
                break
        world.hold(self.unit)
        while not self.lifted.is_set():
            self.kills += world.kill(self.unit)  # also what was about to start
            self.lifted.wait(_LOOK_S)

    def heal(self, world: World) -> None:
        """It may run again."""
        self._stayed_dead = world.process(self.unit) is None
        world.release(self.unit)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Killed, and then dead too."""
        otherwise = f"{self.kills} kills, and it did not stay dead"
        return (was_met(self.kills if self._stayed_dead else 0, otherwise),)


class ServerKilled(Killing):
    """PostgreSQL or a Valkey, killed with all its processes each few seconds; its data stays."""

    def __init__(self, server: str, name: str, what: str) -> None:
        super().__init__()
        self.server = server
        self.name = name
        self.what = what
        self.hurts = frozenset({server})

    def go_on(self, world: World, chance: random.Random) -> None:
        """As said above; the pause in which it stays dead is from a moment to some seconds."""
        while not self.lifted.is_set():
            world.keep_dead(self.server)
            self.kills += world.process(self.server) is None
            self.lifted.wait(chance.uniform(0.0, 3.0))
            world.release(self.server)
            until(lambda: world.is_ready(self.server), self.lifted)
            self.lifted.wait(chance.uniform(1.0, 4.0))

    def heal(self, world: World) -> None:
        """It may run again."""
        world.release(self.server)


class QueueWiped(Fault):
    """The queue's Valkey loses all that it was given, and is away for two seconds."""

    _keys = 0
    _timer: threading.Timer | None = None

    name = "wipe-valkey-queue"
    what = "kill -9 of the queue's Valkey; it comes back empty"
    hurts = frozenset({"valkey_queue"})

    def inject(self, world: World, chance: random.Random) -> None:
        """Kill it and take its data away."""
        with closing(connect(f"redis://127.0.0.1:{world.ports['valkey_queue']}/0")) as queue:
            self._keys = int(queue.dbsize())
        world.wipe("valkey_queue")
        self._timer = threading.Timer(_AWAY_S, world.release, ["valkey_queue"])
        self._timer.start()

    def lift(self, world: World) -> None:
        """It may run again, if it does not yet."""
        if self._timer is not None:
            self._timer.cancel()
        world.release("valkey_queue")
        self.figures["keys lost"] = self._keys

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """There was something to lose."""
        return (was_met(self._keys, "the queue held nothing when it was wiped"),)


class BackendKilled(Killing):
    """One connection's process of PostgreSQL dies, upon which it throws out everybody and recovers."""

    name = "kill-postgres-backend"
    what = "kill -9 of one PostgreSQL backend: all are thrown out"
    hurts = frozenset({"postgres"})

    def go_on(self, world: World, chance: random.Random) -> None:
        """Each few seconds another one."""
        while not self.lifted.wait(chance.uniform(1.0, 4.0)):
            self.kills += world.kill_child("postgres", chance, signal.SIGKILL)


def until(is_so: Callable[[], bool], ended: threading.Event) -> bool:
    """Whether it became so before the event was set."""
    while not is_so():
        if ended.wait(0.1):
            return False
    return True


def faults(services: Sequence[str]) -> list[Fault]:
    """Each service's web and worker in turn, then the servers."""
    return [
        *(Killed(f"{service}.{role}") for service in services for role in ("web", "worker")),
        ServerKilled("valkey_queue", "kill-valkey-queue", "kill -9 of the queue's Valkey"),
        QueueWiped(),
        ServerKilled("valkey_cache", "kill-valkey-cache", "kill -9 of the cache's Valkey"),
        ServerKilled("postgres", "kill-postgres", "kill -9 of PostgreSQL, all its processes"),
        BackendKilled(),
    ]
