"""How the storefront begins, as an operator meets it: in a process of its own, without a database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from libs.access.keys import new_key
from libs.servers import free_port
from services.storefront import main
from services.storefront.app import create_app

# Named, so that the build brings along what the processes below import.
PROGRAM, FACTORY = main.__name__, create_app.__module__


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key.pem").write_bytes(new_key()[0])
    peers = {
        f"PEER_{n}_URL": "http://127.0.0.1:9" for n in ("CATALOG", "ORDERS", "PAYMENTS", "USERS")
    }
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "CACHE_URL": "redis://127.0.0.1:9",
        "SERVICE_KEY_FILE": str(tmp_path / "key.pem"),
        "SERVICE_KEYS_DIR": str(tmp_path),
        "HTTP_BIND": f"127.0.0.1:{free_port()}",
        "RUN_DIR": str(tmp_path / "run"),
        "WEB_WORKERS": "1",
        **peers,
    }


def run(arguments: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environ, capture_output=True, text=True, timeout=30
    )


def status_of(url: str, within_s: float = 20) -> int:
    ends = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def test_it_begins_and_is_ready_with_everything_around_it_dead(environ: dict[str, str]) -> None:
    web = subprocess.Popen(
        [sys.executable, "-m", PROGRAM, "web"], env=environ, stdout=subprocess.DEVNULL
    )
    try:
        ready = status_of(f"http://{environ['HTTP_BIND']}/readyz")
        home = status_of(f"http://{environ['HTTP_BIND']}/")
        healthy = run([PROGRAM, "healthy"], environ)
    finally:
        web.terminate()
        ended = web.wait(30)

    assert (ready, home, healthy.returncode, ended) == (200, 503, 0, 0)


@pytest.mark.parametrize("command", ["worker", "migrate", "parked", "requeue"])
def test_without_a_database_there_is_nothing_to_migrate_and_no_worker(
    environ: dict[str, str], command: str
) -> None:
    done = run([PROGRAM, command], environ)

    assert done.returncode == 2
    assert "invalid choice" in done.stderr


def test_a_public_address_that_is_none_stops_the_boot_with_a_sentence(
    environ: dict[str, str],
) -> None:
    done = run([PROGRAM, "web"], environ | {"PUBLIC_URL": "shop.example/path"})

    assert done.returncode == 1
    assert "PUBLIC_URL" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("is_configured", [True, False])
def test_flask_lists_the_pages_without_any_server_and_any_variable(
    environ: dict[str, str], is_configured: bool
) -> None:
    said = environ if is_configured else {n: environ[n] for n in ("PATH", "PYTHONPATH")}

    done = run(["flask", "--app", FACTORY, "routes"], said)

    assert done.returncode == 0, done.stderr
    for path in ("/checkout", "/orders/<order_id>", "/products/<sku>", "/readyz"):
        assert path in done.stdout
