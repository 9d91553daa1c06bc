"""A service as a program: `web`, `worker`, `migrate`, `healthy`, `parked`, `requeue`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from typing_extensions import TypeVar

from libs.config import (
    ConfigurationError,
    DatabaseSettings,
    MigrationSettings,
    Settings,
    WebSettings,
    load,
)
from libs.runtime import states
from libs.runtime.allocator import give_memory_back
from libs.telemetry import logs
from libs.telemetry.shared_metrics import share_between_processes

if TYPE_CHECKING:
    from flask import Flask

    from libs.messaging import Worker

M = TypeVar("M")

# A container's grace is 40 s: what a worker has in hand must end before.
FINISH_S = 25.0


@dataclass(frozen=True, slots=True)
class Program:
    """A service: its name, what configures it, and how its two processes are made. The two are
    functions that import what they need, so that a web never loads what only a worker uses.

    A service without a database has no worker either; its commands are `web` and `healthy`.
    """

    name: str
    settings: type[WebSettings]
    app: Callable[[], Flask]
    worker: Callable[[], Worker] | None = None


def main(program: Program, arguments: Sequence[str] | None = None) -> int:
    """Run one command of the service; the exit status says how it went (0 well, 1 failed, 2 not a
    command)."""
    chosen = _parse(program, arguments)
    try:
        status: int = chosen.run(program, chosen)
    except ConfigurationError as error:
        return _complain(program, f"{error}. deploy/README.md lists the variables")
    return status


def _parse(program: Program, arguments: Sequence[str] | None) -> argparse.Namespace:
    name, has_database = program.name, program.worker is not None
    parser = argparse.ArgumentParser(
        prog=name,
        description=f"The {name} service of the shop.",
        epilog=f"for example: {name} migrate && {name} web"
        if has_database
        else f"for example: {name} web",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(command: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(command, help=text, description=text)
        added.set_defaults(run=run)
        return added

    add("web", _web, "serve requests until SIGTERM")
    add("healthy", _healthy, "exit 0 when the web or worker of this machine is well")
    if has_database:
        add("worker", _worker, "number events, consume others', do jobs until SIGTERM")
        add("migrate", _migrate, "bring the database to this version's tables")
        parked = add("parked", _parked, "list the events and jobs that failed for good")
        parked.add_argument("--json", action="store_true", help="for machines")
        requeue = add("requeue", _requeue, "try a parked event or job once more")
        requeue.add_argument("id", help="as `parked` lists it")
    return parser.parse_args(arguments)


def _web(program: Program, _: argparse.Namespace) -> int:
    settings = _prepare(program)
    from libs.web.server import Server

    folder = run_dir(program.name, settings)
    app = _made(program.app)
    pid = os.getpid()
    states.State("web", pid, settings.http_bind).write(folder)
    try:
        Server(lambda: app, settings).run()
    finally:
        # gunicorn's workers leave through here as well when they end: the server has not ended.
        if os.getpid() == pid:
            states.gone(folder, "web")
    return 0


def _worker(program: Program, _: argparse.Namespace) -> int:
    settings = _prepare(program)
    assert program.worker is not None and isinstance(settings, Settings)  # else no such command
    from libs.operations.errors import Unavailable
    from libs.web.draining import begin_to_drain
    from libs.web.standalone import serve_probes

    log = logs.get_logger(__name__)
    folder = run_dir(program.name, settings)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker = _made(program.worker)
    if settings.metrics_bind:
        try:
            serve_probes(settings.metrics_bind, {"worker": worker.healthy})
        except OSError as error:
            why = f"METRICS_BIND: {settings.metrics_bind} cannot be used ({error.strerror})"
            raise ConfigurationError(why) from error
    worker.start()
    states.State("worker", os.getpid(), settings.metrics_bind or "").write(folder)
    log.info("worker started")
    while not ended.wait(1):
        try:
            worker.healthy()
        except Unavailable as error:
            log.warning("worker unwell", why=error.why)
        else:
            states.well(folder, "worker")
    begin_to_drain()
    worker.stop(FINISH_S)
    states.gone(folder, "worker")
    log.info("worker ended")
    return 0


def _migrate(program: Program, _: argparse.Namespace) -> int:
    settings = load(MigrationSettings)
    logs.set_up(program.name)
    from libs.db import migrate

    migrate(program.name, settings.migration_database_url.get_secret_value())
    return 0


def _healthy(program: Program, _: argparse.Namespace) -> int:
    folder = Path(os.environ.get("RUN_DIR") or _default_run_dir(program.name))
    ailment = states.ailment(folder)
    return _complain(program, ailment) if ailment else 0


def _parked(program: Program, chosen: argparse.Namespace) -> int:
    from libs.runtime.parked import messages_of, show_parked

    return show_parked(messages_of(program.name, _database_url()), as_json=chosen.json)


def _requeue(program: Program, chosen: argparse.Namespace) -> int:
    from libs.runtime.parked import messages_of, requeue

    return requeue(messages_of(program.name, _database_url()), chosen.id)


def _database_url() -> str:
    url: SecretStr = load(DatabaseSettings).database_url
    return url.get_secret_value()


def _prepare(program: Program) -> WebSettings:
    """Settings, memory, metrics and logs, in the order in which they must be set up."""
    settings = load(program.settings)
    give_memory_back()
    folder = run_dir(program.name, settings)
    try:
        share_between_processes(folder / "metrics")
    except OSError as error:
        why = f"RUN_DIR: {folder} cannot be written ({error.strerror})"
        raise ConfigurationError(why) from error
    from libs.operations.context import current

    def trace_id() -> str | None:
        context = current()
        return context.trace.trace_id if context else None

    logs.set_up(
        program.name,
        level=settings.log_level,
        as_json=settings.log_format == "json",
        trace_id=trace_id,
    )
    return settings


def _made(make: Callable[[], M]) -> M:
    """The app or the worker. Raises ConfigurationError for what only shows when it is made: a key
    file that is none, a neighbour without an address, or one that deps.py does not list."""
    try:
        return make()
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    except LookupError as error:
        if type(error) is not LookupError:
            raise  # a KeyError or IndexError is a bug, whose traceback is needed
        raise ConfigurationError(str(error)) from error


def run_dir(name: str, settings: WebSettings) -> Path:
    """Where this process keeps its state and its metrics."""
    return settings.run_dir or _default_run_dir(name)


def _default_run_dir(name: str) -> Path:
    return Path("/tmp") / name


def _complain(program: Program, sentence: str) -> int:
    print(f"{program.name}: {sentence}", file=sys.stderr)
    return 1
