"""users and notifications as they really run: servers, mail catcher, webs and workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.access.keys import new_key
from libs.servers import Credentials, Postgres, Valkey, free_port, provision

ROOT = Path(__file__).parents[2]
SERVICES, ROLES = ("users", "notifications"), ("web", "worker")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process of a service listens, and what it is told."""

    service: str
    role: str
    url: str
    environment: dict[str, str]

    def start(self) -> subprocess.Popen[bytes]:
        """Begin its start."""
        command = [sys.executable, "-m", f"services.{self.service}.main", self.role]
        return subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=subprocess.DEVNULL)


# Neighbours that the two know and that are not measured: nobody listens there.
_NOT_HERE = ("orders", "payments")


@contextmanager
def places() -> Iterator[list[Place]]:
    """The four processes, not started, with all that they need at their side."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(Postgres(durable=False))
        queue, cache = stack.enter_context(Valkey()), stack.enter_context(Valkey())
        smtp, pages = free_port(), free_port()
        mail = _module("tools.mail", *_mail_options(folder, smtp, pages), env=_ours())
        stack.callback(end, mail)
        for keys in ("public", "user"):
            (folder / keys).mkdir()
        (folder / "user" / "2026.pem").write_bytes(new_key()[0])
        shared = _ours() | {
            "QUEUE_URL": queue.url,
            "CACHE_URL": cache.url,
            "SERVICE_KEYS_DIR": str(folder / "public"),
            "USER_KEYS_DIR": str(folder / "user"),
            "MAIL_FROM": "shop@concord.example",
            "SMTP_URL": f"smtp://127.0.0.1:{smtp}",
        }
        binds = {(name, role): f"127.0.0.1:{free_port()}" for name in SERVICES for role in ROLES}
        for name in SERVICES:
            shared[f"PEER_{name.upper()}_URL"] = f"http://{binds[name, 'web']}"
        for name in _NOT_HERE:
            shared[f"PEER_{name.upper()}_URL"] = f"http://127.0.0.1:{free_port()}"
        made: list[Place] = []
        for name in SERVICES:
            private, public = new_key()
            (folder / f"{name}.pem").write_bytes(private)
            (folder / "public" / f"{name}.pem").write_bytes(public)
            own = shared | _own(
                folder, name, provision(postgres, name, owner_password="o", app_password="a")
            )
            subprocess.run(
                [sys.executable, "-m", f"services.{name}.main", "migrate"],
                env=own,
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for role in ROLES:
                bind = binds[name, role]
                listen = {"web": "HTTP_BIND", "worker": "METRICS_BIND"}[role]
                environment = own | {listen: bind, "RUN_DIR": str(folder / name / role)}
                made.append(Place(name, role, f"http://{bind}", environment))
        yield made


@contextmanager
def running() -> Iterator[dict[tuple[str, str], subprocess.Popen[bytes]]]:
    """All four processes, ready; by service and role."""
    with places() as made, ExitStack() as stack:
        started: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        for place in made:
            process = started[place.service, place.role] = place.start()
            stack.callback(end, process)
        for place in made:
            until_ok(f"{place.url}/readyz", started[place.service, place.role])
        _shop_a_little(made)
        yield started


def until_ok(url: str, process: subprocess.Popen[bytes]) -> float:
    """Ask until it answers 200; the time of the clock `perf_counter` then. Raises RuntimeError
    when the process ends instead."""
    deadline = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return time.perf_counter()
        except (urllib.error.URLError, OSError):
            time.sleep(0.005)
    raise RuntimeError(f"{url} does not answer, process {process.args!r} is {process.poll()}")


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and wait; SIGKILL after 20 s."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _shop_a_little(made: list[Place]) -> None:
    """Register, log in and read an account a few times, so that what is loaded late is loaded."""
    (web,) = (p.url for p in made if (p.service, p.role) == ("users", "web"))
    for number in range(12):
        who = {"email": f"a{number}@bench.example", "password": "correct horse"}
        _ask(f"{web}/api/v1/users", who | {"name": "Ada"})
        token = _ask(f"{web}/api/v1/sessions", who)["access_token"]
        _ask(f"{web}/api/v1/users/me", None, token)
    time.sleep(3)  # the mails go out


def _ask(url: str, body: dict[str, str] | None, token: str = "") -> dict[str, str]:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: dict[str, str] = json.load(answer)
        return read


def _own(folder: Path, name: str, credentials: Credentials) -> dict[str, str]:
    return {
        "DATABASE_URL": credentials.app_url,
        "MIGRATION_DATABASE_URL": credentials.owner_url,
        "SERVICE_KEY_FILE": str(folder / f"{name}.pem"),
    }


def _ours() -> dict[str, str]:
    # As on a developer's machine: what was compiled once is not compiled again.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(ROOT)}


def _mail_options(folder: Path, smtp: int, pages: int) -> tuple[str, ...]:
    return (
        *("--smtp", f"127.0.0.1:{smtp}", "--http", f"127.0.0.1:{pages}"),
        *("--data", str(folder / "mail")),
    )


def _module(name: str, *options: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", name, *options]
    return subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
