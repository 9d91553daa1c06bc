"""The users service as a program: `main.py web|worker|migrate|healthy|parked|requeue`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from libs.runtime import Program, main
from services.users.config import UsersSettings

if TYPE_CHECKING:
    from flask import Flask

    from libs.messaging import Worker


def app() -> Flask:
    from services.users.app import create_app

    return create_app()


def worker() -> Worker:
    from libs.messaging import Worker
    from services.users.deps import from_environment

    deps = from_environment()
    deps.peers.check("services.users")
    return Worker(deps.messages, deps)


program = Program(name="users", settings=UsersSettings, app=app, worker=worker)

if __name__ == "__main__":
    sys.exit(main(program))
