"""How the service begins, as an operator meets it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from libs.access.keys import new_key
from services.users import main
from services.users.app import create_app

# Named, so that the build brings along what the processes below import.
PROGRAM, FACTORY = main.__name__, create_app.__module__


def environ(folder: Path) -> dict[str, str]:
    private, public = new_key()
    (folder / "key.pem").write_bytes(private)
    (folder / "public").mkdir()
    (folder / "public" / "users.pem").write_bytes(public)
    (folder / "signing").mkdir()
    (folder / "signing" / "a.pem").write_bytes(new_key()[0])
    return {
        "DATABASE_URL": "postgresql://users_app:pw@127.0.0.1:9/users",
        "QUEUE_URL": "redis://127.0.0.1:9",
        "CACHE_URL": "redis://127.0.0.1:9",
        "SERVICE_KEY_FILE": str(folder / "key.pem"),
        "SERVICE_KEYS_DIR": str(folder / "public"),
        "USER_KEYS_DIR": str(folder / "signing"),
        "PEER_ORDERS_URL": "http://127.0.0.1:9",
        "RUN_DIR": str(folder / "run"),
    }


def run(arguments: list[str], said: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        | said,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("is_configured", [True, False])
def test_flask_lists_the_routes_without_any_server_and_any_variable(
    tmp_path: Path, is_configured: bool
) -> None:
    said = environ(tmp_path) if is_configured else {}

    done = run(["flask", "--app", FACTORY, "routes"], said)

    assert done.returncode == 0, done.stderr
    for operation, path in (
        ("RegisterUser", "/api/v1/users"),
        ("GetUser", "/api/v1/users/<user_id>"),
        ("jwks", "/.well-known/jwks.json"),
        ("readyz", "/readyz"),
    ):
        assert any(
            operation in line and line.endswith(path)
            for line in map(str.rstrip, done.stdout.splitlines())
        )


def test_flask_says_in_a_sentence_what_is_not_set() -> None:
    done = run(["flask", "--app", FACTORY, "shell"], {})

    assert done.returncode != 0
    assert "Error: DATABASE_URL: is required and not set; QUEUE_URL: is" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_that_is_none_stops_the_boot_with_a_sentence(tmp_path: Path) -> None:
    said = environ(tmp_path)
    (tmp_path / "signing" / "b.pem").write_text("rubbish")

    for arguments in ([PROGRAM, "web"], [PROGRAM, "worker"], ["flask", "--app", FACTORY, "shell"]):
        done = run(arguments, said)

        assert done.returncode == 1 or arguments[0] == "flask"
        assert done.returncode != 0
        assert "signing/b.pem is no unencrypted EC key in PEM" in done.stderr
        assert "Traceback" not in done.stderr
