"""The shop as processes that a test can kill: real servers, real services, a mail sink."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from libs.access.keys import new_key
from libs.db import migrate
from libs.servers import Credentials, Postgres, Valkey, free_port, provision
from tools.mail.mailbox import Mailbox
from tools.mail.smtp import smtp_server

SERVICES = ("users", "notifications")
START_S = 30.0


class Program:
    """One process of a service, in a group of its own, so that -9 takes its children along."""

    def __init__(
        self, module: str, arguments: tuple[str, ...], env: dict[str, str], log: Path
    ) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the whole group and wait until it is gone."""
        if self._process is not None:
            os.killpg(self._process.pid, number)
            self._process.wait(timeout=30)
            self._process = None

    def kill_and_start(self) -> None:
        """What a supervisor does about a process that was killed."""
        self.kill()
        self.start()


class Shop:
    """users and notifications with all that they need, in `folder`.

    `notifications` has two workers, which read every lane at once (e2e.racing_worker): nothing but
    the compare-and-set of the cursor keeps them from doing the same work twice. `without` switches
    off parts of the machinery, to see that a test notices.
    """

    def __init__(self, folder: Path, *, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._postgres = Postgres(durable=False)
        self.queue = Valkey(folder / "queue", free_port())
        self._cache = Valkey(persistent=False)
        self.mailbox = Mailbox(folder / "mails.jsonl")
        smtp_port = free_port()
        self._smtp = smtp_server(self.mailbox, "127.0.0.1", smtp_port)
        self._urls = {name: f"http://127.0.0.1:{free_port()}" for name in SERVICES}
        self._smtp_url = f"smtp://127.0.0.1:{smtp_port}"
        self._databases: dict[str, Credentials] = {}
        self._without = tuple(f"--without={part}" for part in without)
        self.programs: dict[str, Program] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
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
        self._smtp.stop()
        for server in (self.queue, self._cache, self._postgres):
            server.stop()

    def url(self, service: str) -> str:
        """Where a service listens."""
        return self._urls[service]

    def rows(self, service: str, statement: str) -> list[tuple[object, ...]]:
        """What a statement finds in a service's database, as the owner of its tables."""
        with psycopg.connect(self._databases[service].owner_url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def wipe_queue(self) -> None:
        """Kill the queue's Valkey with -9, take its data away, and start it empty."""
        self._kill_queue()
        shutil.rmtree(self.folder / "queue")
        self.queue.start()

    def kill_queue(self) -> None:
        """Kill the queue's Valkey with -9 and start it with the data that it had."""
        self._kill_queue()
        self.queue.start()

    def _kill_queue(self) -> None:
        os.kill(self.queue.pid, signal.SIGKILL)
        self.queue.stop()

    def _start(self) -> None:
        for server in (self._postgres, self.queue, self._cache):
            server.start()
        self._smtp.start()
        public = self.folder / "public"
        user_keys = self.folder / "user-keys"
        for made in (public, user_keys):
            made.mkdir()
        (user_keys / "one.pem").write_bytes(new_key()[0])
        for name in SERVICES:
            self._databases[name] = provision(
                self._postgres, name, owner_password="owner", app_password="app"
            )
            migrate(name, self._databases[name].owner_url)
            private_pem, public_pem = new_key()
            (self.folder / f"{name}.pem").write_bytes(private_pem)
            (public / f"{name}.pem").write_bytes(public_pem)
        self._tally()
        main = "services.{}.main".format
        self._add("users web", "users", main("users"), "web")
        self._add("users worker", "users", main("users"), "worker")
        racing = "e2e.racing_worker"
        for n in ("1", "2"):
            self._add(f"notifications worker {n}", "notifications", racing, *self._without)
        for program in self.programs.values():
            program.start()
        wait_for(lambda: _answers(f"{self.url('users')}/readyz"), START_S, "users is ready")

    def _tally(self) -> None:
        """A table into which each handled event puts a row: unlike a job, it has no key."""
        with psycopg.connect(self._databases["notifications"].owner_url) as connection:
            connection.execute("CREATE TABLE tally (user_id text NOT NULL)")

    def _add(self, label: str, service: str, module: str, *arguments: str) -> None:
        label_path = label.replace(" ", "-")
        database = self._databases[service]
        env = {
            **os.environ,
            "DATABASE_URL": database.app_url,
            "QUEUE_URL": self.queue.url,
            "CACHE_URL": self._cache.url,
            "HTTP_BIND": self.url(service).removeprefix("http://"),
            "WEB_WORKERS": "1",
            "SERVICE_KEY_FILE": str(self.folder / f"{service}.pem"),
            "SERVICE_KEYS_DIR": str(self.folder / "public"),
            "RUN_DIR": str(self.folder / "run" / label_path),
            "USER_KEYS_DIR": str(self.folder / "user-keys"),
            "MAIL_FROM": "shop@concord.example",
            "SMTP_URL": self._smtp_url,
            # Neighbours that are down all the time: what they have to say is not missed here.
            "PEER_ORDERS_URL": "http://127.0.0.1:9",
            "PEER_PAYMENTS_URL": "http://127.0.0.1:9",
            **{f"PEER_{name.upper()}_URL": url for name, url in self._urls.items()},
        }
        log = self.folder / f"{label_path}.log"
        self.programs[label] = Program(module, arguments, env, log)


def wait_for(is_so: Callable[[], bool], within_s: float, what: str) -> None:
    """Return when it is so; fail the test when it is not within the time."""
    ends = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
