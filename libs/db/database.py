"""The connection to a service's database."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from libs.db import versions
from libs.db._failures import as_unavailable
from libs.operations.context import current, holding_transaction, refuse_in_transaction
from libs.operations.errors import Unavailable

# A deadline is worth a statement of its own only if it ends clearly before the usual time-out.
_SLACK_S = 0.25


class Database:
    """A service's PostgreSQL, as its runtime role. Connects when it is first used, again in each
    process: a pool carried over a fork gave one child the other's answers.

    All durations are seconds. Every statement, lock and idle transaction has an end; behind a
    pooler that drops start-up options, set the same three for the role.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        pool_size: int = 8,
        statement_timeout_s: float = 2,
        lock_timeout_s: float = 1,
        idle_in_transaction_s: float = 10,
        checkout_wait_s: float = 1,
    ) -> None:
        self.service = service
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._pool_size = pool_size
        self._statement_timeout_s = statement_timeout_s
        self._checkout_wait_s = checkout_wait_s
        self._options = " ".join(
            f"-c {name}={value}"
            for name, value in {
                "statement_timeout": _milliseconds(statement_timeout_s),
                "lock_timeout": _milliseconds(lock_timeout_s),
                "idle_in_transaction_session_timeout": _milliseconds(idle_in_transaction_s),
                "timezone": "UTC",
            }.items()
        )
        self._guard = threading.Lock()
        self._engine: Engine | None = None
        self._pid: int | None = None

    def __repr__(self) -> str:  # the URL holds a password
        return f"Database({self.service!r})"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises Unavailable when the database is down, slow or busy, also when the connection died
        during the commit: then nobody knows whether it happened, so only repeat what may be
        repeated. A broken constraint (IntegrityError) passes through. Within the block no
        neighbour can be asked and no second transaction begun: both would hold this connection.
        """
        refuse_in_transaction("a second transaction")
        with holding_transaction(), as_unavailable():
            with Session(self.engine(), expire_on_commit=False) as session, session.begin():
                self._hold_to_deadline(session)
                yield session

    def ready(self) -> None:
        """Return when the database answers and has the tables that this code was written for;
        else raise Unavailable with the reason, within about a second. Newer tables will do: while
        a release rolls out, the old code runs on them."""
        expected = versions.heads(self.service)
        with self.transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = 500"))
            known = session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            present = (
                set(session.scalars(text("SELECT version_num FROM alembic_version")))
                if known
                else set[str]()
            )
        for branch, head in sorted(expected.items()):
            at = max((v for v in present if versions.branch_of(v) == branch), default="nothing")
            if at == "nothing" or at < head:
                raise Unavailable(
                    "postgres",
                    f"its tables of {branch} are at {at}, this code needs {head}: run migrate",
                )

    def reserve(self, connections: int) -> None:
        """Have room for so many transactions at once; a worker knows how many threads it has."""
        if connections > self._pool_size:
            self._pool_size = connections
            self.close()

    def close(self) -> None:
        """Give back this process's connections. The next transaction connects again."""
        with self._guard:
            if self._engine is not None and self._pid == os.getpid():
                self._engine.dispose()
            self._engine = None

    def engine(self) -> Engine:
        """This process's own engine; for tests and tools, services take a transaction."""
        if self._engine is None or self._pid != os.getpid():
            with self._guard:
                if self._engine is None or self._pid != os.getpid():
                    if self._engine is not None:
                        # The parent's: forget its connections without closing them over there.
                        self._engine.dispose(close=False)
                    self._engine, self._pid = self._make_engine(), os.getpid()
        return self._engine

    def _make_engine(self) -> Engine:
        return create_engine(
            self._url,
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=self._checkout_wait_s,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,  # an error reaches logs and parked rows; addresses must not
            connect_args={
                "application_name": self.service,
                "options": self._options,
                "connect_timeout": 2,
                # A server that vanished without a word is given up after seconds, not minutes.
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "tcp_user_timeout": 8000,
            },
        )

    def _hold_to_deadline(self, session: Session) -> None:
        context = current()
        left_s = context.remaining_s() if context else None
        if left_s is not None and left_s < self._statement_timeout_s - _SLACK_S:
            session.execute(
                text("SELECT set_config('statement_timeout', :ms, true)"),
                {"ms": str(_milliseconds(left_s))},
            )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
