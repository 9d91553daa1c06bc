"""All services as one process (tools/together) instead of two for each."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping

from tools.dev.catalog import Service
from tools.dev.environment import Role, common_environment
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.units import Command

NAME = "together"


def unit(
    places: Places,
    names: Iterable[str],
    ports: Mapping[str, int],
    environment: Callable[[str, Role], Mapping[str, str]],
) -> Command:
    """The process. `environment` is asked when it starts, for all that a service can be told."""
    names = tuple(names)
    # It holds passwords: a folder that is its owner's alone.
    file = places.secrets / "together.json"

    def told() -> Mapping[str, str]:
        text = json.dumps({name: dict(environment(name, "worker")) for name in names})
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(text)
        return common_environment(places)

    return Command(
        lambda: [sys.executable, "-m", "tools.together", str(file)],
        folder=places.root,
        environment=told,
        log=places.log(NAME),
        # It takes requests on all ports at once, when all its workers have begun.
        ready_url=f"http://{HOST}:{ports[f'{names[0]}.web']}/readyz",
    )


def units_of(name: str, services: Iterable[Service]) -> list[str]:
    """The units that this one stands for: itself, or the roles of every service."""
    if name != NAME:
        return [name]
    return [f"{service.name}.{role}" for service in services for role in service.roles]
