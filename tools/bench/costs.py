"""What running services have spent so far: CPU, messages, SQL. Each by the name of a row."""

from __future__ import annotations

import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from libs.servers import Postgres
from tools.bench import superuser

# How a service counts its operations, the events it has handled and its jobs, in /metrics.
_COUNTED = re.compile(
    r"^(?:(?P<operation>concord_operation)_duration|(?P<event>event)_handler|(?P<job>job)_handler)"
    r"_seconds_count\{(?P<labels>[^}]*)\} (?P<count>\S+)$",
    re.MULTILINE,
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
# `execute <unnamed>: SELECT` and `execute _pg3_1: SELECT` are the extended protocol's; ours often begin
# on a line of their own. The `;` with which a pooled connection is tried has no word.
_LOGGED = re.compile(rb"^@(\w+) LOG:  (?:statement|execute [^:]*):\s*(\w+)", re.MULTILINE)
_AROUND = {"BEGIN", "DEALLOCATE"}


def cpu_ms(pids: Mapping[str, int]) -> Counter[str]:
    """User and system time of each program with its children, living and ended."""
    found: Counter[str] = Counter()
    for name, pid in pids.items():
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            times = process.cpu_times()
            seconds = times.user + times.system + times.children_user + times.children_system
            found[f"CPU, ms: {name}"] += round(seconds * 1000)
    return found


def messages(urls: Sequence[str]) -> Counter[str]:
    """Requests that services took, and the events and jobs that they handled."""
    found: Counter[str] = Counter()
    for url in urls:
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        for counted in _COUNTED.finditer(text):
            labels = dict(_LABEL.findall(counted["labels"]))
            if counted["operation"]:
                row = f"requests: {labels['service']} {labels['operation']}"
            else:
                kind = "events" if counted["event"] else "jobs"
                row = f"{kind} handled: {labels.get('type') or labels['name']}"
            found[row] += int(float(counted["count"]))
    return found


def sql(log: Path) -> Counter[str]:
    """Statements of each database and all commits, as PostgreSQL has logged them."""
    found: Counter[str] = Counter()
    for database, verb in _LOGGED.findall(log.read_bytes()):
        word = verb.decode().upper()
        if word in ("COMMIT", "ROLLBACK"):
            found[f"SQL transactions: {database.decode()}"] += 1
        elif word not in _AROUND:
            found[f"SQL statements: {database.decode()}"] += 1
    return found


@contextmanager
def statements_logged(postgres: Postgres) -> Iterator[None]:
    """PostgreSQL logs each statement with its database, which slows everything down."""
    _set(postgres, log_line_prefix="@%d ", log_statement="all")
    yield
    _set(postgres, log_statement="none")


def _set(postgres: Postgres, **settings: str) -> None:
    changes = [f"ALTER SYSTEM SET {name} = '{value}'" for name, value in settings.items()]
    superuser.execute(postgres, *changes, "SELECT pg_reload_conf()")
    time.sleep(0.5)  # each of its processes hears of it by a signal
