"""What this machine has and lacks for `./dev`."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from libs.servers import Postgres, ServerFailed, Valkey
from tools.dev import ports as ports_module
from tools.dev import state
from tools.dev.catalog import services_of
from tools.dev.errors import Refusal
from tools.dev.places import Places
from tools.dev.processes import marked

_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is the next command where it is not well."""

    what: str
    well: bool
    detail: str
    remedy: str = ""


def examine(places: Places) -> list[Finding]:
    """Everything that is worth a look, in the order in which it is needed."""
    return [
        _python(),
        _disk(places),
        _memory(),
        _server("PostgreSQL", lambda: Postgres(durable=False)),
        _server("Valkey", lambda: Valkey(persistent=False)),
        _services(places),
        _leftovers(places),
        _ports(places),
        _ignored(places),
    ]


def _python() -> Finding:
    version = platform.python_version()
    right = sys.version_info[:2] == (3, 11)
    return Finding("Python", right, f"{version} in {sys.prefix}", "install CPython 3.11")


def _disk(places: Places) -> Finding:
    free = shutil.disk_usage(places.root).free
    return Finding("disk", free > _FREE_BYTES, f"{free / 1e9:.0f} GB free", "make room: 2 GB")


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    text = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB available"
    return Finding("memory", memory.available > 1e9, text, "end other programs: 1 GB is needed")


def _server(name: str, make: Callable[[], Postgres | Valkey]) -> Finding:
    server = make()
    try:
        with server:
            return Finding(name, True, "starts and stops")
    except (ServerFailed, OSError) as error:
        return Finding(name, False, str(error), "run ./dev again after removing its environment")


def _services(places: Places) -> Finding:
    try:
        names = [service.name for service in services_of(places.root)]
    except Refusal as error:
        return Finding("services", False, str(error), "mend that BUILD file")
    return Finding("services", bool(names), ", ".join(names) or "none", "git status")


def _leftovers(places: Places) -> Finding:
    if running := state.running(places):
        return Finding("processes", True, f"up, supervised by {running.supervisor.pid}")
    last = state.read(places)
    recorded = [u.process for u in last.units.values() if u.process] if last else []
    left = {known.pid for known in [*recorded, *marked(places.mark)] if known.alive}
    text = f"left behind: {', '.join(map(str, sorted(left)))}" if left else "none left behind"
    return Finding("processes", not left, text, "./dev down")


def _ports(places: Places) -> Finding:
    if state.running(places):
        return Finding("ports", True, "ours")
    try:
        ports_module.require_free(ports_module.wanted_ports(services_of(places.root)))
    except Refusal as error:
        return Finding("ports", False, str(error).partition(". ")[0], "./dev up --ports auto")
    return Finding("ports", True, "free")


def _ignored(places: Places) -> Finding:
    git = shutil.which("git")
    if git is None or not Path(places.root / ".git").exists():
        return Finding("git", True, "not a git checkout")
    asked = subprocess.run(
        [git, "check-ignore", "-q", ".dev/x"], cwd=places.root, check=False, capture_output=True
    )
    return Finding("git", asked.returncode == 0, ".dev/ is ignored", "add /.dev/ to .gitignore")
