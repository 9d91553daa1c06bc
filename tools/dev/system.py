"""What a run is made of: its ports and keys, how each of its units is made, its databases, what
is in the shop. In which order, and what happens when one fails, is the supervisor's."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from libs.servers import Credentials, Postgres, ServerFailed, Valkey, provision
from tools.dev import keys, provider, seeding, together
from tools.dev import ports as ports_module
from tools.dev.catalog import services_of
from tools.dev.changes import AS_USUAL, Changes
from tools.dev.environment import (
    Role,
    command_of,
    common_environment,
    require_packages,
    service_environment,
)
from tools.dev.logs import last_lines
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.units import Command, Server

VALKEYS = ("valkey_queue", "valkey_cache")


@dataclass(frozen=True)
class Options:
    """What the user asked `up` for."""

    packaged: bool = False
    watch: bool = False
    avoid_taken_ports: bool = False
    together: bool = False


class System:
    """Made when nothing runs yet. Raises Refusal if a port is taken or a package missing."""

    def __init__(self, places: Places, options: Options, changes: Changes = AS_USUAL) -> None:
        self.services = services_of(places.root)
        names = [service.name for service in self.services]
        if options.packaged:
            require_packages(places, names)
        self.ports = ports_module.wanted_ports(self.services)
        if places.own:
            self.ports = ports_module.any_free(self.ports)
        elif options.avoid_taken_ports:
            self.ports = ports_module.avoid_taken(self.ports)
        else:
            ports_module.require_free(self.ports)
        # Beside the services' own, the one with which ./dev asks them what they were built from.
        keys.make_service_keys(places, [*names, keys.DEV])
        self._user_keys = keys.make_user_keys(places)
        stored = [service.name for service in self.services if service.has_database]
        roles = [f"{name}_{kind}" for name in stored for kind in ("owner", "app")]
        self._passwords = keys.passwords(places, roles)
        self._places = places
        self._packaged = options.packaged
        self._changes = changes
        self.databases: dict[str, Credentials] = {}
        self._postgres = Postgres(
            places.data("postgres"),
            self.ports["postgres"],
            detached=True,
            log=places.log("postgres"),
        )

    def server(self, name: str) -> Server | Command:
        """PostgreSQL, a Valkey, the mail catcher or the payment simulator."""
        if name == "postgres":
            return Server(self._postgres)
        places, port = self._places, self.ports[name]
        if name == provider.NAME:
            told = self._changes.environment(name, common_environment(places))
            return provider.unit(places, self.ports, told)
        if name in VALKEYS:
            log = places.log(name)
            return Server(Valkey(places.data(name), port, detached=True, log=log))
        command = [sys.executable, "-m", "tools.mail", "--data", str(places.data(name))]
        command += ["--smtp", f"{HOST}:{self.ports['smtp']}", "--http", f"{HOST}:{port}"]
        return Command(
            lambda: self._changes.command(name, command),
            folder=places.root,
            environment=lambda: self._changes.environment(name, common_environment(places)),
            log=places.log(name),
            ready_url=f"http://{HOST}:{port}/livez",
        )

    def roles_of(self, service: str) -> tuple[Role, ...]:
        """The processes of this service."""
        return next(each.roles for each in self.services if each.name == service)

    def process(self, service: str, role: Role, hurry: threading.Event) -> Command:
        """A service's web or worker; it can start when the service is migrated."""
        name = f"{service}.{role}"
        command = command_of(self._places, service, role, self._packaged)
        return Command(
            lambda: self._changes.command(name, command),
            folder=self._folder,
            environment=lambda: self._changes.environment(name, self.environment(service, role)),
            log=self._places.log(name),
            ready_url=f"http://{HOST}:{self.ports[f'{service}.{role}']}/readyz",
            run_dir=self._places.run / f"{service}-{role}",
            hurry=hurry,
        )

    def together(self, services: Iterable[str]) -> Command:
        """All these services as one process; it can start when all are migrated."""
        return together.unit(self._places, services, self.ports, self.environment)

    def migrate(self, service: str) -> str:
        """The service's database with the tables of this version; says why that could not be."""
        try:
            self.databases[service] = provision(
                self._postgres,
                service,
                owner_password=self._passwords[f"{service}_owner"],
                app_password=self._passwords[f"{service}_app"],
            )
        except (ServerFailed, OSError) as error:
            return str(error)
        log = self._places.log(f"{service}.migrate")
        with log.open("wb") as output:
            done = subprocess.run(
                command_of(self._places, service, "migrate", self._packaged),
                cwd=self._folder,
                env=self.environment(service, "migrate"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                check=False,
            )
        return "" if done.returncode == 0 else last_lines(log)

    def seeds(self, stop: threading.Event) -> list[tuple[str, str, Callable[[], str]]]:
        """What a developer finds in the shop: the service that must be ready, what it is, and how
        it comes about, which says why it did not. Repeating is safe."""
        users = f"http://{HOST}:{self.ports['users.web']}"
        steps: list[tuple[str, str, Callable[[], str]]] = [
            ("users", "demo user", lambda: seeding.register(users, seeding.DEMO, stop)),
            ("users", "admin", lambda: self._seed_admin(users, stop)),
        ]
        if any(service.name == "catalog" for service in self.services):
            steps.append(("catalog", "demo catalogue", self._seed_catalogue))
        return steps

    def _seed_admin(self, users: str, stop: threading.Event) -> str:
        why = seeding.register(users, seeding.ADMIN, stop)
        owner_url = self.databases["users"].owner_url
        return why or seeding.make_admin(owner_url, seeding.ADMIN.email)

    def _seed_catalogue(self) -> str:
        return seeding.import_products(
            self._places,
            self.environment("catalog", "web"),
            self._places.log("catalog.import"),
            folder=self._folder,
            packaged=self._packaged,
        )

    @property
    def _folder(self) -> Path:
        """Not among the sources when packages run, so that none of those is imported by chance."""
        return self._places.dev if self._packaged else self._places.root

    def environment(self, service: str, role: Role) -> dict[str, str]:
        """What a process of the service is told, once that has its database."""
        database = self.databases.get(service)
        return service_environment(
            self._places, service, role, self.ports, database, self._user_keys
        )
