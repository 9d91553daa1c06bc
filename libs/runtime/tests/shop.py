"""A service as a program, with a worker that does nothing: `shop.py web|worker|healthy`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from libs.config import Settings
from libs.runtime import Program, main

if TYPE_CHECKING:
    from flask import Flask

    from libs.messaging import Worker


class Idle:
    """Stands in for a worker; whether it is well, a file says."""

    def start(self) -> None:
        """Nothing."""

    def stop(self, drain_s: float) -> None:
        """Nothing."""

    def healthy(self) -> None:
        """Raises Unavailable while the file `ill` is there."""
        from libs.operations.errors import Unavailable

        if Path(os.environ["RUN_DIR"], "ill").exists():
            raise Unavailable("worker", "it is ill")


def app() -> Flask:
    from flask import Flask

    from libs.operations.envelope import Nobody
    from libs.testing import shop
    from libs.web import serve

    made = Flask("shop")
    serve(made, shop.page, shop.routes, shop.World(), access=Nobody())
    return made


def worker() -> Worker:
    from libs.access.keys import load_private

    load_private(Path(os.environ["SERVICE_KEY_FILE"]))
    return cast("Worker", Idle())


if __name__ == "__main__":
    sys.exit(main(Program(name="shop", settings=Settings, app=app, worker=worker)))
