"""The catalog service as a program: `main.py web|worker|migrate|healthy|parked|requeue`, and
`main.py import FILE`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from libs.config import load
from libs.runtime import Program, main
from services.catalog.config import CatalogSettings

if TYPE_CHECKING:
    from flask import Flask

    from libs.messaging import Worker


def app() -> Flask:
    from services.catalog.app import create_app

    return create_app()


def worker() -> Worker:
    from libs.messaging import Worker
    from services.catalog.consumers import consumers
    from services.catalog.deps import from_environment
    from services.catalog.jobs import jobs

    deps = from_environment()
    deps.peers.check("services.catalog")
    return Worker(
        deps.messages,
        deps,
        consumers=consumers,
        jobs=jobs,
        feed_of=deps.peers.feed_of,
        job_threads=load(CatalogSettings).worker_threads,
    )


program = Program(name="catalog", settings=CatalogSettings, app=app, worker=worker)

if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        from services.catalog.command import import_files

        sys.exit(import_files(sys.argv[2:]))
    sys.exit(main(program))
