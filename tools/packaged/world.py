"""What every packaged service needs around it: servers, databases, keys, one environment for all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.access.keys import new_key
from libs.servers import Credentials, Postgres, Valkey, free_port, provision

Environment = dict[str, str]


@dataclass(frozen=True)
class World:
    """`keys` is read by the services, and mounted read-only into their containers."""

    keys: Path
    ports: dict[str, int]
    """Of every service, also of those that were not packaged: a neighbour needs no more to start."""
    databases: dict[str, Credentials]
    queue_url: str
    cache_url: str

    def environment(self, service: str) -> Environment:
        """Whatever any service asks for: each takes its own part and ignores the rest."""
        peers = {
            f"PEER_{peer.upper()}_URL": f"http://127.0.0.1:{port}"
            for peer, port in self.ports.items()
        }
        return {
            "QUEUE_URL": self.queue_url,
            "CACHE_URL": self.cache_url,
            "HTTP_BIND": f"127.0.0.1:{self.ports[service]}",
            "DRAIN_S": "0",
            "SERVICE_KEY_FILE": str(self.keys / "private" / f"{service}.pem"),
            "SERVICE_KEYS_DIR": str(self.keys / "public"),
            "USER_KEYS_DIR": str(self.keys / "users"),
            "MAIL_PROVIDER": "smtp",
            "MAIL_FROM": "shop@example.com",
            "SMTP_URL": f"smtp://127.0.0.1:{free_port()}",
            "PAYMENT_PROVIDER": "simulator",
            "PROVIDER_URL": f"http://127.0.0.1:{free_port()}",
            "PROVIDER_API_KEY": "for-proof",
            "PROVIDER_WEBHOOK_SECRET": "whsec_for_proof_0000",
            **peers,
            **self._database(service),
        }

    def _database(self, service: str) -> Environment:
        made = self.databases.get(service)
        return {} if made is None else {"DATABASE_URL": made.app_url}

    def migration(self, service: str) -> Environment:
        return {"MIGRATION_DATABASE_URL": self.databases[service].owner_url}


@contextmanager
def world(folder: Path, services: Sequence[str]) -> Iterator[World]:
    """Real servers, with a database for each service that has tables, which are not made yet."""
    keys = folder / "keys"
    _make_keys(keys, services)
    with ExitStack() as running:
        postgres = running.enter_context(Postgres(durable=False))
        queue = running.enter_context(Valkey(persistent=False))
        cache = running.enter_context(Valkey(persistent=False))
        databases = {
            name: provision(postgres, name, owner_password="for-proof", app_password="for-proof")
            for name in services
            if Path("services", name, "migrations").is_dir()
        }
        ports = {main.parent.name: free_port() for main in Path("services").glob("*/main.py")}
        yield World(keys, ports, databases, queue.url, cache.url)


def _make_keys(folder: Path, services: Sequence[str]) -> None:
    for name in ("private", "public", "users"):
        (folder / name).mkdir(parents=True)
    for service in services:
        private, public = new_key()
        (folder / "private" / f"{service}.pem").write_bytes(private)
        (folder / "public" / f"{service}.pem").write_bytes(public)
    (folder / "users" / "proof.pem").write_bytes(new_key()[0])
    # A container's user is nobody here; these keys open nothing but the servers of this run.
    for path in (folder.parent, folder, *folder.rglob("*")):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
