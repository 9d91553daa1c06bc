"""The shop of libs/testing under the real server, as a program: `shop_server.py PORT FOLDER`.

Words that are asked can do things: `sleep 0.5`, `bug TEXT`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from libs.config import Settings, load
from libs.telemetry import logs
from libs.telemetry.shared_metrics import share_between_processes

KEYS = "/nowhere"
# What a test may say in the environment; ARRIVE_S is how long a request may take to arrive, PATIENCE_S
# how long it waits for a thread, KEEP_S how long a connection may idle, and CONNECTIONS how many a
# process has.
TOLD = ("WEB_WORKERS", "WEB_THREADS", "DRAIN_S")


def main(port: str, folder: Path) -> None:
    share_between_processes(folder / "metrics")
    from flask import Flask, request

    from libs.operations.context import current
    from libs.testing import AnyToken, shop
    from libs.web import connections, event_loop, serve
    from libs.web.server import Server

    if "ARRIVE_S" in os.environ:
        for module in (connections, event_loop):
            setattr(module, "ARRIVE_S", float(os.environ["ARRIVE_S"]))  # noqa: B010  # for mypy
    if "PATIENCE_S" in os.environ:
        setattr(event_loop, "PATIENCE_S", float(os.environ["PATIENCE_S"]))  # noqa: B010  # for mypy

    def trace_id() -> str | None:
        context = current()
        return context.trace.trace_id if context else None

    logs.set_up("shop", trace_id=trace_id)

    def answer(words: str) -> shop.Greeting:
        verb, _, rest = words.partition(" ")
        if verb == "sleep":
            time.sleep(float(rest))
        elif verb == "bug":
            raise ValueError(f"{rest} broke postgresql://app:hunter2hunter2@db/shop")
        return shop.Greeting(words=words)

    def create_app() -> Flask:
        app = Flask("shop")
        world = shop.World(answer=answer)
        serve(app, shop.page, shop.routes, world, access=AnyToken())

        def feed() -> tuple[str, int]:
            time.sleep(float(request.args["sleep"]))
            return "", 204

        app.add_url_rule("/feed", view_func=feed)
        return app

    settings = load(
        Settings,
        {
            "DATABASE_URL": "postgresql://nowhere/shop",
            "QUEUE_URL": "redis://nowhere",
            "CACHE_URL": "redis://nowhere",
            "SERVICE_KEY_FILE": KEYS,
            "SERVICE_KEYS_DIR": KEYS,
            "HTTP_BIND": f"127.0.0.1:{port}",
            "DRAIN_S": "0",
            **{name: os.environ[name] for name in TOLD if name in os.environ},
        },
    )
    Server(
        create_app,
        settings,
        worker_connections=int(os.environ.get("CONNECTIONS", "512")),
        keepalive=int(os.environ.get("KEEP_S", "75")),
    ).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
