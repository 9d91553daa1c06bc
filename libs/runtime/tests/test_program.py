"""A service as a program: how it begins, how it is asked how it is, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from libs import runtime
from libs.access.keys import new_key
from libs.runtime import states
from libs.servers import free_port

PROGRAM = Path(__file__).with_name("shop.py")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key.pem").write_bytes(new_key()[0])
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "DATABASE_URL": "postgresql://app:hunter2@127.0.0.1:9/shop",
        "QUEUE_URL": "redis://127.0.0.1:9",
        "CACHE_URL": "redis://127.0.0.1:9",
        "SERVICE_KEY_FILE": str(tmp_path / "key.pem"),
        "SERVICE_KEYS_DIR": str(tmp_path),
        "HTTP_BIND": f"127.0.0.1:{free_port()}",
        "DRAIN_S": "0",
        "METRICS_BIND": f"127.0.0.1:{free_port()}",
        "RUN_DIR": str(tmp_path / "run"),
    }


def run(command: str, environ: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, PROGRAM, command], env=environ, capture_output=True, text=True, timeout=30
    )
    return done.returncode, done.stderr


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/livez", timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def started(role: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, PROGRAM, role], env=environ, stdout=subprocess.DEVNULL
    )
    address = environ["HTTP_BIND" if role == "web" else "METRICS_BIND"]
    try:
        assert eventually(lambda: answers(address))
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_web_is_well_until_it_ends_also_when_one_of_its_workers_dies(
    environ: dict[str, str],
) -> None:
    with started("web", environ) as web:
        assert run("healthy", environ | {"HTTP_PROXY": "http://127.0.0.1:9"}) == (0, "")

        for child in psutil.Process(web.pid).children():
            child.terminate()
            child.wait()
        assert eventually(lambda: answers(environ["HTTP_BIND"]))
        assert run("healthy", environ) == (0, "")

        web.send_signal(signal.SIGTERM)
        assert web.wait(20) == 0
    status, said = run("healthy", environ)
    assert status == 1
    assert said.startswith("shop: nothing runs here:")


def test_a_web_that_was_killed_is_not_well(environ: dict[str, str]) -> None:
    with started("web", environ) as web:
        children = psutil.Process(web.pid).children()
        web.kill()
        web.wait()
        psutil.wait_procs(children, timeout=10)

        status, said = run("healthy", environ)

    assert (status, said) == (1, f"shop: the web (process {web.pid}) is gone\n")


def test_a_worker_is_well_until_it_ends(environ: dict[str, str], tmp_path: Path) -> None:
    with started("worker", environ) as worker:
        assert eventually(lambda: run("healthy", environ) == (0, ""))

        (tmp_path / "run" / "ill").touch()
        with pytest.raises(urllib.error.HTTPError) as unwell:
            urllib.request.urlopen(f"http://{environ['METRICS_BIND']}/readyz")
        assert unwell.value.code == 503

        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert run("healthy", environ)[0] == 1


def test_a_worker_that_says_nothing_is_not_well(tmp_path: Path) -> None:
    states.State("worker", os.getpid(), "").write(tmp_path)
    assert states.ailment(tmp_path) is None
    then = time.time() - 60
    os.utime(tmp_path / "worker.json", (then, then))

    assert states.ailment(tmp_path) == "the worker has been silent for 60 s"
    states.well(tmp_path, "worker")
    assert states.ailment(tmp_path) is None
    (tmp_path / "worker.json").write_text("{")
    assert "cannot be read" in (states.ailment(tmp_path) or "")


@pytest.mark.parametrize("role", ["web", "worker"])
def test_what_is_missing_is_said_in_one_sentence(role: str, environ: dict[str, str]) -> None:
    del environ["QUEUE_URL"], environ["DATABASE_URL"]

    status, said = run(role, environ)

    assert status == 1
    assert said == (
        "shop: DATABASE_URL: is required and not set; QUEUE_URL: is required and not set. "
        "deploy/README.md lists the variables\n"
    )


def test_a_bad_key_a_bad_folder_and_a_taken_port_are_said_in_one_sentence(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "rubbish.pem").write_text("hunter2")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for changed, why in (
            ({"SERVICE_KEY_FILE": str(tmp_path / "rubbish.pem")}, "is no unencrypted EC key"),
            ({"SERVICE_KEY_FILE": "/none.pem"}, "/none.pem does not exist"),
            ({"RUN_DIR": "/dev/null/x"}, "RUN_DIR: /dev/null/x cannot be written"),
            ({"METRICS_BIND": f"127.0.0.1:{port}"}, "METRICS_BIND: "),
        ):
            status, said = run("worker", environ | changed)

            assert status == 1
            assert said.startswith("shop: ") and why in said
            assert said.count("\n") == 1 and "hunter2" not in said


def test_what_is_no_command_is_2() -> None:
    assert run("dance", {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": ""})[0] == 2


def test_the_package_exports_what_it_lists() -> None:
    assert runtime.__all__ == sorted(runtime.__all__)
    assert all(hasattr(runtime, name) for name in runtime.__all__)
