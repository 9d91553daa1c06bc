"""Real PostgreSQL and Valkey for tests: started once a process, a database for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import psycopg
from psycopg import sql

from libs.db import migrate
from libs.servers import Credentials, Postgres, Valkey, provision

_PASSWORD = "for-tests"


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """A migrated database of one service, empty, and gone after the test."""

    __test__ = False  # pytest: this is no test

    name: str
    owner_url: str
    app_url: str


@dataclass
class Servers:
    """One PostgreSQL and one Valkey, started when they are first asked for."""

    _templates: dict[str, Credentials] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _running: list[Postgres | Valkey] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in reversed(self._running):
            server.stop()

    @cached_property
    def postgres(self) -> Postgres:
        """The PostgreSQL of this test process."""
        server = Postgres(durable=False).start()
        self._running.append(server)
        return server

    @cached_property
    def valkey(self) -> Valkey:
        """The Valkey of this test process; a test that kills it starts one of its own."""
        server = Valkey(persistent=False).start()
        self._running.append(server)
        return server

    @contextmanager
    def database(self, service: str) -> Iterator[TestDatabase]:
        """A fresh database with the tables of `service`, copied from one that was migrated once."""
        if service not in self._templates:
            made = provision(
                self.postgres, service, owner_password=_PASSWORD, app_password=_PASSWORD
            )
            migrate(service, made.owner_url)
            self._templates[service] = made
        name = f"{service}_{next(self._numbers)}"
        with psycopg.connect(self.postgres.superuser_dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(name),
                    sql.Identifier(service),
                    sql.Identifier(f"{service}_owner"),
                )
            )
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(f"{service}_app")
                )
            )
            try:
                yield TestDatabase(
                    name,
                    self.postgres.dsn(f"{service}_owner", _PASSWORD, name),
                    self.postgres.dsn(f"{service}_app", _PASSWORD, name),
                )
            finally:
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )
