"""PSS of each process of the services: its own memory, and its share of what it shares."""

from __future__ import annotations

import psutil

from tools.bench import shop
from tools.bench.tables import Report

WEB_MB, WORKER_MB = 70.0, 60.0


def measure() -> Report:
    """Web (master and two workers) and worker of each service, after a few requests and mails."""
    report = Report(
        "memory",
        "PSS in MB of processes as started from source, after some requests and mails",
        ("", "in sum", "by process (the master first)", "threads"),
    )
    with shop.running() as processes:
        for (service, role), process in processes.items():
            tree = _tree(process.pid)
            sizes = [one.memory_full_info().pss / 1e6 for one in tree]
            threads = " ".join(str(one.num_threads()) for one in tree)
            each = " + ".join(f"{size:.0f}" for size in sizes)
            report.row(f"{service} {role}", f"{sum(sizes):.0f}", each, threads)
            most = WEB_MB if role == "web" else WORKER_MB
            report.target(f"{service} {role}, MB", sum(sizes), most)
    return report


def _tree(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
