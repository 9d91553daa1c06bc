"""A real PostgreSQL, started once; a database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from libs.db import Database
from libs.servers import Credentials, Postgres, provision

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with Postgres(durable=False) as running:
        yield running


@pytest.fixture
def credentials(server: Postgres) -> Credentials:
    """Of an empty database, not migrated."""
    return provision(server, f"shop{next(_numbers)}", owner_password="o", app_password="a")


@pytest.fixture
def database(credentials: Credentials) -> Iterator[Database]:
    made = Database(credentials.app_url, service="shop", pool_size=4)
    yield made
    made.close()
