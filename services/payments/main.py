"""The payments service as a program: `main.py web|worker|migrate|healthy|parked|requeue`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from libs.config import load
from libs.runtime import Program, main
from services.payments.config import PaymentsSettings

if TYPE_CHECKING:
    from flask import Flask

    from libs.messaging import Worker


def app() -> Flask:
    from services.payments.app import create_app

    return create_app()


def worker() -> Worker:
    from libs.messaging import Worker
    from services.payments.consumers import consumers
    from services.payments.deps import from_environment
    from services.payments.jobs import jobs

    deps = from_environment()
    deps.peers.check("services.payments")
    return Worker(
        deps.messages,
        deps,
        consumers=consumers,
        jobs=jobs,
        feed_of=deps.peers.feed_of,
        job_threads=load(PaymentsSettings).worker_threads,
    )


program = Program(name="payments", settings=PaymentsSettings, app=app, worker=worker)

if __name__ == "__main__":
    sys.exit(main(program))
