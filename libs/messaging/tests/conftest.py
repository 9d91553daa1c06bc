"""Real servers, started once; a database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from libs.db import Database, migrate
from libs.messaging import Messages
from libs.servers import Credentials, Postgres, Valkey, provision

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with Postgres(durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Postgres) -> str:
    """A migrated database; a copy of it takes a tenth of the time of migrating anew."""
    made = provision(server, "shop", owner_password="o", app_password="a")
    migrate("shop", made.owner_url)
    with psycopg.connect(made.owner_url) as owner:
        owner.execute("CREATE TABLE effect (id bigserial PRIMARY KEY, what text NOT NULL)")
    return "shop"


@pytest.fixture
def credentials(server: Postgres, template: str) -> Iterator[Credentials]:
    name = f"shop_{next(_numbers)}"
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {name} TEMPLATE {template} OWNER shop_owner").format(**names)
        )
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {name} TO shop_app").format(**names))
        yield Credentials(
            owner_url=server.dsn("shop_owner", "o", name), app_url=server.dsn("shop_app", "a", name)
        )
        admin.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture
def database(credentials: Credentials) -> Iterator[Database]:
    made = Database(credentials.app_url, service="shop", pool_size=20)
    yield made
    made.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    with Valkey() as running:
        yield running


@pytest.fixture
def messages(database: Database, valkey: Valkey) -> Messages:
    """Under a name of its own, so that no test hears another's bells."""
    return Messages(f"shop_{uuid4().hex[:8]}", database, valkey.url)
