"""Leads every unit of a running shop to its neighbours and servers through the fault proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from tools.faults.proxies import Proxies

_SERVERS = {
    "DATABASE_URL": "postgres",
    "QUEUE_URL": "valkey_queue",
    "CACHE_URL": "valkey_cache",
    "SMTP_URL": "mail",
    "PROVIDER_URL": "provider",
}
_PEER = re.compile(r"PEER_(\w+)_URL")


def through(proxies: Proxies, unit: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What the unit is told, with each address replaced by one that leads there through an edge of
    its own: `orders.web->catalog.web`, `orders.worker->postgres`. An edge outlives restarts of both."""
    told = dict(environment)
    for variable, whom in _addresses(environment):
        url = urlsplit(environment[variable])
        if url.port is None:
            continue
        edge = f"{unit}->{whom}"
        port = proxies.port(edge) if edge in proxies.edges else proxies.open(edge, url.port)
        told[variable] = url._replace(netloc=_with_port(url.netloc, port)).geturl()
    return told


def _addresses(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable in environment:
        if variable in _SERVERS:
            yield variable, _SERVERS[variable]
        elif match := _PEER.fullmatch(variable):
            yield variable, f"{match[1].lower()}.web"


def _with_port(netloc: str, port: int) -> str:
    return f"{netloc.rpartition(':')[0]}:{port}"
