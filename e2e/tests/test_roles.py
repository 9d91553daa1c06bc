"""Each service has a database of its own, and no key to another one's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import psycopg
import pytest

from e2e.shop import SERVICES
from libs.servers import Postgres, provision

ROLES = ("owner", "app")


def password_of(service: str, role: str) -> str:
    return f"password of {service}'s {role}"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A database and two roles for each service, as a developer's machine and production have."""
    with Postgres(durable=False) as server:
        for service in SERVICES:
            provision(
                server,
                service,
                owner_password=password_of(service, "owner"),
                app_password=password_of(service, "app"),
            )
        yield server


def enter(postgres: Postgres, service: str, role: str, password: str, database: str) -> str:
    """Who is in, or why not."""
    try:
        with psycopg.connect(postgres.dsn(f"{service}_{role}", password, database)) as connection:
            found = connection.execute("SELECT current_user").fetchone()
    except psycopg.OperationalError as error:
        return str(error)
    return str(found[0]) if found else ""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("service", SERVICES)
def test_a_role_enters_its_own_database_with_its_password_alone(
    postgres: Postgres, service: str, role: str
) -> None:
    other = "app" if role == "owner" else "owner"

    right = enter(postgres, service, role, password_of(service, role), service)
    wrong = enter(postgres, service, role, "a guess", service)
    none = enter(postgres, service, role, "", service)
    neighbours = enter(postgres, service, role, password_of(service, other), service)

    assert right == f"{service}_{role}"
    assert "password authentication failed" in wrong
    assert "password authentication failed" in neighbours
    assert "no password supplied" in none


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("service", "other"), list(permutations(SERVICES, 2)))
def test_a_role_is_refused_on_another_services_database_with_its_right_password(
    postgres: Postgres, service: str, other: str, role: str
) -> None:
    refused = enter(postgres, service, role, password_of(service, role), other)

    assert f'permission denied for database "{other}"' in refused


@pytest.mark.parametrize("database", ["postgres", "template1"])
@pytest.mark.parametrize("service", SERVICES)
def test_nor_does_it_get_into_the_servers_own(
    postgres: Postgres, service: str, database: str
) -> None:
    refused = enter(postgres, service, "app", password_of(service, "app"), database)

    assert f'permission denied for database "{database}"' in refused


@pytest.mark.parametrize("service", SERVICES)
def test_the_runtime_role_changes_rows_and_no_tables(postgres: Postgres, service: str) -> None:
    owner = postgres.dsn(f"{service}_owner", password_of(service, "owner"), service)
    app = postgres.dsn(f"{service}_app", password_of(service, "app"), service)
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE TABLE thing (name text)")

    with psycopg.connect(app) as connection:
        connection.execute("INSERT INTO thing VALUES ('one')")
        connection.execute("UPDATE thing SET name = 'two'")

    for statement in (
        b"DROP TABLE thing",
        b"ALTER TABLE thing ADD COLUMN more text",
        b"TRUNCATE thing",
        b"CREATE TABLE another (name text)",
        b"CREATE ROLE intruder",
    ):
        with (
            psycopg.connect(app) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
