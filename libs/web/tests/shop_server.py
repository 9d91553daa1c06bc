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


def main(port: str, folder: Path) -> None:
    share_between_processes(folder / "metrics")
    from flask import Flask

    from libs.operations.context import current
    from libs.testing import AnyToken, shop
    from libs.web import serve
    from libs.web.server import Server

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
            "DRAIN_S": os.environ.get("DRAIN_S", "0"),
        },
    )
    Server(create_app, settings).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
