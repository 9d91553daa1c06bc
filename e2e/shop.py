"""The shop as processes that a test can kill: real servers, real services."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from e2e.ground import START_S, Ground
from e2e.program import Program, wait_for

# Those with a database, and a worker beside the web.
SERVICES = ("catalog", "notifications", "orders", "payments", "users")
STOREFRONT = "storefront"


class Shop:
    """All services, in `folder`, each as a web and, but for the storefront, a worker. Its programs are
    named after service and role: `orders web`."""

    services: tuple[str, ...] = (*SERVICES, STOREFRONT)

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.ground = Ground(folder, self.services, durable=durable)
        self.programs: dict[str, Program] = {}

    def __enter__(self) -> Self:
        try:
            self.ground.start()
            self.add_programs()
            for program in self.programs.values():
                program.start()
            self.wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        for program in self.programs.values():
            program.kill()
        self.ground.stop()

    def add_programs(self) -> None:
        """Put what runs into `programs`."""
        for service in self.services:
            self.add(service, "web")
            if service in SERVICES:
                self.add(service, "worker")

    def add(self, service: str, role: str) -> None:
        """One program more, as the service itself has it."""
        urls = self.ground.urls if role == "web" else self.ground.worker_urls
        self.programs[f"{service} {role}"] = Program(
            f"services.{service}.main",
            (role,),
            self.ground.environment(service, role),
            self.ground.folder / f"{service}-{role}.log",
            f"{urls[service]}/readyz",
        )

    def wait_until_ready(self) -> None:
        """Every program says that it is."""
        for label, program in self.programs.items():
            wait_for(program.is_ready, START_S, f"{label} is ready")

    def programs_of(self, service: str) -> list[Program]:
        """What has to die for this service to be dead."""
        return [p for label, p in self.programs.items() if label.split()[0] == service]

    def kill(self, service: str) -> None:
        """-9 for its web and its worker."""
        for program in self.programs_of(service):
            program.kill()

    def revive(self, service: str) -> None:
        """Start what was killed; returns when it is ready."""
        for program in self.programs_of(service):
            program.start()
        for program in self.programs_of(service):
            wait_for(program.is_ready, START_S, f"{service} is back")

    def mend(self) -> None:
        """Start what is dead, and have the provider behave."""
        dead = [program for program in self.programs.values() if not program.is_running]
        for program in dead:
            program.kill()
            program.start()
        for program in dead:
            wait_for(program.is_ready, START_S, f"{program.log.stem} is back")
        self.ground.misbehave()

    def url(self, service: str) -> str:
        """Where a service listens."""
        return self.ground.urls[service]

    def rows(self, service: str, statement: str, **values: object) -> list[tuple[object, ...]]:
        """As of Ground."""
        return self.ground.rows(service, statement, values or None)

    def wipe_queue(self) -> None:
        """Kill the queue's Valkey with -9, take its data away, and start it empty."""
        with self.queue_away():
            pass

    @contextmanager
    def queue_away(self) -> Iterator[None]:
        """The queue's Valkey is killed with -9 and its data gone; it comes back empty."""
        self._kill_queue()
        shutil.rmtree(self.ground.folder / "queue")
        yield
        self.ground.queue.start()

    def kill_queue(self) -> None:
        """Kill the queue's Valkey with -9 and start it with the data that it had."""
        self._kill_queue()
        self.ground.queue.start()

    def _kill_queue(self) -> None:
        os.kill(self.ground.queue.pid, signal.SIGKILL)
        self.ground.queue.stop()
