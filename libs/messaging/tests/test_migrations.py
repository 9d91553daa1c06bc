"""Every service that publishes, consumes or has jobs gets the tables for it."""

from __future__ import annotations

from libs.db import Database, versions
from libs.messaging.tests.shop import column


def test_the_tables_are_a_branch_that_any_service_gets(database: Database) -> None:
    assert versions.heads("any_service")["messaging"] == "messaging_0001"
    assert "messaging_0001" in column(database, "SELECT version_num FROM alembic_version")
    database.ready()
