"""What the services stand on: servers, databases, keys, a mail sink and a payment provider, and the
environment that tells a service of them."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from e2e.program import Program, wait_for
from libs.access.keys import new_key
from libs.db import migrate
from libs.servers import Credentials, Postgres, Valkey, free_port, provision
from tools.mail.mailbox import Mailbox
from tools.mail.smtp import smtp_server

PROVIDER_KEY = "key-of-the-end-to-end-tests"
WEBHOOK_SECRET = "whsec-of-the-end-to-end-tests"
START_S = 60.0
WITHOUT_DATABASE = frozenset({"storefront"})


class Ground:
    """For these services, in `folder`. Nothing of theirs runs yet."""

    def __init__(self, folder: Path, services: Sequence[str], *, durable: bool = False) -> None:
        self.folder = folder
        self.services = tuple(services)
        self.postgres_log = folder / "postgres.log"
        self.postgres = Postgres(durable=durable, log=self.postgres_log)
        self.queue = Valkey(folder / "queue", free_port())
        self.cache = Valkey(persistent=False)
        self.mailbox = Mailbox(folder / "mails.jsonl")
        self._smtp_port = free_port()
        self._smtp = smtp_server(self.mailbox, "127.0.0.1", self._smtp_port)
        self.urls = {name: f"http://127.0.0.1:{free_port()}" for name in services}
        self.worker_urls = {name: f"http://127.0.0.1:{free_port()}" for name in services}
        self.provider_url = f"http://127.0.0.1:{free_port()}"
        self.databases: dict[str, Credentials] = {}
        self.provider: Program | None = None

    def start(self) -> None:
        """Everything, ready for the services."""
        for server in (self.postgres, self.queue, self.cache):
            server.start()
        self._smtp.start()
        self._make_keys()
        for service in self.services:
            if service not in WITHOUT_DATABASE:
                self._make_database(service)
        if "payments" in self.services:
            self._start_provider()

    def stop(self) -> None:
        """Safe to repeat, and after half a start."""
        if self.provider is not None:
            self.provider.kill()
        self._smtp.stop()
        for server in (self.queue, self.cache, self.postgres):
            server.stop()

    def environment(self, service: str, role: str) -> dict[str, str]:
        """What deploy/README.md lists, for one process."""
        return {
            **os.environ,
            **self._store(service),
            "CACHE_URL": self.cache.url,
            "HTTP_BIND": self.urls[service].removeprefix("http://"),
            "DRAIN_S": "0",
            "WEB_WORKERS": "1",
            "SERVICE_KEY_FILE": str(self.folder / "private" / f"{service}.pem"),
            "SERVICE_KEYS_DIR": str(self.folder / "public"),
            "RUN_DIR": str(self.folder / "run" / f"{service}-{role}"),
            **self._own(service),
            # A neighbour that this shop does without is one that is down all the time.
            **{f"PEER_{name}_URL": "http://127.0.0.1:9" for name in ("ORDERS", "PAYMENTS")},
            **{f"PEER_{name.upper()}_URL": url for name, url in self.urls.items()},
        }

    def rows(
        self, service: str, statement: str, values: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        """What a statement finds in a service's database, as the owner of its tables; empty for one
        that finds nothing."""
        with psycopg.connect(self.databases[service].owner_url) as connection:
            done = connection.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def ledger(self, order_id: str) -> list[str]:
        """What the provider did for an order, in words: `capture`, `decline`, `refund`."""
        with urllib.request.urlopen(f"{self.provider_url}/ledger", timeout=5) as answer:
            entries = json.load(answer)["entries"]
        return [entry["kind"] for entry in entries if entry["order_id"] == order_id]

    def misbehave(self, **faults: object) -> None:
        """Have the provider fail as tools/provider/README.md says; nothing: no more."""
        request = urllib.request.Request(
            f"{self.provider_url}/control",
            json.dumps(faults).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5):
            pass

    def _make_keys(self) -> None:
        for name in ("public", "private", "user-keys"):
            (self.folder / name).mkdir()
        (self.folder / "user-keys" / "one.pem").write_bytes(new_key()[0])
        for name in self.services:
            private_pem, public_pem = new_key()
            (self.folder / "private" / f"{name}.pem").write_bytes(private_pem)
            (self.folder / "public" / f"{name}.pem").write_bytes(public_pem)

    def _make_database(self, service: str) -> None:
        self.databases[service] = provision(
            self.postgres, service, owner_password="owner", app_password="app"
        )
        migrate(service, self.databases[service].owner_url)

    def _store(self, service: str) -> dict[str, str]:
        """What only a service with a database is told."""
        if service in WITHOUT_DATABASE:
            return {}
        return {
            "DATABASE_URL": self.databases[service].app_url,
            "QUEUE_URL": self.queue.url,
            "METRICS_BIND": self.worker_urls[service].removeprefix("http://"),
        }

    def _own(self, service: str) -> dict[str, str]:
        """The variables of one service alone."""
        match service:
            case "users":
                return {"USER_KEYS_DIR": str(self.folder / "user-keys")}
            case "notifications":
                return {
                    "MAIL_FROM": "shop@concord.example",
                    "SMTP_URL": f"smtp://127.0.0.1:{self._smtp_port}",
                }
            case "payments":
                return {
                    "PAYMENT_PROVIDER": "simulator",
                    "PROVIDER_URL": self.provider_url,
                    "PROVIDER_API_KEY": PROVIDER_KEY,
                    "PROVIDER_WEBHOOK_SECRET": WEBHOOK_SECRET,
                }
            case _:
                return {}

    def _start_provider(self) -> None:
        arguments = ["--data", str(self.folder / "provider")]
        arguments += ["--http", self.provider_url.removeprefix("http://")]
        arguments += ["--webhook-url", f"{self.urls['payments']}/webhooks/provider"]
        self.provider = Program(
            "tools.provider",
            tuple(arguments),
            {
                **os.environ,
                "PROVIDER_API_KEY": PROVIDER_KEY,
                "PROVIDER_WEBHOOK_SECRET": WEBHOOK_SECRET,
            },
            self.folder / "provider.log",
            f"{self.provider_url}/readyz",
        )
        self.provider.start()
        wait_for(self.provider.is_ready, START_S, "the payment provider is ready")
