"""What `migrate` promises, and what `ready` makes of the tables that it finds."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest

from libs.db import Database, migrate, versions
from libs.operations.errors import Unavailable
from libs.servers import Credentials

MUGS = "CREATE TABLE mugs (id bigserial PRIMARY KEY)"


def write_version(root: Path, number: int, statement: str, *, revision: str | None = None) -> None:
    folder = root / "services" / "kiosk" / "migrations" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "services" / "kiosk" / "__init__.py").touch()
    before = f'"kiosk_{number - 1:04}"' if number > 1 else "None"
    (folder / f"{number:04}_tables.py").write_text(
        dedent(f'''
            """A version."""

            from alembic import op

            revision = "{revision or f"kiosk_{number:04}"}"
            down_revision = {before}
            {'branch_labels = ("kiosk",)' if number == 1 else ""}


            def upgrade() -> None:
                op.execute("""{statement}""")
        ''')
    )


def forget_kiosk() -> None:
    for name in [n for n in sys.modules if n == "services" or n.startswith("services.kiosk")]:
        del sys.modules[name]
    versions.heads.cache_clear()


@pytest.fixture
def kiosk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A service with versions of its own, in a folder that Python finds."""
    write_version(tmp_path, 1, MUGS)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget_kiosk()
    yield tmp_path
    forget_kiosk()


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {str(name) for (name,) in rows}


def test_a_service_gets_its_tables_and_those_of_the_libraries(
    kiosk: Path, credentials: Credentials
) -> None:
    applied = migrate("kiosk", credentials.owner_url)

    assert set(applied) == {"kiosk_0001", "messaging_0001"}
    assert {"mugs", "feed", "cursor", "job"} <= tables(credentials.owner_url)
    assert migrate("kiosk", credentials.owner_url) == ()


def test_the_runtime_role_uses_the_tables_and_cannot_migrate(
    kiosk: Path, credentials: Credentials
) -> None:
    with pytest.raises(Exception, match="permission denied"):
        migrate("kiosk", credentials.app_url)
    migrate("kiosk", credentials.owner_url)

    with psycopg.connect(credentials.app_url) as app:
        app.execute("INSERT INTO mugs DEFAULT VALUES")
        app.execute(
            "INSERT INTO feed (id, type, key, key_hash, data)"
            " VALUES (gen_random_uuid(), 't', 'k', 1, '{}')"
        )


def test_a_version_that_fails_leaves_nothing_behind(kiosk: Path, credentials: Credentials) -> None:
    write_version(kiosk, 2, "CREATE TABLE cups (id nonsense)")

    with pytest.raises(Exception, match="nonsense"):
        migrate("kiosk", credentials.owner_url)

    assert tables(credentials.owner_url) == set()


def test_two_migrations_at_once_wait_for_each_other(kiosk: Path, credentials: Credentials) -> None:
    write_version(kiosk, 2, "SELECT pg_sleep(0.3)")
    together = threading.Barrier(2)

    def one(_: int) -> tuple[str, ...]:
        together.wait()
        return migrate("kiosk", credentials.owner_url)

    with ThreadPoolExecutor(2) as two:
        applied = list(two.map(one, range(2)))

    assert sorted(map(len, applied)) == [0, 3]


def test_code_that_is_ahead_of_its_tables_is_not_ready_and_says_what_to_do(
    kiosk: Path, credentials: Credentials
) -> None:
    database = Database(credentials.app_url, service="kiosk")
    with pytest.raises(Unavailable, match="kiosk are at nothing, this code needs kiosk_0001"):
        database.ready()
    migrate("kiosk", credentials.owner_url)
    database.ready()
    write_version(kiosk, 2, "SELECT 1")
    forget_kiosk()

    with pytest.raises(Unavailable, match="at kiosk_0001, this code needs kiosk_0002: run migrate"):
        database.ready()


def test_code_is_ready_on_the_tables_of_the_release_after_it(
    kiosk: Path, credentials: Credentials
) -> None:
    migrate("kiosk", credentials.owner_url)
    with psycopg.connect(credentials.owner_url) as owner:
        owner.execute(
            "UPDATE alembic_version SET version_num = 'kiosk_0002' WHERE version_num = 'kiosk_0001'"
        )

    Database(credentials.app_url, service="kiosk").ready()


def test_an_id_that_does_not_tell_its_branch_and_place_is_refused(
    kiosk: Path, credentials: Credentials
) -> None:
    write_version(kiosk, 2, "SELECT 1", revision="a1b2c3")

    with pytest.raises(ValueError, match="'a1b2c3' is not of the form users_0001"):
        migrate("kiosk", credentials.owner_url)


def test_versions_left_out_of_a_package_are_missed(tmp_path: Path) -> None:
    (tmp_path / "services" / "kiosk").mkdir(parents=True)
    (tmp_path / "services" / "kiosk" / "__init__.py").touch()
    sys.path.insert(0, str(tmp_path))
    forget_kiosk()

    try:
        with pytest.raises(FileNotFoundError, match="left out when this was packaged"):
            versions.heads("kiosk")
    finally:
        sys.path.remove(str(tmp_path))
        forget_kiosk()


def test_versions_are_found_and_applied_inside_a_zip(
    tmp_path: Path, credentials: Credentials
) -> None:
    write_version(tmp_path, 1, MUGS)
    root = Path(__file__).parents[3]
    folders = ("libs/db", "libs/messaging", "libs/operations", "libs/telemetry", "contracts")
    files = {
        file.relative_to(base): file
        for base, folder in [*((root, folder) for folder in folders), (tmp_path, "services")]
        for file in (base / folder).rglob("*.py")
    }
    with zipfile.ZipFile(tmp_path / "kiosk.pex", "w") as packed:
        # Python finds packages without __init__ in a zip only by the entries of their folders.
        for folder in {str(parent) for name in files for parent in name.parents} - {"."}:
            packed.writestr(f"{folder}/", "")
        for name, file in files.items():
            packed.write(file, name)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import libs.db; from libs.db import versions;"
        "print(*libs.db.migrate('kiosk', sys.argv[2]), versions.heads('kiosk'), libs.db.__file__)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "kiosk.pex"), credentials.owner_url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "kiosk_0001" in said and "messaging_0001" in said
    assert "kiosk.pex" in said
    assert "mugs" in tables(credentials.owner_url)


def test_ready_needs_no_alembic() -> None:
    program = (
        "import sys; from libs.db import Database, versions; versions.heads('none');"
        "print('alembic' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert said == "False\n"
