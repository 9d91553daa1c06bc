"""`python -m tools.together ENVIRONMENTS`: all services in one process, each on its own port."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from libs.config import ConfigurationError
from libs.operations.context import current
from libs.telemetry import logs
from libs.web.server import Server
from tools.together.by_port import ByPort
from tools.together.part import Environment, Part, parts_of
from tools.together.workers import Workers

# Requests are given 25 s to end, as everywhere; then the workers.
_DRAIN_S = 10.0
_FILE: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.together",
        description="All services in one process, each on its own port, until SIGTERM.",
        epilog='for example, ENVIRONMENTS holds {"users": {"HTTP_BIND": "127.0.0.1:8001", ...}, ...}',
    )
    parser.add_argument(
        "environments", type=Path, help="JSON: each service's variables (deploy/README.md) by name"
    )
    file = parser.parse_args().environments
    try:
        environments = _read(file)
        _set_up_logs(environments)
        run(parts_of(environments))
    except (ConfigurationError, ValueError, OSError) as error:
        print(f"together: {error}", file=sys.stderr)
        return 1
    return 0


def run(parts: tuple[Part, ...]) -> None:
    """Serve until SIGTERM."""
    app = ByPort({part.port: part.app for part in parts})
    workers = Workers(parts, _DRAIN_S)
    Server(
        lambda: app,
        parts[0].settings,
        bind=[part.settings.http_bind for part in parts],
        workers=1,
        threads=sum(part.settings.web_threads for part in parts),
        post_worker_init=workers.start,
        worker_exit=workers.stop,
    ).run()


def _read(file: Path) -> dict[str, Environment]:
    """Each service's variables, with what it takes to run at all from our own environment. Raises
    ValueError for a file that is something else."""
    try:
        given = _FILE.validate_json(file.read_bytes())
    except ValidationError as error:
        raise ValueError(
            f'{file} must be JSON such as {{"users": {{"HTTP_BIND": "127.0.0.1:8001"}}}}:'
            f" {error.errors(include_input=False, include_url=False)[0]['msg']}"
        ) from None
    if not given:
        raise ValueError(f"{file} names no service")
    return {name: {**os.environ, **variables} for name, variables in given.items()}


def _set_up_logs(environments: dict[str, Environment]) -> None:
    def trace_id() -> str | None:
        context = current()
        return context.trace.trace_id if context else None

    one = next(iter(environments.values()))
    as_json = one.get("LOG_FORMAT", "json") == "json"
    logs.set_up("together", level=one.get("LOG_LEVEL", "info"), as_json=as_json, trace_id=trace_id)


if __name__ == "__main__":
    sys.exit(main())
