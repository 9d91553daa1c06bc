"""A running shop that can be hurt: the system of `./dev up` in a folder of its own, on free ports.

Its supervisor starts again what dies, as it does for a developer; a fault that wants a unit to stay
dead holds it first. All is done to processes by their recorded pids, which are looked at together
with the time at which they began; nothing is ever looked for by name.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, Self

import psutil
import psycopg

from libs.servers import free_port
from tools.dev.changes import Changes
from tools.dev.errors import Busy, Refusal
from tools.dev.keeper import Keeper
from tools.dev.places import HERE, Places
from tools.dev.ports import HOST
from tools.dev.processes import Known, known
from tools.dev.state import UnitRecord
from tools.dev.supervisor import Supervisor
from tools.dev.system import Options
from tools.dev.units import Command
from tools.faults import ground
from tools.faults.proxies import Proxies
from tools.faults.volumes import unmount_leftovers
from tools.faults.wiring import through

START_S = 120.0
READY_S = 60.0
_POLL_S = 0.1
_GONE_S = 5.0

# A stuck order must be ended within the drain's 60 s; one web process is quicker to start again than
# two, with as many threads; and our balancer looks at /readyz five times a second.
TOLD: Mapping[str, Mapping[str, str]] = {
    "": {"WEB_WORKERS": "1", "WEB_THREADS": "16", "DRAIN_S": "0.6"},
    "orders": {"ORDER_DEADLINE_S": "20"},
    "catalog": {"HOLD_S": "25", "LOOK_AGAIN_S": "2"},
}


class World(Changes):
    """Made empty in `folder`; with `with`, it runs. `tell` hears the supervisor
    until all is ready."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        tell: Callable[[str], None] = lambda line: None,
        told: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.places = Places(HERE.root, (folder or HERE.dev / "faults").resolve())
        self._tell = tell
        self._tuned = TOLD if told is None else told
        self._told: dict[str, dict[str, str]] = {}
        self.proxies = Proxies()
        self._planted: dict[str, tuple[str, ...]] = {}
        self._wrapped: dict[str, tuple[str, ...]] = {}
        self._paused: set[str] = set()
        self._removed: set[str] = set()
        self._extra: dict[str, Mapping[str, str]] = {}
        self._connections = threading.local()
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._why = ""
        self._supervisor = Supervisor(self.places, Options(), self._hear, self)
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    # From its start to its end

    def start(self) -> Self:
        """Returns when everything is ready. Raises Refusal with the reason when that can't be; then,
        and whatever else ends it, nothing of it runs."""
        ground.clear(self.places)
        try:
            self.proxies.start()
            self._thread.start()
            ends = time.monotonic() + START_S
            while not self._ready.wait(_POLL_S):
                if self._ended.is_set() or time.monotonic() > ends:
                    raise Refusal(self._why or f"the shop is not ready after {START_S:g} s")
        except BaseException:  # Ctrl-C too
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Nothing of it runs any more, and nothing is mounted. Takes some seconds, in which a signal
        to end is not heard: it would leave the rest running. Safe to repeat."""
        with _undisturbed():
            for unit in list(self._paused):
                self.resume(unit)
            if self._thread.is_alive():
                self._supervisor.ask_to_stop()
                self._supervisor.ask_to_stop()  # without letting anybody finish
                self._thread.join()
            self.proxies.stop()
            unmount_leftovers(self.places.dev)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._supervisor.run(lambda _: self._ready.set())
        except Busy:  # begun in the same moment as ours, and faster
            self._why = str(ground.busy(self.places))
        except Refusal as refusal:
            self._why = str(refusal)
        except Exception as error:
            self._why = f"{type(error).__name__}: {error}"
        finally:
            self._ended.set()

    def _hear(self, kind: str, text: str, seconds: float) -> None:
        if self._ready.is_set():
            return  # what dies and is back from now on is what the faults are about
        self._tell(f"{text} ({seconds:.1f} s)" if kind == "done" else text)

    # What there is

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services, in order."""
        return tuple(sorted(service.name for service in self._supervisor.system.services))

    @property
    def keepers(self) -> tuple[str, ...]:
        """The names of those that have a database, and with it a feed and jobs, in order."""
        services = self._supervisor.system.services
        return tuple(sorted(service.name for service in services if service.has_database))

    @property
    def ports(self) -> Mapping[str, int]:
        """Where each unit listens: "orders.web", "postgres", "smtp", ..."""
        return self._supervisor.system.ports

    @property
    def units(self) -> Mapping[str, UnitRecord]:
        """Everything that runs, with its state and its process (pid and start time)."""
        units = self._supervisor.now.units
        return {unit: record for unit, record in units.items() if unit not in self._removed}

    def url(self, unit: str) -> str:
        """Of a web, or of a worker's probes; "orders" is short for "orders.web"."""
        if unit in self._extra:
            return self._extra[unit]["url"]
        return f"http://{HOST}:{self.ports[unit if unit in self.ports else f'{unit}.web']}"

    def process(self, unit: str) -> Known | None:
        """The unit's main process, as it was recorded; None while there is none."""
        found = self._keeper(unit).process
        return found if found is not None and found.alive else None

    # What can be done to a unit

    def kill(
        self, unit: str, number: signal.Signals = signal.SIGKILL, *, alone: bool = False
    ) -> bool:
        """Send a signal to its process and their children, or to the process `alone`; False when
        there was none. It is started again at once, unless it is held."""
        chosen = self._family(unit)[: 1 if alone else None]
        for process in chosen:
            _send(process, number)
        if number == signal.SIGKILL:
            ends = time.monotonic() + _GONE_S
            while any(process.alive for process in chosen) and time.monotonic() < ends:
                time.sleep(0.005)
        return bool(chosen)

    def kill_child(self, unit: str, chance: random.Random, number: signal.Signals) -> bool:
        """The same to one of the children of its process."""
        if children := self._family(unit)[1:]:
            _send(chance.choice(children), number)
        return bool(children)

    def hold(self, unit: str) -> None:
        """From its next end on it stays dead until it is released."""
        self._keeper(unit).hold()

    def release(self, unit: str) -> None:
        """It may run again, and is started if it is dead. Returns at once."""
        self._keeper(unit).release()

    def keep_dead(self, unit: str) -> None:
        """Kill -9, and no start until `release`."""
        self.hold(unit)
        self.kill(unit)

    def pause(self, unit: str) -> None:
        """SIGSTOP: it is there, and does nothing."""
        self._paused.add(unit)
        self.kill(unit, signal.SIGSTOP)

    def resume(self, unit: str) -> None:
        """SIGCONT."""
        self.kill(unit, signal.SIGCONT)
        self._paused.discard(unit)

    def restart(self, *units: str, within_s: float = READY_S) -> None:
        """End them politely (SIGTERM) and start them anew, with what they are told now; returns
        when all are ready."""
        before = {unit: self.process(unit) for unit in units}
        for unit in units:
            self._keeper(unit).restart()
        ends = time.monotonic() + within_s
        while any(process is not None and process.alive for process in before.values()):
            if time.monotonic() > ends:
                raise Refusal(f"{', '.join(units)} did not end within {within_s:g} s")
            time.sleep(_POLL_S)
        self.wait_until_ready(*units, within_s=within_s)

    def wipe(self, server: str) -> None:
        """Kill -9 a Valkey and take its data away; it is dead until it is released."""
        self.keep_dead(server)
        self.wait_until_dead(server)
        folder = self.places.data(server)
        shutil.rmtree(folder)
        folder.mkdir(mode=0o700)

    def folder(self, server: str) -> Path:
        """Where a running server keeps its data: both kinds work in there."""
        process = self.process(server)
        assert process is not None, f"{server} does not run"
        return Path(psutil.Process(process.pid).cwd())

    def stop_server(self, server: str) -> None:
        """End it so that all is written; it is dead until it is released."""
        self.hold(server)
        # PostgreSQL takes SIGTERM as: wait until the last one has gone.
        number = signal.SIGINT if server == "postgres" else signal.SIGTERM
        self.kill(server, number, alone=True)
        self.wait_until_dead(server)

    def is_ready(self, unit: str) -> bool:
        record = self.units[unit]
        return record.state == "ready" and record.process is not None and record.process.alive

    def wait_until_ready(self, *units: str, within_s: float = READY_S) -> None:
        """All units if none is named. Raises Refusal naming those that are not."""
        self._wait(
            lambda: [unit for unit in units or self.units if not self.is_ready(unit)],
            within_s,
            "not ready",
        )

    def wait_until_dead(self, *units: str, within_s: float = READY_S) -> None:
        """Raises Refusal naming those that are not."""
        self._wait(
            lambda: [unit for unit in units if self.process(unit) is not None], within_s, "alive"
        )

    def add(self, unit: str, like: str, **told: str) -> None:
        """One more instance of a service, `like` "orders.web" or "orders.worker", with variables of
        its own; ready when this returns. It has a port of its own (`url(unit)`)."""
        service, role = like.split(".")
        assert role in ("web", "worker"), like
        port = free_port()
        bind = {"web": "HTTP_BIND", "worker": "METRICS_BIND"}[role]
        run_dir = self.places.run / unit.replace(".", "-")
        self._extra[unit] = {"url": f"http://{HOST}:{port}", "like": like}
        told = {bind: f"{HOST}:{port}", "RUN_DIR": str(run_dir), **told}
        system = self._supervisor.system
        command = [sys.executable, "-m", f"services.{service}.main", role]
        made = Command(
            lambda: self.command(unit, command),
            folder=self.places.root,
            environment=lambda: {
                **self.environment(unit, system.environment(service, "web"), like),
                **told,
            },
            log=self.places.log(unit),
            ready_url=f"{self._extra[unit]['url']}/readyz",
            run_dir=run_dir,
        )
        self._removed.discard(unit)
        self._supervisor.add(unit, made)
        self.wait_until_ready(unit)

    def remove(self, unit: str) -> None:
        """End what was added; politely."""
        keeper = self._keeper(unit)
        keeper.stop()
        keeper.join()
        self._removed.add(unit)

    # What a unit is told when it starts next

    def tell(self, unit: str, **variables: str | None) -> None:
        """Variables of its environment; None takes one back."""
        told = self._told.setdefault(unit, {})
        for name, value in variables.items():
            if value is None:
                told.pop(name, None)
            else:
                told[name] = value

    def plant(self, unit: str, *what: str) -> None:
        """Names in tools.faults.bugs to change the program by; none: the program as it is."""
        self._planted[unit] = what

    def wrap(self, unit: str, *program: str) -> None:
        """A module that runs the program, with its arguments: `tools.faults.clock`, "300"; nothing:
        it runs by itself again."""
        self._wrapped[unit] = program

    def command(self, unit: str, command: Sequence[str]) -> Sequence[str]:
        """As of Changes."""
        if unit == "mail":
            return [*command, "--keep", "1000000"]
        if planted := self._planted.get(unit):
            command = _run_by(command, "tools.faults.planted", ",".join(planted))
        if wrapped := self._wrapped.get(unit):
            command = _run_by(command, *wrapped)
        return command

    def environment(
        self, unit: str, environment: Mapping[str, str], like: str = ""
    ) -> Mapping[str, str]:
        """As of Changes."""
        told = {**environment}
        service = (like or unit).partition(".")[0]
        if service in self.services:
            told |= {**self._tuned.get("", {}), **self._tuned.get(service, {})}
            told = through(self.proxies, unit, told)
        return told | self._told.get(unit, {})

    # What the shop keeps

    def connect(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        """To a service's database as the owner of its tables, each statement a transaction."""
        url = self._supervisor.system.databases[service].owner_url
        return psycopg.connect(url, autocommit=True, connect_timeout=5)

    def rows(
        self, service: str, statement: LiteralString, **values: object
    ) -> list[tuple[Any, ...]]:
        """What a statement finds there; empty for one that finds nothing. Raises psycopg.Error."""
        kept = self._kept(service)
        try:
            done = kept.execute(statement, values)
        except psycopg.OperationalError:  # it was kept open over a death of the server
            kept.close()
            done = self._kept(service).execute(statement, values)
        return done.fetchall() if done.description else []

    def mails(self) -> list[dict[str, Any]]:
        """What came to the sink: each Message-ID once, with how often it came (`deliveries`)."""
        latest = {m["message_id"]: m for m in _lines(self.places.data("mail") / "mails.jsonl")}
        return list(latest.values())

    def ledger(self) -> list[dict[str, Any]]:
        """The payment provider's, in order: `kind` capture, decline or refund; `order_id`; `cents`."""
        return _lines(self.places.data("provider") / "ledger.jsonl")

    def misbehave(self, **faults: object) -> None:
        """Have the provider fail as tools/provider/README.md says; nothing: no more."""
        request = urllib.request.Request(
            f"{self.url('provider')}/control",
            json.dumps(faults).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5):
            pass

    # Inside

    def _kept(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        """One of this thread's own."""
        found: dict[str, psycopg.Connection[tuple[Any, ...]]]
        found = self._connections.__dict__.setdefault("open", {})
        if service not in found or found[service].closed:
            found[service] = self.connect(service)
        return found[service]

    def _keeper(self, unit: str) -> Keeper:
        return self._supervisor.keeper(unit)

    def _family(self, unit: str) -> list[Known]:
        """Its process first, then the children of it."""
        process = self.process(unit)
        if process is None:
            return []
        try:
            children = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return [process]
        return [process, *(same for child in children if (same := known(child.pid)))]

    def _wait(self, left: Callable[[], list[str]], within_s: float, what: str) -> None:
        ends = time.monotonic() + within_s
        while late := left():
            if self._ended.is_set():
                raise Refusal(self._why or "the shop has ended")
            if time.monotonic() > ends:
                raise Refusal(f"{', '.join(late)}: still {what} after {within_s:g} s")
            time.sleep(_POLL_S)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the signals that ask for an end; they are heard by the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _run_by(command: Sequence[str], *program: str) -> Sequence[str]:
    python, dash_m, *module = command
    return [python, dash_m, *program, *module]


def _send(process: Known, number: signal.Signals) -> None:
    if process.alive:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass  # it ended in between


def _lines(file: Path) -> list[dict[str, Any]]:
    """Of a file of JSON lines that somebody may be writing to: what is whole."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]
