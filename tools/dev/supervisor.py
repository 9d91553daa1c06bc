"""The program behind `./dev up`: starts everything in order, keeps it running, ends it in order."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from tools.dev import processes, state, together
from tools.dev.catalog import levels
from tools.dev.changes import AS_USUAL, Changes
from tools.dev.environment import Role
from tools.dev.errors import Refusal
from tools.dev.healing import SERVERS, end_leftovers, only_one
from tools.dev.keeper import NEVER_READY, Happening, Keeper
from tools.dev.logs import bound_size, last_lines
from tools.dev.places import Places
from tools.dev.state import State, UnitRecord
from tools.dev.system import Options, System
from tools.dev.units import Command, Server
from tools.dev.watch import Watcher

_FAILURES_BEFORE_GIVING_UP = 3
_TIDY_S = 5.0

Tell = Callable[[str, str, float], None]
"""Hears what happened: its kind (`done`, `note`, `bad`), a line, the seconds it took."""


class Supervisor:
    """One run. `run` returns when it was asked to stop, with nothing of ours left running."""

    def __init__(
        self, places: Places, options: Options, tell: Tell, changes: Changes = AS_USUAL
    ) -> None:
        self._places = places
        self._changes = changes
        self._options = options
        self._tell = tell
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._fatal = ""
        self._lock = threading.Lock()
        self._keepers: dict[str, Keeper] = {}
        self._threads: list[threading.Thread] = []
        self._migrated: dict[str, threading.Event] = {}
        self._seeded = threading.Event()

    def ask_to_stop(self) -> None:
        """Safe in a signal handler. Asked twice, it doesn't let the services finish their work."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def run(self, on_ready: Callable[[State], None]) -> None:
        """Raises Refusal when something can't be started, after ending what was."""
        threading.excepthook = self._broke
        with only_one(self._places):
            left = end_leftovers(self._places)
            if left:
                self._tell("note", f"ended {left} processes that a former run left behind", 0)
            self._system = System(self._places, self._options, self._changes)
            self._begin_state()
            watchdog = subprocess.Popen(
                [sys.executable, "-m", "tools.dev.watchdog", *self._whom_to_watch()],
                cwd=self._places.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                self._start()
                self._wait(on_ready)
            finally:
                self._end()
                watchdog.terminate()
                watchdog.wait()
        if self._fatal:
            raise Refusal(self._fatal)

    # For programs that run the system and try it

    @property
    def system(self) -> System:
        """What the run is made of; from when it was asked to run."""
        return self._system

    @property
    def now(self) -> State:
        """What runs."""
        with self._lock:
            return self._state

    def keeper(self, name: str) -> Keeper:
        """Who keeps this unit running. Raises LookupError for a unit that is none."""
        return self._keepers[name]

    def add(self, name: str, unit: Server | Command) -> None:
        """Keep one more unit running, until the end of the run; it starts now."""
        self._keep(name, unit)

    # Starting

    def _whom_to_watch(self) -> list[str]:
        own = self._places.own
        return [str(os.getpid()), *([str(own)] if own else [])]

    def _start(self) -> None:
        for name in reversed(SERVERS):
            if name in self._system.ports:
                self._keep(name, self._system.server(name))
        servers = [self._keepers[name].ready for name in SERVERS if name in self._keepers]
        waits = levels(self._system.services)
        for service in self._system.services:
            if service.has_database:
                self._migrated[service.name] = threading.Event()
                self._thread(f"migrate {service.name}", partial(self._migrate, service.name))
        if self._options.together:
            after = [*servers, *self._migrated.values()]
            self._keep(together.NAME, self._system.together(waits), after)
        else:
            self._keep_apart(waits, servers)
        if "users" in waits:
            self._thread("seed", self._seed)
        else:
            self._seeded.set()
        if self._options.watch:
            watcher = Watcher(self._places.root, waits, self._stop, self._changed)
            self._thread("watch", watcher.run)

    def _keep_apart(
        self, waits: Mapping[str, frozenset[str]], servers: list[threading.Event]
    ) -> None:
        for service in waits:  # neighbours before those who wait for them
            before = [self._keepers[f"{other}.web"].ready for other in waits[service]]
            migrated = [self._migrated[service]] if service in self._migrated else []
            for role in self._system.roles_of(service):
                unit = self._system.process(service, role, self._hurry)
                after = [*servers, *before, *migrated]
                self._keep(f"{service}.{role}", unit, after)

    def _keeper_of(self, service: str, role: Role) -> Keeper:
        return self._keepers[together.NAME if self._options.together else f"{service}.{role}"]

    def _keep(
        self, name: str, unit: Server | Command, after: Iterable[threading.Event] = ()
    ) -> None:
        keeper = Keeper(name, unit, after=after, record=self._record, tell=self._happened)
        self._keepers[name] = keeper
        keeper.start()

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _migrate(self, service: str) -> None:
        """Lets the service start; tried again after an edit when watching."""
        if not self._come(self._keepers["postgres"].ready):
            return
        began = time.monotonic()
        why = self._system.migrate(service)
        if not why:
            self._tell("done", f"{service}: migrated", time.monotonic() - began)
            self._migrated[service].set()
        elif not self._stop.is_set():
            self._give_up(f"{service} could not be migrated: {why}. See ./dev logs {service}")

    def _seed(self) -> None:
        for service, what, make in self._system.seeds(self._stop):
            if not self._come(self._keeper_of(service, "web").ready):
                return
            began = time.monotonic()
            if why := make():
                self._tell("bad", f"no {what}: {why}", 0)
            else:
                self._tell("done", what, time.monotonic() - began)
        self._seeded.set()

    def _come(self, event: threading.Event) -> bool:
        while not event.wait(0.1):
            if self._stop.is_set():
                return False
        return True

    # Running

    def _wait(self, on_ready: Callable[[State], None]) -> None:
        told = False
        tidy_at = time.monotonic()
        while not self._stop.wait(0.05 if not told else 0.5):
            ready = all(keeper.ready.is_set() for keeper in self._keepers.values())
            if not told and ready and self._seeded.is_set():
                told = True
                self._enter("ready")
                on_ready(self._state)
            if time.monotonic() > tidy_at:
                tidy_at = time.monotonic() + _TIDY_S
                bound_size(self._places)

    def _happened(self, name: str, what: Happening, seconds: float, why: str) -> None:
        """Called by the keepers' threads."""
        shown = _shown(name)
        if what == "ready":
            self._tell("done", shown, seconds)
        elif what == "again":
            self._tell("done", f"{shown} is back", seconds)
        else:
            keeper, log = self._keepers[name], self._places.log(name)
            if why == NEVER_READY:
                why = f"{why}: {last_lines(log, 1)}"
            self._tell("bad", f"{shown}: {why}; again in {seconds:g} s", 0)
            if not keeper.ready.is_set() and keeper.failures >= _FAILURES_BEFORE_GIVING_UP:
                self._give_up(f"{shown} does not start: {why}. See ./dev logs {name}")

    def _give_up(self, sentence: str, mendable: bool = True) -> None:
        """A first start that fails ends everything, unless an edit may mend it."""
        self._tell("bad", sentence, 0)
        if self._state.phase == "starting" and not (mendable and self._options.watch):
            self._fatal = self._fatal or sentence
            self._stop.set()

    def _changed(self, service: str, files: list[str], migrations: bool) -> None:
        """Called by the watcher: restarts what the edit touched."""
        what = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
        self._tell("note", f"{service}: {what} changed, restarting", 0)
        migrated = self._migrated.get(service)
        if migrated is not None and (migrations or not migrated.is_set()):
            self._migrate(service)
        for keeper in {self._keeper_of(service, role) for role in self._system.roles_of(service)}:
            keeper.restart()

    def _broke(self, broken: threading.ExceptHookArgs) -> None:
        """A bug in one of our threads must not leave the others waiting for it."""
        with self._places.log("dev").open("a") as log:
            traceback.print_exception(broken.exc_value, file=log)
        self._give_up(f"a bug in ./dev: {broken.exc_value!r}. See ./dev logs dev", mendable=False)

    def _begin_state(self) -> None:
        myself = processes.known(os.getpid())
        assert myself is not None
        self._state = State(
            supervisor=myself,
            packaged=self._options.packaged,
            watch=self._options.watch,
            together=self._options.together,
            phase="starting",
            ports=self._system.ports,
        )
        state.write(self._places, self._state)

    def _record(self, name: str, record: UnitRecord) -> None:
        with self._lock:
            for unit in together.units_of(name, self._system.services):
                self._state = self._state.with_unit(unit, record)
            state.write(self._places, self._state)

    def _enter(self, phase: state.Phase) -> None:
        with self._lock:
            self._state = replace(self._state, phase=phase)
            state.write(self._places, self._state)

    # Ending

    def _end(self) -> None:
        """Services first, PostgreSQL last: nothing loses what it stands on."""
        self._stop.set()
        self._enter("stopping")
        stages = [
            [name for name in self._keepers if name not in SERVERS],
            [name for name in SERVERS if name != "postgres" and name in self._keepers],
            ["postgres"],
        ]
        for stage in stages:
            chosen = [self._keepers[name] for name in stage if name in self._keepers]
            for keeper in chosen:
                keeper.stop()
            for keeper in chosen:
                keeper.join()
        for thread in self._threads:
            thread.join()


_NAMES = {
    "postgres": "PostgreSQL",
    "valkey_queue": "Valkey for the queue",
    "valkey_cache": "Valkey for the cache",
    "mail": "mail catcher",
    "provider": "payment simulator",
    together.NAME: "all services",
}


def _shown(name: str) -> str:
    return _NAMES.get(name) or name.replace(".", ": ")
