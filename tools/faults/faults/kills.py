"""Kill -9 of anything that runs, and a Valkey that stands still."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Sequence

from tools.faults.fault import Fault
from tools.faults.world import World

# After a kill the supervisor starts it again; the next one comes so long after it is ready.
_BETWEEN_S = (0.2, 2.0)
_STALL_S = 12.0


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


class Killed(Going):
    """A service's web or worker: twice killed and started again by its supervisor at once, which
    meets work half done; then dead until the fault is lifted, which meets neighbours that have to
    do without."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.name = f"kill-{unit.replace('.', '-')}"
        self.what = f"kill -9 of {unit}, again and again, then dead"
        self.hurts = frozenset({unit})

    def go_on(self, world: World, chance: random.Random) -> None:
        """As said above."""
        for _ in range(2):
            world.kill(self.unit)
            if not until(lambda: world.is_ready(self.unit), self.lifted):
                return
            if self.lifted.wait(chance.uniform(*_BETWEEN_S)):
                return
        world.keep_dead(self.unit)

    def heal(self, world: World) -> None:
        """It may run again."""
        world.release(self.unit)


class ServerKilled(Going):
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
            self.lifted.wait(chance.uniform(0.0, 3.0))
            world.release(self.server)
            until(lambda: world.is_ready(self.server), self.lifted)
            self.lifted.wait(chance.uniform(1.0, 4.0))

    def heal(self, world: World) -> None:
        """It may run again."""
        world.release(self.server)


class QueueWiped(Fault):
    """The queue's Valkey loses all that it was given, and is away for two seconds."""

    name = "wipe-valkey-queue"
    what = "kill -9 of the queue's Valkey; it comes back empty"
    hurts = frozenset({"valkey_queue"})

    def inject(self, world: World, chance: random.Random) -> None:
        """Kill it and take its data away."""
        world.wipe("valkey_queue")
        threading.Timer(2.0, world.release, ["valkey_queue"]).start()

    def lift(self, world: World) -> None:
        """It may run again, if it does not yet."""
        world.release("valkey_queue")


class Stalled(Fault):
    """A Valkey that takes connections and answers nothing: worse than a dead one."""

    name = "stall-valkey-queue"
    what = f"SIGSTOP of the queue's Valkey for {_STALL_S:g} s"
    hurts = frozenset({"valkey_queue"})
    lasts_s = _STALL_S

    def inject(self, world: World, chance: random.Random) -> None:
        """Stop it."""
        world.pause("valkey_queue")

    def lift(self, world: World) -> None:
        """Let it go on."""
        world.resume("valkey_queue")


class BackendKilled(Going):
    """One connection's process of PostgreSQL dies, upon which it throws out everybody and recovers."""

    name = "kill-postgres-backend"
    what = "kill -9 of one PostgreSQL backend: all are thrown out"
    hurts = frozenset({"postgres"})

    def go_on(self, world: World, chance: random.Random) -> None:
        """Each few seconds another one."""
        while not self.lifted.wait(chance.uniform(1.0, 4.0)):
            world.kill_child("postgres", chance, signal.SIGKILL)


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
        Stalled(),
        ServerKilled("postgres", "kill-postgres", "kill -9 of PostgreSQL, all its processes"),
        BackendKilled(),
    ]
