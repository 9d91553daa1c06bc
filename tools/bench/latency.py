"""How long a committed event waits for its handler, and a noted job for its start.

Real PostgreSQL and Valkey. The publisher is this process, the worker a second one. It reads the feed
from the database, so the producer's HTTP is not in the numbers. After each idle pause one
transaction publishes an event and notes a job; its own time is in the numbers.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from threading import Timer
from types import FrameType

from contracts.core import Event, Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.db import Database, migrate
from libs.messaging import Job, Messages, Tx, Worker, feed
from libs.servers import Postgres, Valkey, provision
from tools.bench.tables import Report

AT_MOST_MS = 15.0


class Rung(Event, name="bench.rung.v1", key="number"):
    """Published and timed."""

    number: int
    at_s: float


class Answer(Job, name="bench.answer"):
    """Noted and timed."""

    at_s: float


def measure(*, rounds: int = 15, idle_s: float = 4.0) -> Report:
    """p50 and p95 in milliseconds, after idleness."""
    report = Report(
        "latency",
        f"Milliseconds from before the commit to the handler's start, {rounds} rounds after "
        f"{idle_s:g} s of idleness",
        ("", "p50", "p95", "longest"),
    )
    for kind, waited in _waited(rounds, idle_s).items():
        waited.sort()
        p50, p95 = median(waited), waited[round(0.95 * (len(waited) - 1))]
        report.row(kind, f"{p50:.1f}", f"{p95:.1f}", f"{waited[-1]:.1f}")
        report.target(f"{kind}: p50, ms", p50, AT_MOST_MS)
    return report


def _waited(rounds: int, idle_s: float) -> dict[str, list[float]]:
    with Postgres() as postgres, Valkey() as valkey:
        password = secrets.token_urlsafe(16)
        made = provision(postgres, "bench", owner_password=password, app_password=password)
        migrate("bench", made.owner_url)
        command = [sys.executable, "-m", __spec__.name, made.app_url, valkey.url]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as worker:
            assert worker.stdout is not None
            # What is lost would be waited for forever: then the next line is empty, an error.
            patience = Timer(60 + rounds * (idle_s + 5), worker.kill)
            patience.daemon = True
            patience.start()
            messages = Messages("bench", Database(made.app_url, service="bench"), valkey.url)
            worker.stdout.readline()
            waited: dict[str, list[float]] = {"event": [], "job": []}
            for number in range(-2, rounds):  # the first two warm up
                time.sleep(idle_s if number >= 0 else 1)
                at_s = time.monotonic()
                with messages.transaction() as tx:
                    tx.publish(Rung(number=number, at_s=at_s))
                    tx.later(Answer(at_s=at_s))
                for _ in range(2):
                    kind, seconds = worker.stdout.readline().split()
                    if number >= 0:
                        waited[kind].append(float(seconds) * 1000)
            patience.cancel()
            worker.send_signal(signal.SIGTERM)
    return waited


def work(url: str, queue_url: str) -> int:
    """The worker: reads its own feed and prints how old things are when their handler begins."""
    database = Database(url, service="bench", pool_size=16)

    def fetch(request: ReadFeed) -> Page[CloudEvent]:
        with database.transaction() as session:
            return feed.read(session, "bench", request)

    def heard(event: Rung, tx: Tx, _: None) -> None:
        print("event", time.monotonic() - event.at_s, flush=True)

    def answered(job: Answer, _: None) -> None:
        print("job", time.monotonic() - job.at_s, flush=True)

    worker = Worker(
        Messages("bench", database, queue_url),
        None,
        consumers=[Rung.handled_by(heard)],
        jobs=[Answer.handled_by(answered)],
        feed_of=lambda _: fetch,
    )
    worker.start()
    database.ready()
    time.sleep(2)
    print("ready", flush=True)

    def end(_: int, __: FrameType | None) -> None:
        worker.stop(10)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(work(*sys.argv[1:]))
