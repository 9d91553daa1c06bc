"""What a transaction promises when the database is slow, busy, gone, or inherited by a fork."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from libs.db import Database
from libs.operations.context import Context, refuse_in_transaction, within
from libs.operations.errors import DeadlineExceeded, Unavailable
from libs.servers import Credentials, Postgres
from libs.telemetry.trace import Trace


def in_time(seconds: float) -> Context:
    return Context(trace=Trace.begin(), request_id="r", deadline=time.monotonic() + seconds)


def pid(database: Database) -> int:
    with database.transaction() as session:
        return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def owner(credentials: Credentials, statement: str) -> None:
    with psycopg.connect(credentials.owner_url) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def mugs(credentials: Credentials) -> None:
    owner(credentials, "CREATE TABLE mugs (id int PRIMARY KEY)")


def count(database: Database) -> int:
    with database.transaction() as session:
        return int(session.scalar(text("SELECT count(*) FROM mugs")) or 0)


@pytest.mark.usefixtures("mugs")
def test_a_transaction_happens_whole_or_not_at_all(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO mugs VALUES (1)"))
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        session.execute(text("INSERT INTO mugs VALUES (2)"))
        raise ZeroDivisionError

    assert count(database) == 1


@pytest.mark.usefixtures("mugs")
def test_a_broken_constraint_is_the_callers_to_handle(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.execute(text("INSERT INTO mugs VALUES (1), (1)"))


def test_a_wrong_statement_is_a_bug_and_tells_no_values(database: Database) -> None:
    with pytest.raises(ProgrammingError) as raised, database.transaction() as session:
        session.execute(text("SELECT :secret FROM nowhere"), {"secret": "hunter2"})

    assert "hunter2" not in str(raised.value)


def test_a_statement_that_takes_too_long_ends(credentials: Credentials) -> None:
    database = Database(credentials.app_url, service="shop", statement_timeout_s=0.2)

    began = time.monotonic()
    with pytest.raises(Unavailable, match="took too long"), database.transaction() as session:
        session.execute(text("SELECT pg_sleep(5)"))

    assert time.monotonic() - began < 1.5


def test_a_requests_deadline_ends_a_statement_before_the_usual_time(database: Database) -> None:
    began = time.monotonic()
    with (
        within(in_time(0.3)),
        pytest.raises(Unavailable, match="took too long"),
        database.transaction() as session,
    ):
        session.execute(text("SELECT pg_sleep(5)"))
    took_s = time.monotonic() - began

    assert took_s < 1
    with database.transaction() as session:  # and only that request's
        assert session.scalar(text("SHOW statement_timeout")) == "2s"


def test_after_the_deadline_nothing_begins(database: Database) -> None:
    with within(in_time(-1)), pytest.raises(DeadlineExceeded), database.transaction():
        raise AssertionError("began")


@pytest.mark.usefixtures("mugs")
def test_a_lock_that_is_held_is_not_waited_for_longer_than_said(
    credentials: Credentials,
) -> None:
    database = Database(credentials.app_url, service="shop", lock_timeout_s=0.2)
    with psycopg.connect(credentials.owner_url) as holder:
        holder.execute("LOCK TABLE mugs")

        with pytest.raises(Unavailable, match="locked for too long"):
            count(database)


def test_a_transaction_that_idles_is_ended_by_the_server(credentials: Credentials) -> None:
    database = Database(credentials.app_url, service="shop", idle_in_transaction_s=0.2)

    with pytest.raises(Unavailable), database.transaction() as session:
        session.execute(text("SELECT 1"))
        time.sleep(0.6)
        session.execute(text("SELECT 1"))


def test_who_finds_no_free_connection_is_told_after_the_time_said(
    credentials: Credentials,
) -> None:
    database = Database(credentials.app_url, service="shop", pool_size=1, checkout_wait_s=0.2)
    with database.transaction() as session, ThreadPoolExecutor(1) as elsewhere:
        session.execute(text("SELECT 1"))

        refused = elsewhere.submit(pid, database)

        with pytest.raises(Unavailable, match="no connection became free"):
            refused.result()


@pytest.mark.usefixtures("mugs")
def test_two_transactions_that_wait_for_each_other_are_told_to_come_again(
    database: Database,
) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO mugs VALUES (1), (2)"))
    both = threading.Barrier(2)

    def locked(first: int, second: int) -> str:
        try:
            with database.transaction() as session:
                session.execute(text("SELECT 1 FROM mugs WHERE id = :i FOR UPDATE"), {"i": first})
                both.wait()
                session.execute(text("SELECT 1 FROM mugs WHERE id = :i FOR UPDATE"), {"i": second})
        except Unavailable as error:
            return error.who
        return "done"

    with ThreadPoolExecutor(2) as two, pytest.MonkeyPatch.context():
        ends = [two.submit(locked, 1, 2), two.submit(locked, 2, 1)]

    assert "postgres" in {end.result() for end in ends}


def test_a_connection_that_died_while_idle_is_replaced_unseen(
    database: Database, server: Postgres
) -> None:
    first = pid(database)
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (first,))

    assert pid(database) != first


def test_a_server_that_is_gone_is_unavailable() -> None:
    database = Database("postgresql://a:b@127.0.0.1:1/shop", service="shop")

    with pytest.raises(Unavailable, match="postgres is unavailable"):
        pid(database)


@pytest.mark.usefixtures("mugs")
def test_a_connection_that_dies_before_the_commit_is_unavailable(
    database: Database, server: Postgres
) -> None:
    with pytest.raises(Unavailable), database.transaction() as session:
        session.execute(text("INSERT INTO mugs VALUES (1)"))
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(server.superuser_dsn(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", (backend,))
            while admin.execute(
                "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (backend,)
            ).fetchone():
                time.sleep(0.01)

    assert count(database) == 0


def test_nobody_is_asked_and_no_second_transaction_begun_within_one(database: Database) -> None:
    with database.transaction():
        with pytest.raises(RuntimeError, match="while a transaction is open"):
            refuse_in_transaction("asking users")
        with pytest.raises(RuntimeError, match="second transaction"), database.transaction():
            pass

    refuse_in_transaction("asking users")


def backends_of_children(engine_of: Database | Engine) -> list[int]:
    """The connection that each of two children works on, as the server sees it."""
    found = []
    for _ in range(2):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            engine = engine_of if isinstance(engine_of, Engine) else engine_of.engine()
            with engine.connect() as connection:
                backend = connection.scalar(text("SELECT pg_backend_pid()"))
            os.write(write, str(backend).encode())
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        with os.fdopen(read) as said:
            found.append(int(said.read()))
    return found


def test_children_of_a_fork_have_connections_of_their_own_and_naive_ones_share(
    database: Database,
) -> None:
    before = pid(database)

    naive = backends_of_children(database.engine())
    ours = backends_of_children(database)

    assert naive == [before, before]
    assert before not in ours and len(set(ours)) == 2
    assert pid(database) == before
