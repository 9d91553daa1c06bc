"""What no service may do to its database."""

from __future__ import annotations

from sqlalchemy import NullPool, create_engine, text

from libs.servers import Postgres


def execute(postgres: Postgres, *statements: str, database: str = "postgres") -> None:
    """Each statement, committed at once."""
    url = postgres.superuser_dsn(database).replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
