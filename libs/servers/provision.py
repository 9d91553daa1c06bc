"""A service's own database and its two roles: the one place that says who may do what.

`<service>_owner` changes tables (migrations), `<service>_app` reads and writes rows (web and
worker). Neither can enter another service's database.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from libs.servers._process import ServerFailed
from libs.servers.postgres import Postgres

_ADVISORY_LOCK = 6_012_741  # one provisioning at a time; any number that nobody else uses


@dataclass(frozen=True)
class Credentials:
    """The URLs of one service's database."""

    owner_url: str
    app_url: str

    def __repr__(self) -> str:  # the passwords must not reach a log
        return "Credentials(...)"


def provision(
    server: Postgres, service: str, *, owner_password: str, app_password: str
) -> Credentials:
    """Makes the service's roles and database, or brings them to this state. Safe to repeat; it
    sets the passwords anew, so it is also how they are changed. Raises ServerFailed."""
    try:
        _provision(server, service, owner_password, app_password)
    except psycopg.Error as error:
        raise ServerFailed(f"no database could be made for {service}: {error}") from error
    return Credentials(
        owner_url=server.dsn(f"{service}_owner", owner_password, service),
        app_url=server.dsn(f"{service}_app", app_password, service),
    )


def _provision(server: Postgres, service: str, owner_password: str, app_password: str) -> None:
    owner, app = f"{service}_owner", f"{service}_app"
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        for role, password in ((owner, owner_password), (app, app_password)):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            _run(
                connection,
                ("ALTER" if known.fetchone() else "CREATE") + " ROLE {role} LOGIN NOSUPERUSER"
                " NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {password}",
                role=sql.Identifier(role),
                password=sql.Literal(password),
            )
        names = {
            "database": sql.Identifier(service),
            "owner": sql.Identifier(owner),
            "app": sql.Identifier(app),
        }
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (service,))
        if known.fetchone() is None:
            _run(connection, "CREATE DATABASE {database} OWNER {owner}", **names)
        _run(connection, "ALTER DATABASE {database} OWNER TO {owner}", **names)
        _run(connection, "REVOKE ALL ON DATABASE {database} FROM PUBLIC", **names)
        _run(connection, "GRANT CONNECT ON DATABASE {database} TO {app}", **names)
        _run(connection, "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    with psycopg.connect(server.superuser_dsn(service), autocommit=True) as connection:
        _run(connection, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        _run(connection, "GRANT USAGE ON SCHEMA public TO {app}", **names)
        for rights in (
            "SELECT, INSERT, UPDATE, DELETE ON TABLES",
            "USAGE, SELECT, UPDATE ON SEQUENCES",
            "EXECUTE ON FUNCTIONS",
        ):
            _run(
                connection,
                "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT " + rights + " TO {app}",
                **names,
            )


def _run(connection: psycopg.Connection, statement: LiteralString, **parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(**parts))
