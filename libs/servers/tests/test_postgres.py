import os
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from libs.servers import Credentials, Postgres, ServerFailed, free_port, provision


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres(durable=False) as running:
        yield running


@pytest.fixture(scope="module")
def users(server: Postgres) -> Credentials:
    return provision(server, "users", owner_password="owner's", app_password="app/1")


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        ran = connection.execute(statement.encode())
        return ran.fetchall() if ran.description else []


def test_a_wrong_password_opens_nothing(server: Postgres, users: Credentials) -> None:
    wrong = server.dsn("users_app", "guessed", "users")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        rows(wrong, "SELECT 1")

    assert rows(users.app_url, "SELECT 1") == [(1,)]


def test_a_role_enters_no_database_but_its_own(server: Postgres, users: Credentials) -> None:
    provision(server, "orders", owner_password="o", app_password="a")

    for role, password in (("users_app", "app/1"), ("users_owner", "owner's")):
        for database in ("orders", "postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                rows(server.dsn(role, password, database), "SELECT 1")


def test_the_runtime_role_writes_rows_and_changes_no_tables(users: Credentials) -> None:
    rows(users.owner_url, "CREATE TABLE mugs (id bigserial PRIMARY KEY, colour text)")

    rows(users.app_url, "INSERT INTO mugs (colour) VALUES ('red')")

    assert rows(users.app_url, "SELECT id, colour FROM mugs") == [(1, "red")]
    for forbidden in ("CREATE TABLE cups (id int)", "DROP TABLE mugs", "TRUNCATE mugs"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(users.app_url, forbidden)


def test_provisioning_again_keeps_the_rows_and_changes_the_password(server: Postgres) -> None:
    before = provision(server, "carts", owner_password="1", app_password="1")
    rows(before.owner_url, "CREATE TABLE kept AS SELECT 7 AS n")

    after = provision(server, "carts", owner_password="1", app_password="2")

    assert rows(after.app_url, "SELECT n FROM kept") == [(7,)]
    with pytest.raises(psycopg.OperationalError):
        rows(before.app_url, "SELECT 1")


def test_credentials_keep_their_passwords_out_of_logs(users: Credentials) -> None:
    assert "owner" not in repr(users)


def test_a_killed_server_recovers_what_it_had_committed(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg").start()
    port = server.port
    rows(server.superuser_dsn(), "CREATE TABLE kept AS SELECT 7 AS n")

    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.alive)
    server.start()

    assert server.port == port
    assert rows(server.superuser_dsn(), "SELECT n FROM kept") == [(7,)]
    server.stop()
    with Postgres(tmp_path / "pg") as again:  # and another program, later, on the same folder
        assert rows(again.superuser_dsn(), "SELECT n FROM kept") == [(7,)]


def test_no_folder_is_opened_to_others_for_its_sake(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    with Postgres(home / "shop" / "pg", durable=False) as server:
        assert rows(server.superuser_dsn(), "SELECT 1") == [(1,)]

    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    secret = home / "shop" / "pg" / "superuser-password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_second_server_on_the_same_port_says_so(server: Postgres, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="Address already in use"):
        Postgres(tmp_path / "pg", server.port, durable=False).start()


def test_a_temporary_server_leaves_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as own:  # others make and remove theirs meanwhile
        Path(own).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", own)

        with Postgres(durable=False, port=free_port()):
            made = list(Path(own).glob("pg-*"))

        assert made
        assert not any(folder.exists() for folder in made)


def wait_until(true: Callable[[], bool], timeout_s: float = 10) -> None:
    ends = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else")
def test_a_folder_that_was_closed_since_is_named_and_no_empty_database_made(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o711)
        data = Path(home) / "pg"
        with Postgres(data, durable=False):
            pass

        Path(home).chmod(0o700)

        with pytest.raises(PermissionError, match=f"chmod o\\+x {home}"):
            Postgres(data, durable=False).start()
