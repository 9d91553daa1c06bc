"""The program behind `./dev up`: starts everything in order, keeps it running, ends it in order."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from libs.servers import Credentials, Postgres, ServerFailed, Valkey, provision
from tools.dev import keys, processes, provider, seeding, state, together
from tools.dev import ports as ports_module
from tools.dev.catalog import Service, levels, services_of
from tools.dev.environment import (
    Role,
    command_of,
    common_environment,
    require_packages,
    service_environment,
)
from tools.dev.errors import Refusal
from tools.dev.healing import SERVERS, end_leftovers, only_one
from tools.dev.keeper import Happening, Keeper
from tools.dev.logs import bound_size, last_lines
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.state import State, UnitRecord
from tools.dev.units import Command, Server
from tools.dev.watch import Watcher

_ROLES: tuple[Role, ...] = ("web", "worker")
_FAILURES_BEFORE_GIVING_UP = 3
_TIDY_S = 5.0


@dataclass(frozen=True)
class Options:
    """What the user asked `up` for."""

    packaged: bool = False
    watch: bool = False
    avoid_taken_ports: bool = False
    together: bool = False


Tell = Callable[[str, str, float], None]
"""Hears what happened: its kind (`done`, `note`, `bad`), a line, the seconds it took."""


class Supervisor:
    """One run. `run` returns when it was asked to stop, with nothing of ours left running."""

    def __init__(self, places: Places, options: Options, tell: Tell) -> None:
        self._places = places
        self._options = options
        self._tell = tell
        self._stop = threading.Event()
        self._fatal = ""
        self._lock = threading.Lock()
        self._keepers: dict[str, Keeper] = {}
        self._threads: list[threading.Thread] = []
        self._migrated: dict[str, threading.Event] = {}
        self._databases: dict[str, Credentials] = {}
        self._seeded = threading.Event()

    def ask_to_stop(self) -> None:
        """Safe in a signal handler."""
        self._stop.set()

    def run(self, on_ready: Callable[[State], None]) -> None:
        """Raises Refusal when something can't be started, after ending what was."""
        with only_one(self._places):
            left = end_leftovers(self._places)
            if left:
                self._tell("note", f"ended {left} processes that a former run left behind", 0)
            self._services = services_of(self._places.root)
            self._prepare()
            watchdog = subprocess.Popen(
                [sys.executable, "-m", "tools.dev.watchdog", str(os.getpid())],
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

    def _prepare(self) -> None:
        names = [service.name for service in self._services]
        if self._options.packaged:
            require_packages(self._places, names)
        wanted = ports_module.wanted_ports(self._services)
        if self._options.avoid_taken_ports:
            self._ports = ports_module.avoid_taken(wanted)
        else:
            ports_module.require_free(wanted)
            self._ports = wanted
        keys.make_service_keys(self._places, names)
        self._user_keys = keys.make_user_keys(self._places)
        myself = processes.known(os.getpid())
        assert myself is not None
        self._state = State(
            supervisor=myself,
            packaged=self._options.packaged,
            watch=self._options.watch,
            together=self._options.together,
            phase="starting",
            ports=self._ports,
        )
        state.write(self._places, self._state)

    # Starting

    def _start(self) -> None:
        places, ports = self._places, self._ports
        self._postgres = Postgres(
            places.data("postgres"), ports["postgres"], detached=True, log=places.log("postgres")
        )
        self._keep("postgres", Server(self._postgres))
        for name in ("valkey_queue", "valkey_cache"):
            valkey = Valkey(places.data(name), ports[name], detached=True, log=places.log(name))
            self._keep(name, Server(valkey))
        self._keep("mail", self._mail())
        if provider.NAME in ports:
            unit = provider.unit(places, ports, common_environment(places))
            self._keep(provider.NAME, unit)
        waits = levels(self._services)
        for service in self._services:
            self._migrated[service.name] = threading.Event()
            self._thread(f"migrate {service.name}", partial(self._migrate, service))
        servers = [self._keepers[name].ready for name in SERVERS if name in self._keepers]
        if self._options.together:
            process = together.unit(places, waits, ports, self._environment)
            self._keep(together.NAME, process, [*servers, *self._migrated.values()])
        else:
            self._keep_apart(waits, servers)
        if "users" in waits:
            self._thread("seed", self._seed)
        else:
            self._seeded.set()
        if self._options.watch:
            watcher = Watcher(places.root, waits, self._stop, self._changed)
            self._thread("watch", watcher.run)

    def _keep_apart(
        self, waits: Mapping[str, frozenset[str]], servers: list[threading.Event]
    ) -> None:
        for name in waits:  # neighbours before those who wait for them
            before = [self._keepers[f"{other}.web"].ready for other in waits[name]]
            for role in _ROLES:
                process = self._command(name, role)
                self._keep(f"{name}.{role}", process, [*servers, *before, self._migrated[name]])

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

    def _mail(self) -> Command:
        address = f"{HOST}:{self._ports['mail']}"
        command = [sys.executable, "-m", "tools.mail", "--data", str(self._places.data("mail"))]
        command += ["--smtp", f"{HOST}:{self._ports['smtp']}", "--http", address]
        return Command(
            command,
            folder=self._places.root,
            environment=lambda: common_environment(self._places),
            log=self._places.log("mail"),
            ready_url=f"http://{address}/livez",
        )

    def _command(self, service: str, role: Role) -> Command:
        return Command(
            command_of(self._places, service, role, self._options.packaged),
            folder=self._places.root,
            environment=lambda: self._environment(service, role),
            log=self._places.log(f"{service}.{role}"),
            ready_url=f"http://{HOST}:{self._ports[f'{service}.{role}']}/readyz",
            run_dir=self._places.run / f"{service}-{role}",
        )

    def _environment(self, service: str, role: Role) -> dict[str, str]:
        database = self._databases[service]
        return service_environment(
            self._places, service, role, self._ports, database, self._user_keys
        )

    def _migrate(self, service: Service) -> None:
        """The service's database and tables; tried again after an edit when watching."""
        if not self._come(self._keepers["postgres"].ready):
            return
        name, began = service.name, time.monotonic()
        with self._lock:
            roles = (f"{name}_owner", f"{name}_app")
            passwords = keys.passwords(self._places, roles)
        try:
            self._databases[name] = provision(
                self._postgres,
                name,
                owner_password=passwords[f"{name}_owner"],
                app_password=passwords[f"{name}_app"],
            )
            why = self._run_migrations(name)
        except (ServerFailed, OSError) as error:
            why = str(error)
        if not why:
            self._tell("done", f"{name}: migrated", time.monotonic() - began)
            self._migrated[name].set()
        elif not self._stop.is_set():
            self._give_up(f"{name} could not be migrated: {why}. See ./dev logs {name}")

    def _run_migrations(self, service: str) -> str:
        log = self._places.log(f"{service}.migrate")
        with log.open("wb") as output:
            done = subprocess.run(
                command_of(self._places, service, "migrate", self._options.packaged),
                cwd=self._places.root,
                env=self._environment(service, "migrate"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                check=False,
            )
        return "" if done.returncode == 0 else last_lines(log)

    def _seed(self) -> None:
        began = time.monotonic()
        steps = [("users", "demo user", self._seed_demo), ("users", "admin", self._seed_admin)]
        if "catalog" in self._migrated:
            steps.append(("catalog", "demo catalogue", self._seed_catalogue))
        for service, what, step in steps:
            if not self._come(self._keeper_of(service, "web").ready):
                return
            if why := step():
                self._tell("bad", f"no {what}: {why}", 0)
            else:
                self._tell("done", what, time.monotonic() - began)
        self._seeded.set()

    def _seed_demo(self) -> str:
        who = seeding.DEMO_EMAIL, seeding.DEMO_PASSWORD, seeding.DEMO_NAME
        return seeding.register(f"http://{HOST}:{self._ports['users.web']}", *who, self._stop)

    def _seed_admin(self) -> str:
        who = seeding.ADMIN_EMAIL, seeding.ADMIN_PASSWORD, seeding.ADMIN_NAME
        why = seeding.register(f"http://{HOST}:{self._ports['users.web']}", *who, self._stop)
        return why or seeding.make_admin(self._databases["users"].owner_url, seeding.ADMIN_EMAIL)

    def _seed_catalogue(self) -> str:
        environment, log = self._environment("catalog", "web"), self._places.log("catalog.import")
        packaged = self._options.packaged
        return seeding.import_products(self._places, environment, log, packaged=packaged)

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
            log = self._places.log(name)
            failures = self._keepers[name].failures
            self._tell("bad", f"{shown}: {why}; again in {seconds:g} s", 0)
            first = not self._keepers[name].ready.is_set()
            if first and failures >= _FAILURES_BEFORE_GIVING_UP:
                self._give_up(f"{shown} does not start: {why}: {last_lines(log)}. See {log}")

    def _give_up(self, sentence: str) -> None:
        """A first start that fails ends everything, unless an edit may mend it."""
        self._tell("bad", sentence, 0)
        if not self._options.watch and self._state.phase == "starting":
            self._fatal = self._fatal or sentence
            self._stop.set()

    def _changed(self, service: str, files: list[str], migrations: bool) -> None:
        """Called by the watcher: restarts what the edit touched."""
        what = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
        self._tell("note", f"{service}: {what} changed, restarting", 0)
        if not self._migrated[service].is_set():
            self._migrate(next(s for s in self._services if s.name == service))
        elif migrations and (why := self._run_migrations(service)):
            self._tell("bad", f"{service} could not be migrated: {why}", 0)
        for keeper in {self._keeper_of(service, role) for role in _ROLES}:
            keeper.restart()

    def _record(self, name: str, record: UnitRecord) -> None:
        with self._lock:
            for unit in together.units_of(name, self._migrated):
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
            ["mail", "provider", "valkey_queue", "valkey_cache"],
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
    together.NAME: "all services",
    "provider": "payment simulator",
}


def _shown(name: str) -> str:
    return _NAMES.get(name) or name.replace(".", ": ")
