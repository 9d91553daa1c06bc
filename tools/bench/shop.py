"""Services as they really run: servers, mail catcher, webs and workers."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.access.keys import new_key
from libs.db import migrate
from libs.servers import Credentials, Postgres, Valkey, free_port, provision
from tools.bench.programs import end, module, ours, until_ok

SERVICES, ROLES = ("users", "notifications"), ("web", "worker")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process of a service listens, and what it is told."""

    service: str
    role: str
    url: str
    environment: dict[str, str]

    def start(self) -> subprocess.Popen[bytes]:
        """Begin its start."""
        return module(f"services.{self.service}.main", self.role, env=self.environment)


_WITHOUT_DATABASE = frozenset({"storefront"})
# Neighbours that the services of a benchmark may do without: nobody listens there.
_NEIGHBOURS = ("orders", "payments")


@dataclass(frozen=True, slots=True)
class Ground:
    """Processes that are not started, and the servers at their side, which are."""

    places: list[Place]
    folder: Path
    postgres: Postgres
    servers: dict[str, int]

    @property
    def postgres_log(self) -> Path:
        """What PostgreSQL says."""
        return self.folder / "postgres.log"


@contextmanager
def places() -> Iterator[list[Place]]:
    """The processes of users and notifications, not started, with all that they need."""
    with ground(SERVICES) as made:
        yield made.places


@contextmanager
def ground(services: Sequence[str], *, durable: bool = False) -> Iterator[Ground]:
    """A web and a worker of each service, not started, with all that they need."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = folder / "postgres.log"
        postgres = stack.enter_context(Postgres(durable=durable, log=log))
        queue, cache = stack.enter_context(Valkey()), stack.enter_context(Valkey())
        smtp, pages = free_port(), free_port()
        mail = module("tools.mail", *_mail_options(folder, smtp, pages), env=ours())
        stack.callback(end, mail)
        for keys in ("public", "user"):
            (folder / keys).mkdir()
        (folder / "user" / "2026.pem").write_bytes(new_key()[0])
        shared = ours() | {
            "QUEUE_URL": queue.url,
            "CACHE_URL": cache.url,
            "SERVICE_KEYS_DIR": str(folder / "public"),
            "USER_KEYS_DIR": str(folder / "user"),
            "MAIL_FROM": "shop@concord.example",
            "SMTP_URL": f"smtp://127.0.0.1:{smtp}",
        }
        binds = {
            (name, role): f"127.0.0.1:{free_port()}" for name in services for role in _roles(name)
        }
        for name in {*services, *_NEIGHBOURS}:
            bind = binds.get((name, "web")) or f"127.0.0.1:{free_port()}"
            shared[f"PEER_{name.upper()}_URL"] = f"http://{bind}"
        if "payments" in services:
            shared |= _provider(stack, folder, binds["payments", "web"])
        made: list[Place] = []
        for name in services:
            private, public = new_key()
            (folder / f"{name}.pem").write_bytes(private)
            (folder / "public" / f"{name}.pem").write_bytes(public)
            own = shared | {"SERVICE_KEY_FILE": str(folder / f"{name}.pem")}
            if name not in _WITHOUT_DATABASE:
                made_for = provision(postgres, name, owner_password="o", app_password="a")
                migrate(name, made_for.owner_url)
                own |= _own(made_for)
            for role in _roles(name):
                bind = binds[name, role]
                listen = {"web": "HTTP_BIND", "worker": "METRICS_BIND"}[role]
                told = {"DRAIN_S": "0", listen: bind, "RUN_DIR": str(folder / name / role)}
                environment = own | told
                made.append(Place(name, role, f"http://{bind}", environment))
        pids = {
            "PostgreSQL": postgres.pid,
            "Valkey, queue": queue.pid,
            "Valkey, cache": cache.pid,
        }
        yield Ground(made, folder, postgres, pids)


@contextmanager
def running() -> Iterator[dict[tuple[str, str], subprocess.Popen[bytes]]]:
    """All four processes, ready; by service and role."""
    with places() as made, started(made) as processes:
        _shop_a_little(made)
        yield processes


@contextmanager
def started(places: list[Place]) -> Iterator[dict[tuple[str, str], subprocess.Popen[bytes]]]:
    """Each as a process, ready; by service and role."""
    with ExitStack() as stack:
        begun: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        for place in places:
            process = begun[place.service, place.role] = place.start()
            stack.callback(end, process)
        for place in places:
            until_ok(f"{place.url}/readyz", begun[place.service, place.role])
        yield begun


@contextmanager
def together(ground: Ground) -> Iterator[subprocess.Popen[bytes]]:
    """All of them in one process, ready."""
    told: dict[str, dict[str, str]] = {}
    for place in ground.places:
        told[place.service] = place.environment | told.get(place.service, {})
    file = ground.folder / "together.json"
    file.write_text(json.dumps(told))
    process = module("tools.together", str(file), env=ours())
    try:
        for place in ground.places:
            until_ok(f"{place.url}/readyz", process)
        yield process
    finally:
        end(process)


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


def _provider(stack: ExitStack, folder: Path, payments: str) -> dict[str, str]:
    """Who takes the money, running; and what payments is told of it."""
    address = f"127.0.0.1:{free_port()}"
    secrets = {
        "PROVIDER_API_KEY": "key-of-the-benchmark",
        "PROVIDER_WEBHOOK_SECRET": "whsec-of-the-benchmark",
    }
    options = ("--data", str(folder / "provider"), "--http", address)
    webhooks = ("--webhook-url", f"http://{payments}/webhooks/provider")
    process = module("tools.provider", *options, *webhooks, env=ours() | secrets)
    stack.callback(end, process)
    until_ok(f"http://{address}/readyz", process)
    return secrets | {"PAYMENT_PROVIDER": "simulator", "PROVIDER_URL": f"http://{address}"}


def _own(credentials: Credentials) -> dict[str, str]:
    return {
        "DATABASE_URL": credentials.app_url,
        "MIGRATION_DATABASE_URL": credentials.owner_url,
    }


def _roles(service: str) -> tuple[str, ...]:
    return ("web",) if service in _WITHOUT_DATABASE else ROLES


def _mail_options(folder: Path, smtp: int, pages: int) -> tuple[str, ...]:
    return (
        *("--smtp", f"127.0.0.1:{smtp}", "--http", f"127.0.0.1:{pages}"),
        *("--data", str(folder / "mail")),
    )
