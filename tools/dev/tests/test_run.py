"""The supervisor for real: PostgreSQL, Valkey, mail, and a service that is a page long."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from libs.servers import free_port
from tools.dev.places import HERE
from tools.dev.processes import known, marked

SERVICE = """
import http.server, os, pathlib, signal, sys, threading
role = sys.argv[1]
if role == "migrate":
    assert os.environ["MIGRATION_DATABASE_URL"].startswith("postgresql://greeter_owner:")
    assert not pathlib.Path("refuse").exists(), "the shop's tables are not to be had"
    sys.exit()
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
assert os.environ["DATABASE_URL"].startswith("postgresql://greeter_app:")
assert os.environ["PEER_GREETER_URL"] and os.environ["QUEUE_URL"] and os.environ["CACHE_URL"]
assert pathlib.Path(os.environ["SERVICE_KEY_FILE"]).stat().st_mode & 0o077 == 0
host, port = os.environ["HTTP_BIND" if role == "web" else "METRICS_BIND"].split(":")
server = http.server.ThreadingHTTPServer((host, int(port)), Ready)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"""

TOGETHER = """
import http.server, json, os, sys, threading
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
assert os.stat(sys.argv[1]).st_mode & 0o077 == 0, "it holds passwords"
told = json.load(open(sys.argv[1]))
assert list(told) == ["greeter"]
assert told["greeter"]["DATABASE_URL"].startswith("postgresql://greeter_app:")
for name in ("HTTP_BIND", "METRICS_BIND"):
    host, port = told["greeter"][name].split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Ready)
    threading.Thread(target=server.serve_forever).start()
"""


class Checkout:
    """A copy of what `./dev` is made of, with one service on a port that nobody uses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("libs/servers", "tools/dev", "tools/mail"):
            ignored = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(HERE.root / folder, root / folder, ignore=ignored)
        service = root / "services" / "greeter"
        (service / "migrations").mkdir(parents=True)
        (service / "main.py").write_text(SERVICE)
        self.port = free_port()
        (service / "BUILD").write_text(f"service(port={self.port})")
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)])
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tools.dev", *arguments]

    def dev(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def status(self) -> tuple[Any, int]:
        asked = self.dev("status", "--json")
        return json.loads(asked.stdout), asked.returncode

    def state(self) -> Any:
        return json.loads((self.root / ".dev" / "state.json").read_text())

    def processes(self) -> set[int]:
        """Whatever runs from this checkout, found without the help of what is tested."""
        found = {process.pid for process in marked(self.root)}
        for process in psutil.process_iter(["cmdline", "cwd"]):
            words = " ".join(process.info["cmdline"] or [])
            if str(self.root) in words or process.info["cwd"] == str(self.root):
                found.add(process.pid)
        return found - {os.getpid()}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path)
    yield checkout
    checkout.dev("down")
    assert checkout.processes() == set()


def wait_until(true: Callable[[], bool], timeout_s: float = 60) -> None:
    ends = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_run_from_up_to_down_with_a_killed_service_in_between(checkout: Checkout) -> None:
    up = checkout.dev("up", "-d", "--ports", "auto")

    assert (up.returncode, up.stderr.count("Traceback")) == (0, 0), up.stderr
    assert f"http://127.0.0.1:{checkout.port}" in up.stdout
    found, code = checkout.status()
    assert code == 0
    greeter = found["services"]["greeter"]
    assert greeter["state"] == "ready"

    os.kill(greeter["pids"]["web"], signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(greeter["pids"]["web"]))
    wait_until(lambda: checkout.status()[1] == 0)
    again = checkout.status()[0]["services"]["greeter"]["pids"]
    assert again["web"] != greeter["pids"]["web"]
    assert again["worker"] == greeter["pids"]["worker"]

    down = checkout.dev("down")
    assert down.returncode == 0
    assert checkout.processes() == set()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", checkout.port))
    assert checkout.status()[1] == 1
    assert list((checkout.root / ".dev" / "run").iterdir()) == []


def test_a_killed_supervisor_takes_everything_along(checkout: Checkout) -> None:
    assert checkout.dev("up", "-d", "--ports", "auto").returncode == 0

    os.kill(checkout.state()["supervisor"]["pid"], signal.SIGKILL)

    assert checkout.status()[1] == 1
    wait_until(lambda: checkout.processes() == set())


def test_the_next_up_heals_what_was_killed_with_its_watchdog(checkout: Checkout) -> None:
    assert checkout.dev("up", "-d", "--ports", "auto").returncode == 0
    supervisor = psutil.Process(checkout.state()["supervisor"]["pid"])
    watchdog = next(p for p in supervisor.children() if "tools.dev.watchdog" in p.cmdline())
    left = {unit["process"]["pid"] for unit in checkout.state()["units"].values()}

    watchdog.kill()
    supervisor.kill()
    wait_until(lambda: not watchdog.is_running() and not supervisor.is_running())
    assert all(map(known, left))
    up = checkout.dev("up", "-d", "--ports", "auto")

    assert up.returncode == 0
    assert "ended 6 processes that a former run left behind" in up.stderr
    assert not any(map(known, left))  # a zombie that nobody has waited for is gone as well
    assert checkout.status()[1] == 0


def test_a_migration_that_fails_ends_the_start_with_its_reason(checkout: Checkout) -> None:
    (checkout.root / "refuse").touch()

    up = checkout.dev("up", "-d", "--ports", "auto")

    assert up.returncode == 1
    assert "the shop's tables are not to be had" in " ".join(up.stderr.split())
    assert "./dev logs greeter" in " ".join(up.stderr.split())
    assert "Traceback" not in up.stderr
    assert checkout.processes() == set()


def test_ctrl_c_ends_a_run_in_the_foreground(checkout: Checkout) -> None:
    running = subprocess.Popen(
        checkout.command("up", "--ports", "auto"),
        cwd=checkout.root,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: checkout.status()[1] == 0)

    running.send_signal(signal.SIGINT)

    assert running.wait(20) == 130
    assert checkout.processes() == set()


def test_a_taken_port_stops_the_start_before_it_begins(checkout: Checkout) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", checkout.port))
        listener.listen()

        up = checkout.dev("up", "-d")

    said = " ".join(up.stderr.split())
    assert up.returncode == 1
    assert f"port {checkout.port} (greeter.web) is taken by" in said
    assert f"(pid {os.getpid()})" in said
    assert all(len(line) <= 80 for line in up.stderr.splitlines())


def test_two_ups_at_once_make_one_run(checkout: Checkout) -> None:
    ups = [
        subprocess.Popen(
            checkout.command("up", "-d", "--ports", "auto"),
            cwd=checkout.root,
            env=checkout.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]

    said = [up.communicate(timeout=60)[0] for up in ups]

    assert [up.returncode for up in ups] == [0, 0]
    assert said[0] == said[1]
    assert checkout.status()[1] == 0


def test_together_all_services_are_one_process_with_the_environment_of_each(
    checkout: Checkout,
) -> None:
    together = checkout.root / "tools" / "together"
    together.mkdir()
    (together / "__main__.py").write_text(TOGETHER)

    up = checkout.dev("up", "-d", "--together", "--ports", "auto")

    assert up.returncode == 0, up.stderr
    found, code = checkout.status()
    pids = found["services"]["greeter"]["pids"]
    assert (code, pids["web"]) == (0, pids["worker"])
    assert checkout.dev("up", "-d").returncode != 0  # apart, while they are together

    os.kill(pids["web"], signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pids["web"]))
    wait_until(lambda: checkout.status()[1] == 0)
    again = checkout.status()[0]["services"]["greeter"]["pids"]
    assert again["web"] == again["worker"] != pids["web"]
