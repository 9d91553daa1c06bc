"""The ports of a run: the documented ones, or others where those are taken."""

from collections.abc import Iterable, Mapping

import psutil

from libs.servers import free_port, is_free
from tools.dev import provider
from tools.dev.catalog import WORKER_OFFSET, Service
from tools.dev.errors import Refusal

HOST = "127.0.0.1"
SERVERS = {
    "mail": 8006,
    "postgres": 8010,
    "valkey_queue": 8011,
    "valkey_cache": 8012,
    "smtp": 8014,
}


def wanted_ports(services: Iterable[Service]) -> dict[str, int]:
    """The documented port of everything that listens: `users.web`, `users.worker`, `postgres`."""
    services = tuple(services)
    ports = SERVERS | provider.ports(services)
    for service in services:
        ports[f"{service.name}.web"] = service.port
        if service.has_database:
            ports[f"{service.name}.worker"] = service.port + WORKER_OFFSET
    for port in ports.values():
        twice = [name for name, other in ports.items() if other == port]
        if len(twice) > 1:
            raise Refusal(
                f"port {port} is meant for both {' and '.join(twice)};"
                " change service(port=...) in a BUILD file"
            )
    return ports


def require_free(ports: Mapping[str, int]) -> None:
    """Raises Refusal naming each taken port and who has it."""
    taken = {name: port for name, port in ports.items() if not is_free(port)}
    if not taken:
        return
    holders = _holders()
    sentences = [
        f"port {port} ({name}) is taken by {holders.get(port, 'a process of another user')}"
        for name, port in taken.items()
    ]
    raise Refusal(f"{'; '.join(sentences)}. Stop it, or choose others with ./dev up --ports auto")


def avoid_taken(ports: Mapping[str, int]) -> dict[str, int]:
    """The same ports where they are free, elsewhere the next free one in steps of 1000, which
    keeps them recognisable: 9001 for 8001."""
    chosen: dict[str, int] = {}
    for name, port in ports.items():
        near = [port, *range(port + 1000, 32_000, 1000)]
        free = (p for p in near if p not in chosen.values() and is_free(p))
        chosen[name] = next(free, 0) or free_port()
    return chosen


def any_free(names: Iterable[str]) -> dict[str, int]:
    """A free port for each, no two the same."""
    chosen: dict[str, int] = {}
    for name in names:
        while (port := free_port()) in chosen.values():
            pass
        chosen[name] = port
    return chosen


def _holders() -> dict[int, str]:
    """Listening ports and who listens, as far as this user may see."""
    holders: dict[int, str] = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return holders
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
            try:
                name = psutil.Process(connection.pid).name()
            except psutil.Error:
                name = "a process"
            holders[connection.laddr.port] = f"{name} (pid {connection.pid})"
    return holders
