"""How long a committed event waits for its handler, and a noted job for its start.

    python -m tools.bench.latency [ROUNDS] [IDLE_SECONDS]

Real PostgreSQL and Valkey. The publisher is this process, the worker a second one. A feed is read
through gunicorn-less dispatch, so the neighbour's HTTP (about 2 ms) is not in the numbers; after
each idle pause one transaction publishes an event and notes a job.
"""

from __future__ import annotations

import secrets
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from sqlalchemy import text

from contracts.core import Event, Page
from contracts.core.feed import CloudEvent, ReadFeed
from libs.db import Database, migrate
from libs.messaging import Job, Messages, Tx, Worker, feed
from libs.servers import Postgres, Valkey, provision


class Rung(Event, name="bench.rung.v1", key="number"):
    """Published and timed."""

    number: int
    at_s: float


class Answer(Job, name="bench.answer"):
    """Noted and timed."""

    at_s: float


def main(arguments: Sequence[str]) -> int:
    """Prints p50 and p95 in milliseconds."""
    if arguments[:1] == ["worker"]:
        return work(*arguments[1:])
    rounds = int(arguments[0]) if arguments else 15
    idle_s = float(arguments[1]) if len(arguments) > 1 else 4.0
    with Postgres() as postgres, Valkey() as valkey:
        password = secrets.token_urlsafe(16)
        made = provision(postgres, "bench", owner_password=password, app_password=password)
        migrate("bench", made.owner_url)
        command = [sys.executable, "-m", __spec__.name, "worker", made.app_url, valkey.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
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
            worker.send_signal(signal.SIGTERM)
    for kind, milliseconds in waited.items():
        milliseconds.sort()
        p95 = milliseconds[round(0.95 * (len(milliseconds) - 1))]
        print(
            f"{kind:5} {rounds} rounds after {idle_s:g} s of idleness: from before the commit to"
            f" the handler p50 {statistics.median(milliseconds):.1f} ms, p95 {p95:.1f} ms"
        )
    return 0


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
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
    time.sleep(2)
    print("ready", flush=True)

    def end(_: int, __: FrameType | None) -> None:
        worker.stop(10)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
